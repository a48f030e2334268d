import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileWat } from '@blockless/testing'
import { trapKindOf } from '../src/trap.ts'

const KINDS: readonly (readonly [message: string, kind: string | undefined])[] = [
  ['unreachable', 'unreachable'],
  ['memory access out of bounds', 'memory-out-of-bounds'],
  ['operation does not support unaligned accesses', 'unaligned-atomic'],
  ['divide by zero', 'divide-by-zero'],
  ['remainder by zero', 'divide-by-zero'],
  ['divide result unrepresentable', 'integer-overflow'],
  ['float unrepresentable in integer range', 'invalid-conversion'],
  ['table index is out of bounds', 'table-out-of-bounds'],
  ['null function', 'indirect-call-null'],
  ['function signature mismatch', 'indirect-call-type'],
  ['dereferencing a null pointer', 'null-reference'],
  [
    'WebAssembly.Instance(): data segment 0 is out of bounds (offset 65536 + size 1 > memory_size 65536 bytes)',
    'memory-out-of-bounds',
  ],
  ['resuming an invalid continuation', undefined],
  ['unreachable code', undefined],
]

for (const [message, kind] of KINDS) {
  test(`trapKindOf() takes "${message}" for ${kind}`, () => {
    assert.equal(trapKindOf(message), kind)
  })
}

/** Bodies of a function, by the trap that they end in; the words are those of the engine that runs this test. */
const TRAPS: readonly (readonly [kind: string, body: string, rest?: string])[] = [
  ['unreachable', 'unreachable'],
  ['memory-out-of-bounds', '(drop (i32.load (i32.const 65536)))'],
  ['memory-out-of-bounds', '(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))'],
  ['memory-out-of-bounds', '(memory.init 0 (i32.const 0) (i32.const 1) (i32.const 9))', '(data "x")'],
  ['table-out-of-bounds', '(drop (table.get 0 (i32.const 9)))', '(table 1 funcref)'],
  ['table-out-of-bounds', '(call_indirect (i32.const 9))', '(table 1 funcref)'],
  [
    'table-out-of-bounds',
    '(table.init 0 (i32.const 0) (i32.const 0) (i32.const 2))',
    '(table 1 funcref) (elem func 0)',
  ],
  [
    'indirect-call-type',
    '(call_indirect (param i32) (i32.const 0) (i32.const 0))',
    '(table 1 funcref) (elem (i32.const 0) 0)',
  ],
  ['divide-by-zero', '(drop (i32.div_s (i32.const 1) (i32.const 0)))'],
  ['divide-by-zero', '(drop (i64.rem_u (i64.const 1) (i64.const 0)))'],
  ['integer-overflow', '(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))'],
  ['invalid-conversion', '(drop (i32.trunc_f64_s (f64.const nan)))'],
  ['invalid-conversion', '(drop (i64.trunc_f32_u (f32.const -1)))'],
]
for (const [kind, body, rest = ''] of TRAPS) {
  test(`trapKindOf() knows what this engine says of ${body}`, async () => {
    const wasm = await compileWat(`(module ${rest} (memory 1) (func (export "run") ${body}))`)
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm as BufferSource))
    let found: string | undefined
    try {
      ;(exports['run'] as () => void)()
    } catch (error) {
      found = error instanceof WebAssembly.RuntimeError ? trapKindOf(error.message) : undefined
    }
    assert.equal(found, kind)
  })
}
