import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileWat } from '@blockless/testing'
import { codeOf, requestOf, startExecutor, textOf } from '../run-helpers.ts'

const PROGRAM = `(module
  (import "env" "mystery" (func $mystery (param i32) (result i64)))
  (import "nowhere" "else" (func $else))
  (memory (export "memory") 1)
  (func (export "_start"))
  (func (export "call") (drop (call $mystery (i32.const 1)))))`

test('unknown imports are refused, or trap when they are called', async () => {
  await using executor = await startExecutor()
  const entry = await compileWat(PROGRAM)
  assert.equal(await codeOf(executor.prepare('refused', entry)), 'ERR_MODULE_IMPORT')
  await executor.prepare('trapping', { entry, modules: [], trapsUnknownImports: true })
  assert.deepEqual((await executor.run(requestOf('trapping'))).exit, { kind: 'exit', code: 0 })
  const called = await executor.run(requestOf('trapping', { entry: 'call' }))
  assert.deepEqual(called.exit, { kind: 'unreachable', code: 0 })
  assert.equal(textOf(called.stderr), 'unknown import env.mystery was called\n')
})

test('unknown imports that are no functions, or that linked modules should have, are refused all the same', async () => {
  await using executor = await startExecutor()
  const linked = { name: 'lib', wasm: await compileWat('(module (func (export "f")))') }
  const wats = [
    '(module (import "env" "memory" (memory 1)))',
    '(module (import "lib" "g" (func)))',
    '(module (import "wasi_snapshot_preview1" "fd_write" (func)))',
  ]
  for (const wat of wats) {
    const program = { entry: await compileWat(wat), modules: [linked], trapsUnknownImports: true }
    assert.equal(await codeOf(executor.prepare(wat, program)), 'ERR_MODULE_IMPORT', wat)
  }
})
