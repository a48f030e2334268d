import assert from 'node:assert/strict'
import { test } from 'node:test'
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
