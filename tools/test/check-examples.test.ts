import assert from 'node:assert/strict'
import { copyFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { extractFromMarkdown, extractFromSource, findExamples } from '../examples/extract.ts'
import { runExamples } from '../examples/run.ts'
import { REPOSITORY_ROOT } from '../repository/files.ts'
import { createRepository, type TemporaryRepository } from './temporary-repository.ts'

const fence = '```'

/** A docstring over an export, with an example that starts on the fourth line. */
function documented(...code: string[]): string {
  const lines = [' * Doubles.', ' *', ` * ${fence}ts`, ...code.map((line) => ` * ${line}`), ` * ${fence}`]
  return `/**\n${lines.join('\n')}\n */\nexport const double = (n: number): number => 2 * n\n`
}

function createPackage(source: string, readme = ''): TemporaryRepository {
  const repository = createRepository({
    'package.json': { type: 'module' },
    'packages/demo/package.json': { type: 'module' },
    'packages/demo/src/double.ts': source,
    'packages/demo/README.md': readme,
  })
  symlinkSync(join(REPOSITORY_ROOT, 'node_modules'), join(repository.root, 'node_modules'), 'junction')
  copyFileSync(join(REPOSITORY_ROOT, 'tsconfig.base.json'), join(repository.root, 'tsconfig.base.json'))
  return repository
}

test('extractFromSource() takes plain ts fences of docstrings', () => {
  const text = documented('const a = 1', '  a + 1')
  assert.deepEqual(extractFromSource('a.ts', text), [{ file: 'a.ts', line: 4, code: 'const a = 1\n  a + 1' }])
})

test('extractFromSource() leaves other comments and other fences alone', () => {
  const other = `/** Takes ${fence}ts in a line */\n/**\n * ${fence}ts ignore\n * a\n * ${fence}\n * ${fence}js\n * b\n * ${fence}\n */\n`
  assert.deepEqual(extractFromSource('a.ts', `// ${fence}ts\n// a\n// ${fence}\n${other}`), [])
})

test('extractFromMarkdown() takes off the indent of a list', () => {
  const text = `- so:\n  ${fence}ts\n  if (a) {\n    b()\n  }\n  ${fence}\n`
  assert.deepEqual(extractFromMarkdown('README.md', text), [{ file: 'README.md', line: 2, code: 'if (a) {\n  b()\n}' }])
})

test('extractFromMarkdown() throws on a fence without an end', () => {
  assert.throws(() => extractFromMarkdown('README.md', `a\n${fence}ts\nb\n`), /README\.md:2: the fence is never closed/)
})

test('runExamples() passes examples that hold, with relative and package imports', async () => {
  using repository = createPackage(
    documented("import { double } from './double.ts'", 'assert.equal(double(2), 4)'),
    `${fence}ts\nimport assert from 'node:assert/strict'\nimport fc from 'fast-check'\nassert.ok(fc)\n${fence}\n`,
  )
  const examples = findExamples(repository.root)
  assert.equal(examples.length, 2)
  assert.deepEqual(await runExamples(examples, repository.root), [])
})

const failing: { name: string; code: string[]; line: number; reason: RegExp }[] = [
  { name: 'throws', code: ['const one = 1', '', 'assert.equal(one, 1 + 1)'], line: 7, reason: /^AssertionError/ },
  { name: 'has a wrong type', code: ['const a = 1', 'const text: string = a'], line: 6, reason: /^TS2322/ },
  { name: 'does not parse', code: ['const ='], line: 4, reason: /Unexpected token/ },
  { name: 'rejects', code: ["await Promise.reject(new RangeError('far'))"], line: 5, reason: /RangeError: far/ },
  { name: 'imports what is not there', code: ["import { a } from './absent.ts'", 'a()'], line: 5, reason: /TS2307/ },
  { name: 'exits with an error', code: ['process.exit(3)'], line: 4, reason: /exit code 3/ },
]
for (const { name, code, line, reason } of failing) {
  test(`runExamples() reports file and line of an example that ${name}`, async () => {
    using repository = createPackage(documented(...code))
    const failures = await runExamples(findExamples(repository.root), repository.root)
    assert.equal(failures.length, 1)
    assert.equal(`${failures[0]?.file}:${failures[0]?.line}`, `packages/demo/src/double.ts:${line}`)
    assert.match(failures[0]?.reason ?? '', reason)
  })
}
