import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTidy } from '../check-tidy.ts'
import { createRepository, type RepositoryFiles } from './temporary-repository.ts'

const line = '// a line\n'
const doc = '/** Says what it is. */\n'
const pack: RepositoryFiles = {
  'packages/core/package.json': { exports: './src/index.ts' },
  'packages/core/README.md': '# core\n',
  'packages/core/test/index.test.ts': '',
}
const machine = (path: string): string => ['', ...path.split(' ')].join('/')

const good: [what: string, files: RepositoryFiles][] = [
  ['a documented export', { ...pack, 'packages/core/src/index.ts': `${doc}export const a = 1\n` }],
  [
    'overloads with one docstring',
    {
      ...pack,
      'packages/core/src/index.ts': `${doc}export function f(a: 1): 1\nexport function f(a: 2): 2\nexport function f(a: unknown): unknown {\n  return a\n}\n`,
    },
  ],
  ['a package without code', { 'packages/core/package.json': { exports: './src/index.ts' } }],
  [
    'a long file with a reason',
    {
      'tools/long.ts': `// Over 500 lines: the whole table of opcodes is read and compared in one go.\n\nexport const a = 1\n${line.repeat(600)}`,
    },
  ],
  ['an open task with an issue', { 'tools/a.ts': '// TODO(#12): measure\nexport const a = 1\n' }],
  ['a word in code', { 'tools/a.ts': "export const a = 'TODO'\n" }],
  [
    'usual names',
    {
      'README.md': 'a\n',
      'docs/adr/0001-one-key.md': 'a\n',
      'tools/a-b.config.ts': line,
      'examples/h/src/my_lib.rs': line,
    },
  ],
  ['URLs and relative paths', { 'docs/a.md': 'https://a.org/work/b ./work/a packages/root/x\n' }],
  ['vectors as they came', { 'packages/core/test/vectors/A_B.json': '{} \n' }],
  ['a generated directory', { 'packages/core/.cache/A_B.ts': ' \n', 'node_modules/a/A_B.ts': ' \n' }],
  ['a lockfile without hosts', { 'package-lock.json': '{ "resolved": "packages/core", "link": true }\n' }],
]
for (const [what, files] of good) {
  test(`checkTidy() accepts ${what}`, () => {
    using repository = createRepository(files)
    assert.deepEqual(checkTidy(repository.root).findings, [])
  })
}

const bad: [file: string, text: string, rule: string, line?: number][] = [
  ['packages/core/src/index.ts', 'export const a = 1\n', 'docstring', 1],
  ['packages/core/src/index.ts', `${doc}\nconst b = 1\nexport const a = b\n`, 'docstring', 4],
  ['packages/core/src/index.ts', '// not a docstring\nexport const a = 1\n', 'docstring', 2],
  ['packages/core/src/index.ts', "export * from './a.ts'\n", 'export-all'],
  ['tools/long.ts', line.repeat(501), 'file-length'],
  ['tools/long.ts', `// Over 500 lines: long\n${'f()\n'.repeat(501)}`, 'file-length'],
  ['tools/a.ts', '\n/*\n * TODO measure\n */\n', 'open-task', 3],
  ['tools/a.ts', '// FIXME: later\n', 'open-task', 1],
  ['tools/a.ts', `${line}const a = 1 \n`, 'trailing-space', 2],
  ['docs/a.md', 'a\r\n', 'trailing-space', 1],
  ['docs/a.md', `see ${machine('work main')}\n`, 'machine-path', 1],
  ['docs/a.md', `see ${machine('root a')}\n`, 'machine-path', 1],
  ['docs/a.md', `see \`${machine('home ada project')}\`\n`, 'machine-path', 1],
  ['docs/a.md', `a\nsee ${machine('Users ada project')}\n`, 'machine-path', 2],
  ['docs/a.md', 'no end', 'final-newline'],
  ['package-lock.json', '{\n"resolved": "https://registry.example/a.tgz" }\n', 'registry-host', 2],
  ['tools/someFile.ts', line, 'kebab-case'],
  ['tools/some_file.ts', line, 'kebab-case'],
  ['docs/Guide.md', line, 'kebab-case'],
  ['tools/someDirectory/a.ts', line, 'kebab-case'],
  ['packages/core/src/a.test.ts', '', 'test-is-run'],
  ['benchmarks/a.test.ts', '', 'test-is-run'],
]
for (const [file, text, rule, at] of bad) {
  test(`checkTidy() reports ${rule} in ${file}: ${JSON.stringify(text.slice(0, 40))}`, () => {
    const files = file.startsWith('packages/core/') ? { ...pack, [file]: text } : { [file]: text }
    using repository = createRepository(files)
    assert.deepEqual(
      checkTidy(repository.root).findings.map((found) => [found.file, found.rule, found.line, found.severity]),
      [[file, rule, at, 'error']],
    )
  })
}

const warned: [file: string, text: string, rule: string][] = [
  ['tools/a.ts', line.repeat(301), 'file-length'],
  ['tools/a.ts', `export function long(): void {\n${'  // a line\n'.repeat(70)}}\n`, 'function-length'],
]
for (const [file, text, rule] of warned) {
  test(`checkTidy() warns of ${rule}`, () => {
    using repository = createRepository({ [file]: text })
    assert.deepEqual(
      checkTidy(repository.root).findings.map((found) => [found.file, found.rule, found.severity]),
      [[file, rule, 'warning']],
    )
  })
}

for (const [missing, message] of [
  ['packages/core/README.md', 'README.md is missing'],
  ['packages/core/test/index.test.ts', 'there is no test'],
]) {
  test(`checkTidy() reports a package without ${missing}`, () => {
    const files = { ...pack, 'packages/core/src/index.ts': `${doc}export const a = 1\n` }
    using repository = createRepository(Object.fromEntries(Object.entries(files).filter(([path]) => path !== missing)))
    assert.deepEqual(
      checkTidy(repository.root).findings.map((found) => found.message),
      [message],
    )
  })
}

test('checkTidy() reports a package without exports', () => {
  using repository = createRepository({ 'packages/core/package.json': {} })
  assert.deepEqual(
    checkTidy(repository.root).findings.map((found) => found.message),
    ['"exports" is missing'],
  )
})
