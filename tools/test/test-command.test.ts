import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { nodeArguments, parseArguments, selectFiles } from '../test.ts'
import { createRepository } from './temporary-repository.ts'

const files = ['packages/core/test/codec.test.ts', 'packages/core/test/model/vote.test.ts', 'tests/e2e/up.test.ts']

for (const { args, filters, nodeOptions } of [
  { args: ['packages/core'], filters: ['packages/core'], nodeOptions: [] },
  { args: ['--grep', 'a b'], filters: [], nodeOptions: ['--test-name-pattern=a b'] },
  { args: ['-t=x', 'vote'], filters: ['vote'], nodeOptions: ['--test-name-pattern=x'] },
  { args: ['--only', '--watch'], filters: [], nodeOptions: ['--test-only', '--watch'] },
  { args: ['--test-shard', '1/2'], filters: [], nodeOptions: ['--test-shard=1/2'] },
]) {
  test(`parseArguments() splits ${args.join(' ')}`, () => {
    assert.deepEqual(parseArguments(args), { filters, nodeOptions })
  })
}

test('parseArguments() throws when an option lacks its value', () => {
  assert.throws(() => parseArguments(['--grep']), RangeError)
})

for (const { filters, selected, unmatched } of [
  { filters: [], selected: files, unmatched: [] },
  { filters: ['packages/core/'], selected: files.slice(0, 2), unmatched: [] },
  { filters: ['vote', 'up.test'], selected: files.slice(1), unmatched: [] },
  { filters: ['codec', 'absent'], selected: files.slice(0, 1), unmatched: ['absent'] },
]) {
  test(`selectFiles() keeps what [${filters.join(', ')}] names`, () => {
    assert.deepEqual(selectFiles(files, filters), { selected, unmatched })
  })
}

test('nodeArguments() leaves the reporter and concurrency that the user chose', () => {
  const args = nodeArguments(['--test-reporter=tap', '--test-concurrency=1'], files, false)
  assert.equal(args.filter((arg) => arg.startsWith('--test-reporter')).length, 1)
  assert.equal(args.filter((arg) => arg.startsWith('--test-concurrency')).length, 1)
  assert.deepEqual(args.slice(-files.length), files)
})

test('nodeArguments() takes the spec reporter on a terminal and the compact one elsewhere', () => {
  assert.ok(nodeArguments([], files, true).includes('--test-reporter=spec'))
  assert.ok(nodeArguments([], files, false).some((arg) => arg.endsWith('test-reporter.ts')))
})

test('the compact reporter prints dots, failures in full with what their file printed, and the closing lines', () => {
  using repository = createRepository({
    'good.test.mjs':
      "import { suite, test } from 'node:test'\nsuite('s', () => { test('a'); test('b', { skip: true }) })\n",
    'bad.test.mjs':
      "import { test } from 'node:test'\nconsole.log('a hint')\ntest('c', () => { throw new Error('boom') })\n",
    'crash.test.mjs': "await Promise.reject(new Error('before any test'))\n",
  })
  const reporter = join(import.meta.dirname, '..', 'test-reporter.ts')
  const { NODE_TEST_CONTEXT: _, ...env } = process.env // else the inner runner reports to the outer one
  const args = ['--test', '--test-concurrency=1', `--test-reporter=${reporter}`]
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: repository.root, env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stdout, /^xx\.-\n/)
  assert.match(stdout, /1\) c \(bad\.test\.mjs:3\)\nError: boom\n\s+at [\s\S]*printed by this file:\na hint\n/)
  assert.match(stdout, /2\) [\s\S]*before any test/)
  assert.match(stdout, /ℹ tests 4\n[\s\S]*ℹ pass 1\nℹ fail 2\n[\s\S]*ℹ skipped 1\n/)
})
