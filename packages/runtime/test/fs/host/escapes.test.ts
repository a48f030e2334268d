import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { link, mkdir, readdir, readFile, rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { parsePath } from '../../../src/fs/host/owner/path-text.ts'
import { CREATE, createTestFolder, failsWith, openDirectory, outcomeOf, READ, textAt, WRITE } from './folder-helpers.ts'

const ways: readonly (readonly [
  name: string,
  links: Readonly<Record<string, string>>,
  path: string,
  outcome: string,
])[] = [
  ['an absolute path', {}, '/etc/passwd', 'perm'],
  ['the parent', {}, '../outside/secret', 'perm'],
  ['the parent from below', {}, 'dir/../../outside/secret', 'perm'],
  ['slashes and dots', {}, './/dir//..//./../outside/secret', 'perm'],
  ['an absolute link', { a: '/etc/passwd' }, 'a', 'perm'],
  ['an absolute link to a directory', { a: '/etc' }, 'a/passwd', 'perm'],
  ['a link up', { a: '../outside/secret' }, 'a', 'perm'],
  ['a link up to a directory', { a: '../outside' }, 'a/secret', 'perm'],
  ['a link up from below', { 'dir/a': '../../outside' }, 'dir/a/secret', 'perm'],
  ['links to links', { a: 'b', b: 'dir/c', 'dir/c': '../d', d: '../outside/secret' }, 'a', 'perm'],
  ['a link and a parent', { a: 'dir' }, 'a/../../outside/secret', 'perm'],
  ['a link to the root of links', { a: '.' }, 'a/a/a/../../outside/secret', 'perm'],
  ['magic links', { a: '/proc/self/cwd' }, 'a/secret', 'perm'],
  ['magic links of the process', { a: '/proc/self/fd/0' }, 'a', 'perm'],
  ['backslashes', {}, 'dir\\..\\..\\outside\\secret', 'noent'],
  ['a drive', {}, 'C:\\outside\\secret', 'noent'],
  ['percent signs', {}, '%2e%2e/outside/secret', 'noent'],
  ['a URL', {}, 'file:///etc/passwd', 'noent'],
  ['a name of three dots', {}, '.../outside/secret', 'noent'],
  ['a NUL', {}, '..\0/outside/secret', 'inval'],
  ['40 links', Object.fromEntries(range(41).map((index) => [`l${index}`, `l${index + 1}`])), 'l0', 'loop'],
  ['links that double', { a: 'b/../b', b: 'c/../c', c: 'a' }, 'a', 'loop'],
]

for (const [name, links, path, outcome] of ways) {
  test(`no way out by ${name}`, async () => {
    await using folder = await createTestFolder()
    const { root, inside, outside } = folder
    await mkdir(join(inside, 'dir'))
    await writeFile(join(outside, 'secret'), 'secret')
    for (const [from, to] of Object.entries(links)) await symlink(to, join(inside, from))
    const calls = [
      () => root.open(path, READ),
      () => root.open(path, { ...WRITE, truncate: true }),
      () => root.statAt(path, true),
      () => root.setTimesAt(path, true, { modifiedNs: 0n }),
    ]
    for (const call of calls) assert.equal(await outcomeOf(call()), outcome)
    for (const call of [
      () => root.open(`${path}.new`, CREATE),
      () => root.createDirectory(`${path}.new/x`),
      () => root.rename('dir', root, `${path}.new/x`),
      () => root.symlink('x', `${path}.new/x`),
    ]) {
      if (outcome === 'perm') assert.notEqual(await outcomeOf(call()), 'undefined')
    }
    assert.deepEqual(await readdir(outside), ['secret'])
    assert.equal(await readFile(join(outside, 'secret'), 'utf8'), 'secret')
    assert.deepEqual((await readdir(folder.base)).sort(), ['inside', 'outside'])
  })
}

function range(count: number): number[] {
  return [...new Array(count).keys()]
}

test('39 links are followed', async () => {
  await using folder = await createTestFolder()
  await writeFile(join(folder.inside, 'l39'), 'end')
  for (const index of range(39)) await symlink(`l${index + 1}`, join(folder.inside, `l${index}`))
  assert.equal(await textAt(folder.root, 'l0'), 'end')
})

test('symlink() makes no link that leads other programs out', async () => {
  await using folder = await createTestFolder()
  const { root } = folder
  await root.createDirectory('dir')
  const dir = await openDirectory(root, 'dir')
  for (const target of ['/etc/passwd', '..', '../outside', 'dir/../../outside']) {
    await assert.rejects(root.symlink(target, 'a'), failsWith('perm'))
  }
  await dir.symlink('../dir', 'allowed')
  await assert.rejects(dir.symlink('../../outside', 'a'), failsWith('perm'))
  await assert.rejects(root.symlink('..', 'dir/../a'), failsWith('perm'))
  assert.deepEqual(await readdir(folder.inside), ['dir'])
})

test('a handle is the top of what it leads to', async () => {
  await using folder = await createTestFolder()
  await folder.root.createDirectory('dir')
  await writeFile(join(folder.inside, 'file'), 'x')
  await symlink('../file', join(folder.inside, 'dir/up'))
  const dir = await openDirectory(folder.root, 'dir')
  assert.equal(await outcomeOf(dir.open('../file', READ)), 'perm')
  assert.equal(await outcomeOf(dir.open('up', READ)), 'perm')
  assert.equal(await textAt(folder.root, 'dir/up'), 'x')
})

test('a directory that is moved out during a walk leads nowhere else', async () => {
  await using folder = await createTestFolder()
  const { root, inside, outside } = folder
  await mkdir(join(inside, 'a/b'), { recursive: true })
  await writeFile(join(outside, 'secret'), 'secret')
  const b = await openDirectory(root, 'a/b')
  await rename(join(inside, 'a'), join(outside, 'a'))
  assert.equal(await outcomeOf(b.open('../../secret', READ)), 'perm')
  assert.equal(await outcomeOf(root.open('a', READ)), 'noent')
  assert.deepEqual(await readdir(outside), ['a', 'secret'])
})

test('a folder whose path becomes a link stays what it was', async () => {
  await using folder = await createTestFolder()
  await writeFile(join(folder.inside, 'mine'), 'mine')
  await writeFile(join(folder.outside, 'mine'), 'secret')
  await rename(folder.inside, join(folder.base, 'moved'))
  await symlink('outside', folder.inside)
  assert.equal(await textAt(folder.root, 'mine'), 'mine')
  await unlink(folder.inside)
})

test('pipes and sockets are refused at once, and links to devices lead nowhere', async () => {
  await using folder = await createTestFolder()
  const { root, inside } = folder
  execFileSync('mkfifo', [join(inside, 'pipe')])
  const server = createServer().listen(join(inside, 'socket'))
  await new Promise((resolve) => server.once('listening', resolve))
  await symlink('/dev/zero', join(inside, 'zero'))
  for (const options of [READ, WRITE, { ...READ, truncate: true }, { ...CREATE, read: false }]) {
    assert.equal(await outcomeOf(root.open('pipe', options)), 'notsup')
    assert.equal(await outcomeOf(root.open('socket', options)), 'notsup')
    assert.equal(await outcomeOf(root.open('zero', options)), 'perm')
  }
  assert.equal((await root.statAt('pipe', true)).type, 0)
  assert.equal((await root.statAt('socket', true)).type, 6)
  server.close()
})

test('a hard link is the file itself: what the operator puts into a folder is part of it', async () => {
  await using folder = await createTestFolder()
  await writeFile(join(folder.outside, 'shared'), 'shared')
  await link(join(folder.outside, 'shared'), join(folder.inside, 'shared'))
  assert.equal(await textAt(folder.root, 'shared'), 'shared')
})

test('parsePath() says when only a directory can be meant', () => {
  const isDirectory = (path: string): boolean => parsePath(path).isDirectory
  assert.deepEqual(['a/', 'a/.', 'a/..', '.', '..', './'].map(isDirectory), new Array(6).fill(true))
  assert.deepEqual(['a', 'a/b', 'a..', '...', 'a/...', '.a'].map(isDirectory), new Array(6).fill(false))
})
