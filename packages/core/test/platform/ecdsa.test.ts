import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ecdsa as native } from '../../src/platform/ecdsa-node.ts'
import { ecdsa as wasm } from '../../src/platform/ecdsa-wasm.ts'
import { bytesOf } from '../support/arbitraries.ts'

const options = { numRuns: 200 }
/** A plain copy: the addon answers with Buffers. */
const plain = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
  bytes === undefined ? undefined : new Uint8Array(bytes)
/** Any bytes, and such that libraries treat apart. */
const wordArbitrary = fc.oneof(
  { weight: 5, arbitrary: bytesOf(32) },
  fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(0xff), Uint8Array.of(...new Uint8Array(31), 1)),
)

test('the addon is there, so that the comparisons below compare something', () => {
  assert.notEqual(native, wasm)
})

test('the addon and WebAssembly give the same public key, or none', () => {
  fc.assert(
    fc.property(wordArbitrary, (key) => {
      assert.deepEqual(plain(native.publicKey(key)), plain(wasm.publicKey(key)))
    }),
    options,
  )
})

test('the addon and WebAssembly sign alike, and both recover the signer', () => {
  fc.assert(
    fc.property(bytesOf(32), wordArbitrary, (key, digest) => {
      const publicKey = plain(native.publicKey(key))
      // Versions of libsecp256k1 differ in the nonce for a digest above the order; SHA-256 gives one in 2^128.
      if (publicKey === undefined || digest.every((byte) => byte === 0xff)) return
      const signature = plain(native.sign(digest, key)) ?? new Uint8Array()
      assert.deepEqual(plain(wasm.sign(digest, key)), signature)
      assert.deepEqual(plain(native.recover(digest, signature)), publicKey)
      assert.deepEqual(plain(wasm.recover(digest, signature)), publicKey)
    }),
    options,
  )
})

test('the addon and WebAssembly recover the same key from any 65 bytes, or none', () => {
  const vArbitrary = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(wordArbitrary, wordArbitrary, wordArbitrary, vArbitrary, (digest, r, s, v) => {
      const signature = Uint8Array.of(...r, ...s, v)
      assert.deepEqual(plain(native.recover(digest, signature)), plain(wasm.recover(digest, signature)))
    }),
    options,
  )
})
