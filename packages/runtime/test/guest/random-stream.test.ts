import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '@blockless/core'
import { RandomStream } from '../../src/guest/random-stream.ts'

function drawn(seed: Uint8Array, sizes: readonly number[]): string {
  const stream = new RandomStream()
  stream.reset(seed)
  const parts = sizes.map((size) => {
    const part = new Uint8Array(size)
    stream.fill(part)
    return toHex(part)
  })
  return parts.join('')
}

test('fill() gives the ChaCha20 key stream when the key is zero (RFC 8439 appendix A.1, vectors 1 and 2)', () => {
  const expected =
    '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7' +
    'da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586' +
    '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed' +
    '29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f'
  assert.equal(drawn(new Uint8Array(32), [128]), expected)
})

test('fill() gives the ChaCha20 key stream when the key is not zero (RFC 8439 appendix A.1, vector 4)', () => {
  const key = new Uint8Array(32)
  key[1] = 0xff
  const block2 =
    '72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca' +
    '13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096'
  assert.equal(drawn(key, [192]).slice(256), block2)
})

test('fill() gives the same bytes when they are drawn in pieces', () => {
  const seed = new Uint8Array(32).map((_, index) => index)
  assert.equal(drawn(seed, [1, 63, 0, 64, 65, 7]), drawn(seed, [200]))
})

test('integer() stays inside 53 bits and repeats when the stream is reset', () => {
  const stream = new RandomStream()
  const draw = (): number[] => {
    stream.reset(new Uint8Array(32).fill(9))
    return Array.from({ length: 100 }, () => stream.integer())
  }
  const numbers = draw()
  assert.ok(numbers.every((number) => Number.isSafeInteger(number) && number >= 0))
  assert.equal(new Set(numbers).size, 100)
  assert.deepEqual(draw(), numbers)
})

test('reset() refuses a seed of another size', () => {
  assert.throws(() => new RandomStream().reset(new Uint8Array(31)), /31 bytes given, 32 needed/)
})
