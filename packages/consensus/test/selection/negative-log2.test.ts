import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { negativeLog2 } from '../../src/selection/negative-log2.ts'

const UNIT = 2 ** 56
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

for (const { draw, expected } of [
  { draw: 0n, expected: 64n << 56n },
  { draw: 1n, expected: 63n << 56n },
  { draw: 3n, expected: 62n << 56n },
  { draw: 2n ** 63n - 1n, expected: 1n << 56n },
  { draw: 2n ** 64n - 1n, expected: 0n },
]) {
  test(`negativeLog2() is exact at powers of two: ${draw}`, () => {
    assert.equal(negativeLog2(draw), expected)
  })
}

for (const { draw, expected } of [
  { draw: 2n, expected: 4497477433985083769n },
  { draw: 4n, expected: 4444373466380734933n },
  { draw: 12345678901234567890n, expected: 41747289356019586n },
  { draw: 18446744073709551614n, expected: 1n },
  { draw: 16045690984503098046n, expected: 14496566844140460n },
  { draw: 9223372036854775808n, expected: 72057594037927936n },
]) {
  test(`negativeLog2() gives every implementation the same bits: ${draw}`, () => {
    assert.equal(negativeLog2(draw), expected)
  })
}

test('negativeLog2() agrees with the floating point logarithm as far as that goes', () => {
  fc.assert(
    fc.property(u64, (draw) => {
      const expected = 64 - Math.log2(Number(draw) + 1)
      assert.ok(Math.abs(Number(negativeLog2(draw)) / UNIT - expected) < 1e-13)
    }),
  )
})

test('negativeLog2() never rises with the draw', () => {
  fc.assert(
    fc.property(u64, u64, (a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a]
      assert.ok(negativeLog2(low) >= negativeLog2(high))
    }),
  )
  for (let draw = 2n ** 64n - 200n; draw < 2n ** 64n - 1n; draw++) {
    assert.ok(negativeLog2(draw) >= negativeLog2(draw + 1n))
  }
})
