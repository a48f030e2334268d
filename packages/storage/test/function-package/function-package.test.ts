import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Manifest } from '@blockless/core'
import { type FunctionSource, MemoryBlockStore, packFunction, readFunction } from '@blockless/storage'

const wasm = new Uint8Array([0, 97, 115, 109])
const other = new Uint8Array([1, 2, 3])
const md5Of = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

function sourceOf(modules: Manifest['modules']): FunctionSource {
  return { manifest: { version: 1, name: 'linked', modules }, wasm, modules: [{ name: 'math', wasm: other }] }
}

const ENTRY = { file: 'main.wasm', name: 'main', type: 'entry', md5: md5Of(wasm) } as const
const MATH = { file: 'lib/math.wasm', name: 'math', type: 'module', md5: md5Of(other) } as const

test('a function package holds the modules that its manifest names', async () => {
  const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
  const { cid } = await packFunction(store, sourceOf([MATH, ENTRY]))
  const read = await readFunction(store, cid)
  assert.deepEqual(read.wasm, wasm)
  assert.deepEqual(read.modules, [{ name: 'math', wasm: other }])
})

const REFUSED = [
  {
    name: 'an entry that is another than its MD5 says',
    modules: [{ ...ENTRY, md5: md5Of(other) }],
    message: /its MD5 is/,
  },
  {
    name: 'a module that is another',
    modules: [ENTRY, { ...MATH, md5: md5Of(wasm) }],
    message: /"lib\/math.wasm".*MD5/,
  },
  {
    name: 'two entries',
    modules: [ENTRY, { ...ENTRY, file: 'b.wasm' }],
    message: /exactly one module of type "entry"/,
  },
  { name: 'a module that was not given', modules: [ENTRY, { ...MATH, name: 'x' }], message: /"x" was not given/ },
]
for (const { name, modules, message } of REFUSED) {
  test(`a function package is refused for ${name}`, async () => {
    const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
    await assert.rejects(async () => await readFunction(store, (await packFunction(store, sourceOf(modules))).cid), {
      message,
    })
  })
}
