import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLayers } from '../check-layers.ts'
import { createRepository, type RepositoryFiles } from './temporary-repository.ts'

const base: RepositoryFiles = {
  'package.json': { devDependencies: { 'fast-check': '1.0.0' } },
  'layers.json': {
    core: { layer: 0 },
    wasm: { layer: 1 },
    storage: { layer: 1 },
    testing: { layer: 1, devOnly: true },
    runtime: { layer: 2 },
  },
  'packages/core/package.json': { exports: { '.': './src/index.ts' } },
  'packages/wasm/package.json': {
    exports: { '.': './src/index.ts', './verify': './src/verify.ts', './codec/*': './src/codec/*.ts' },
    imports: { '#platform': './src/platform.ts' },
    dependencies: { '@blockless/core': '1.0.0', multiformats: '1.0.0' },
    devDependencies: { '@blockless/testing': '1.0.0', wabt: '1.0.0' },
  },
  'packages/storage/package.json': { exports: './src/index.ts' },
  'packages/testing/package.json': { exports: './src/index.ts', dependencies: { '@blockless/core': '1.0.0' } },
  'packages/runtime/package.json': {
    exports: './src/index.ts',
    dependencies: { '@blockless/core': '1.0.0', '@blockless/wasm': '1.0.0' },
  },
  'tests/package.json': { dependencies: { '@blockless/core': '1.0.0' } },
}

const good: [file: string, code: string][] = [
  ['packages/wasm/src/a.ts', "import { b } from './b.ts'"],
  ['packages/wasm/src/a.ts', "import data from './data.json' with { type: 'json' }"],
  ['packages/wasm/src/a.ts', "import { readFile } from 'node:fs/promises'"],
  ['packages/wasm/src/a.ts', "export { Id } from '@blockless/core'"],
  ['packages/wasm/src/a.ts', "import { CID } from 'multiformats/cid'"],
  ['packages/wasm/src/a.ts', "import { x } from '#platform'"],
  ['packages/wasm/src/a.ts', "// import { x } from '@blockless/runtime'"],
  ['packages/wasm/test/a.test.ts', "import { x } from '@blockless/testing'; import fc from 'fast-check'"],
  ['packages/wasm/test/a.test.ts', "import { x } from '../src/a.ts'; import wabt from 'wabt'"],
  [
    'packages/runtime/src/a.ts',
    "import { x } from '@blockless/wasm/verify'; import { y } from '@blockless/wasm/codec/u32'",
  ],
  ['tests/e2e/a.test.ts', "import { x } from '@blockless/core'"],
]
for (const [file, code] of good) {
  test(`checkLayers() accepts ${code} in ${file}`, () => {
    using repository = createRepository({ ...base, [file]: code })
    assert.deepEqual(checkLayers(repository.root).findings, [])
  })
}

const bad: [file: string, code: string, rule: string][] = [
  ['packages/wasm/src/a.ts', "import { x } from '@blockless/runtime'", 'layer'],
  ['packages/wasm/src/a.ts', "import type { X } from '@blockless/runtime'", 'layer'],
  ['packages/wasm/src/a.ts', "type X = import('@blockless/runtime').X", 'layer'],
  ['packages/wasm/src/a.ts', "export * from '@blockless/storage'", 'layer'],
  ['packages/wasm/src/a.ts', "await import('@blockless/storage')", 'layer'],
  ['packages/wasm/src/a.ts', "import { x } from '@blockless/testing'", 'layer'],
  ['packages/wasm/test/a.test.ts', "import { x } from '@blockless/runtime'", 'layer'],
  ['packages/wasm/bench/a.bench.ts', "import { x } from '@blockless/runtime'", 'layer'],
  ['packages/runtime/src/a.ts', "import { x } from '@blockless/wasm/src/index.ts'", 'exports'],
  ['packages/runtime/src/a.ts', "import { x } from '@blockless/core/id'", 'exports'],
  ['packages/runtime/src/a.ts', "import { x } from '@blockless/storage'", 'declared'],
  ['packages/runtime/src/a.ts', "import { x } from '@blockless/absent'", 'declared'],
  ['packages/wasm/src/a.ts', "import wabt from 'wabt'", 'declared'],
  ['packages/wasm/src/a.ts', "import fc from 'fast-check'", 'declared'],
  ['packages/wasm/src/a.ts', "import { x } from '#absent'", 'declared'],
  ['packages/wasm/src/a.ts', "import { x } from '@blockless/wasm'", 'relative'],
  ['packages/wasm/src/a.ts', "import { x } from '../test/a.ts'", 'relative'],
  ['packages/wasm/src/a.ts', "import { x } from '../../core/src/index.ts'", 'relative'],
  ['packages/wasm/test/a.test.ts', "import { x } from '../../core/src/index.ts'", 'relative'],
  ['tests/e2e/a.test.ts', "import { x } from '../../packages/core/src/index.ts'", 'relative'],
  ['packages/wasm/src/a.ts', "import { x } from '/srv/b.ts'", 'relative'],
  ['packages/wasm/src/a.ts', "import { x } from './b'", 'suffix'],
  ['packages/wasm/src/a.ts', "import { x } from './b.js'", 'suffix'],
  ['packages/wasm/src/a.ts', "import { readFile } from 'fs/promises'", 'node-prefix'],
]
for (const [file, code, rule] of bad) {
  test(`checkLayers() reports ${rule} for ${code} in ${file}`, () => {
    using repository = createRepository({ ...base, [file]: `\n${code}\n` })
    const found = checkLayers(repository.root).findings
    assert.deepEqual(
      found.map((finding) => [finding.file, finding.line, finding.rule, finding.severity]),
      [[file, 2, rule, 'error']],
    )
  })
}

test('checkLayers() reports a dependency on a higher layer in package.json', () => {
  const path = 'packages/core/package.json'
  using repository = createRepository({
    ...base,
    [path]: { exports: './src/index.ts', dependencies: { '@blockless/wasm': '1.0.0' } },
  })
  const [found, ...others] = checkLayers(repository.root).findings
  assert.deepEqual([found?.file, found?.rule, others.length], [path, 'layer', 0])
})

test('checkLayers() reports a package without a layer and a layer without a package', () => {
  using repository = createRepository({ ...base, 'packages/zk/package.json': {} })
  repository.write({ 'layers.json': { ...(base['layers.json'] as object), chain: { layer: 2 } } })
  const { findings } = checkLayers(repository.root)
  assert.deepEqual(
    findings.map(({ file }) => file),
    ['packages/zk/package.json', 'layers.json'],
  )
})
