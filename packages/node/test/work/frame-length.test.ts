import assert from 'node:assert/strict'
import test from 'node:test'
import { FrameLengthError, frameLength } from '../../src/work/frame-length.ts'

function lengthOf(...bytes: number[]): number {
  return frameLength({ byteLength: bytes.length, get: (index) => bytes[index] ?? 0 })
}

test('frameLength() reads varints of up to four bytes', () => {
  assert.equal(lengthOf(0), 0)
  assert.equal(lengthOf(0x7f), 127)
  assert.equal(lengthOf(0x80, 0x01), 128)
  assert.equal(lengthOf(0xff, 0xff, 0xff, 0x7f), 2 ** 28 - 1)
})

test('frameLength() asks for more while a length goes on, and ends one that goes on for too long', () => {
  for (const bytes of [[], [0x80], [0xff, 0xff, 0xff]]) assert.throws(() => lengthOf(...bytes), RangeError)
  assert.throws(() => lengthOf(0x80, 0x80, 0x80, 0x80), FrameLengthError)
})
