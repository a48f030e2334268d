import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIpfsCommand } from '../../../src/host/ipfs/ipfs-command.ts'
import { normalizePath, rootOf } from '../../../src/host/ipfs/ipfs-path.ts'
import { optionsOf } from './files-scenario.ts'

const ROOT = '/blockless/bafyone'
/** Paths made of what could lead elsewhere. */
const paths = fc
  .array(
    fc.oneof(
      fc.constantFrom('..', '.', '', '/', '//', 'ipfs', 'blockless', 'bafyother', '%2e%2e', '\\..'),
      fc.string(),
    ),
  )
  .map((parts) => `/${parts.join('/')}`)

test('parseIpfsCommand() keeps every path of a guest below its root, or below /ipfs/ where it may read content', () => {
  const apis = fc.constantFrom('files/ls', 'files/mkdir', 'files/rm', 'files/stat', 'files/read', 'files/write')
  fc.assert(
    fc.property(apis, paths, (api, path) => {
      const command = parseIpfsCommand(optionsOf(api, ['arg', path]), ROOT)
      if (typeof command === 'string') return
      const [sent = ''] = command.query.getAll('arg')
      assert.ok(
        sent === ROOT || sent.startsWith(`${ROOT}/`) || (api === 'files/stat' && sent.startsWith('/ipfs/')),
        sent,
      )
      assert.ok(
        sent.split('/').every((part) => part !== '..' && part !== '.'),
        sent,
      )
    }),
  )
})

test('parseIpfsCommand() keeps the target of a copy below the root', () => {
  fc.assert(
    fc.property(paths, paths, (source, target) => {
      const command = parseIpfsCommand(optionsOf('files/cp', ['arg', source], ['arg', target]), ROOT)
      if (typeof command === 'string') return
      const [from = '', to = ''] = command.query.getAll('arg')
      assert.ok(from === ROOT || from.startsWith(`${ROOT}/`) || from.startsWith('/ipfs/'), from)
      assert.ok(to === ROOT || to.startsWith(`${ROOT}/`), to)
    }),
  )
})

test('parseIpfsCommand() keeps the slash that makes a copy go into a folder', () => {
  for (const [target, expected] of [
    ['/', `${ROOT}/`],
    ['/a/', `${ROOT}/a/`],
    ['/a', `${ROOT}/a`],
  ] as const) {
    const command = parseIpfsCommand(optionsOf('files/cp', ['arg', '/x'], ['arg', target]), ROOT)
    assert.ok(typeof command !== 'string')
    assert.deepEqual(command.query.getAll('arg'), [`${ROOT}/x`, expected])
  }
  const shared = parseIpfsCommand(optionsOf('files/cp', ['arg', '/x'], ['arg', '/']), '/')
  assert.ok(typeof shared !== 'string')
  assert.deepEqual(shared.query.getAll('arg'), ['/x', '/'])
})

test('parseIpfsCommand() reads any text without throwing', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseIpfsCommand(text, ROOT)))
})

test('parseIpfsCommand() sends the options that a command has and no other', () => {
  const options = optionsOf(
    'files/write',
    ['arg', '/a'],
    ['create', true],
    ['flush', false],
    ['api', 'x'],
    ['offset', 3],
  )
  const command = parseIpfsCommand(options, ROOT)
  assert.ok(typeof command !== 'string')
  assert.equal(command.query.toString(), 'arg=%2Fblockless%2Fbafyone%2Fa&create=true&offset=3')
})

test('normalizePath() resolves a path as the root of a file system does', () => {
  const cases: readonly (readonly [path: string, expected: string | undefined])[] = [
    ['/', '/'],
    ['/..', '/'],
    ['/a/../../b/./c//', '/b/c'],
    ['/...', '/...'],
    ['', undefined],
    ['a', undefined],
    ['/a\0', undefined],
    [`/${'a'.repeat(5000)}`, undefined],
  ]
  for (const [path, expected] of cases) assert.equal(normalizePath(path), expected, path)
})

test('rootOf() gives every function its own folder', () => {
  assert.equal(rootOf('/blockless/{function}', 'bafy1'), '/blockless/bafy1')
  assert.equal(rootOf('/', 'bafy1'), '/')
  const odd = rootOf('/blockless/{function}', '../bafy1')
  assert.match(odd, /^\/blockless\/[0-9a-f]{64}$/)
  assert.notEqual(odd, rootOf('/blockless/{function}', 'x/../bafy1'))
})
