import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeArguments, parseArguments, selectFiles } from '../test.ts'

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
