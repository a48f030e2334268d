import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkProjects, findProjects, writeReferences } from '../check-projects.ts'
import { createRepository, type RepositoryFiles } from './temporary-repository.ts'

const files: RepositoryFiles = {
  'tsconfig.json': { files: [], references: [{ path: 'packages/core' }, { path: 'packages/gone' }] },
  'packages/core/package.json': {},
  'packages/core/tsconfig.json': {},
  'packages/core/src/index.ts': '',
  'packages/core/test/tsconfig.json': {},
  'packages/core/test/index.test.ts': '',
  'packages/core/bench/codec.bench.ts': '',
  'tests/e2e/up.test.ts': '',
  'tools/tsconfig.json': {},
}

test('findProjects() finds projects and TypeScript without one', () => {
  using repository = createRepository(files)
  assert.deepEqual(findProjects(repository.root), {
    references: ['packages/core', 'packages/core/test', 'tools'],
    missing: ['packages/core/bench', 'tests'],
  })
})

test('checkProjects() reports what the types check would miss', () => {
  using repository = createRepository(files)
  const messages = checkProjects(repository.root).map(({ file, message }) => `${file} ${message}`)
  assert.equal(messages.length, 5)
  assert.match(messages[0] ?? '', /^packages\/core\/bench has TypeScript but no tsconfig/)
  assert.match(messages[1] ?? '', /^tests has TypeScript but no tsconfig/)
  assert.match(messages[2] ?? '', /does not reference "packages\/core\/test"/)
  assert.match(messages[3] ?? '', /does not reference "tools"/)
  assert.match(messages[4] ?? '', /references "packages\/gone"/)
})

test('writeReferences() repairs the root', () => {
  using repository = createRepository(files)
  writeReferences(repository.root)
  repository.write({ 'packages/core/bench/tsconfig.json': {}, 'tests/tsconfig.json': {} })
  writeReferences(repository.root)
  assert.deepEqual(checkProjects(repository.root), [])
})
