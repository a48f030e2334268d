import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectModule } from '@blockless/runtime'
import { compileWat, fixture } from '@blockless/testing'
import fc from 'fast-check'

const notModules: readonly { name: string; bytes: Uint8Array; words: RegExp }[] = [
  { name: 'nothing', bytes: new Uint8Array(), words: /it is empty/ },
  { name: 'text', bytes: new TextEncoder().encode('hello'), words: /it is text/ },
  { name: 'WebAssembly text', bytes: new TextEncoder().encode(' (module)'), words: /compile it with wat2wasm/ },
  { name: 'a web page', bytes: new TextEncoder().encode('<!doctype html>'), words: /an HTML or XML page/ },
  { name: 'gzip', bytes: Uint8Array.of(0x1f, 0x8b, 8, 0), words: /it is gzip; unpack it/ },
  { name: 'a zip archive', bytes: Uint8Array.of(0x50, 0x4b, 3, 4), words: /zip archive/ },
  { name: 'a component', bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), words: /component; build a core/ },
  { name: 'an ELF program', bytes: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), words: /native Linux program/ },
  { name: 'binary data', bytes: Uint8Array.of(0xff, 1, 2, 3), words: /unknown binary data/ },
  { name: 'a cut module', bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 9), words: /a damaged/ },
]

for (const { name, bytes, words } of notModules) {
  test(`inspectModule() says what it was given when that is ${name}`, () => {
    assert.throws(() => inspectModule(bytes), { name: 'RuntimeError', code: 'ERR_MODULE_INVALID', message: words })
  })
}

test('inspectModule() says where a body does not type-check', async () => {
  const wasm = await compileWat('(module (func (export "_start") (drop (i32.const 1))))')
  wasm[wasm.lastIndexOf(0x1a)] = 0x01 // drop becomes nop, so a value is left over
  const message = /it is a damaged WebAssembly module, at byte \d+ in function 0, type mismatch: 1 more operand/
  assert.throws(() => inspectModule(wasm), { code: 'ERR_MODULE_INVALID', message })
})

test('inspectModule() refuses or accepts any bytes without another error', () => {
  const body = fc.uint8Array({ maxLength: 64 })
  const check = (bytes: Uint8Array): void => {
    try {
      inspectModule(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes))
    } catch (error) {
      assert.equal(error instanceof Error && error.name, 'RuntimeError')
    }
  }
  fc.assert(fc.property(body, check), { numRuns: 500 })
})

const imports: readonly { name: string; wat: string; words: RegExp }[] = [
  {
    name: 'a function name with a slip',
    wat: '(import "wasi_snapshot_preview1" "fd_wirte" (func (param i32 i32 i32 i32) (result i32)))',
    words: /nothing provides it, the nearest there are: "wasi_snapshot_preview1.fd_write"/,
  },
  {
    name: 'a module name with a slip',
    wat: '(import "wasi_snapshot_preview2" "fd_write" (func))',
    words: /the nearest there are: "wasi_snapshot_preview1"/,
  },
  {
    name: 'a name that objects inherit',
    wat: '(import "constructor" "toString" (func))',
    words: /nothing provides it/,
  },
  {
    name: 'a function with other types',
    wat: '(import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32)))',
    words: /it is imported as \(i64\) -> \(i32\), it is \(i32\) -> \(i32\)/,
  },
  { name: 'a memory', wat: '(import "env" "memory" (memory 1))', words: /it is a memory, only functions are/ },
]

for (const { name, wat, words } of imports) {
  test(`inspectModule() refuses an import that nothing provides: ${name}`, async () => {
    const wasm = await compileWat(`(module ${wat})`)
    assert.throws(() => inspectModule(wasm), { code: 'ERR_MODULE_IMPORT', message: words })
  })
}

test('inspectModule() tells entries and memory, and checks them if asked', async () => {
  const wasm = await compileWat(`(module (memory (export "memory") 3 9)
    (func (export "run")) (func (export "_start")) (func (export "takes") (param i32)))`)
  const info = inspectModule(wasm, { entry: 'run', memoryBytes: 3 * 65_536 })
  const facts = { entries: ['_start', 'run'], imports: [], memoryPagesMin: 3, memoryPagesMax: 9, size: wasm.length }
  assert.deepEqual(info, facts)
  assert.throws(() => inspectModule(wasm, { entry: 'takes' }), { code: 'ERR_MODULE_ENTRY', message: /"_start", "run"/ })
  assert.throws(() => inspectModule(wasm, { memoryBytes: 131_072 }), { code: 'ERR_MODULE_MEMORY' })
})

test('inspectModule() leaves the bytes as they were', async () => {
  const wasm = await fixture('hello')
  const before = wasm.slice()
  assert.deepEqual(inspectModule(wasm).imports, ['wasi_snapshot_preview1.fd_write'])
  assert.deepEqual(wasm, before)
})
