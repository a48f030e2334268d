import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSigner, fromHex, nodeIdOf, sha256, toHex, toUtf8, verifySignature } from '@blockless/core'
import { stranger, workerAt } from '../support/sample.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const signer = workerAt(0)
const digest = sha256(toUtf8('message'))
const signature = signer.sign(digest)

/** The other spelling of a signature: `n - s`, with the parity bit of the recovery id turned. */
function highS(bytes: Uint8Array): Uint8Array {
  const s = N - BigInt(`0x${toHex(bytes.subarray(32, 64))}`)
  const result = bytes.slice()
  result.set(fromHex(s.toString(16).padStart(64, '0')), 32)
  result[64] = (bytes[64] ?? 0) ^ 1
  return result
}

test('sign() is deterministic and low-S, and its signature verifies', () => {
  assert.deepEqual(signer.sign(digest), signature)
  assert.equal(signature.length, 65)
  assert.ok(BigInt(`0x${toHex(signature.subarray(32, 64))}`) <= N / 2n)
  assert.equal(verifySignature(signer.nodeId, digest, signature), true)
})

test('sign() follows RFC 6979', () => {
  // Known answer for key 1 and SHA-256("Satoshi Nakamoto"), as in the test vectors of Bitcoin libraries.
  const one = createSigner(fromHex('01'.padStart(64, '0')))
  const known =
    '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8' +
    '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5'
  assert.equal(toHex(one.sign(sha256(toUtf8('Satoshi Nakamoto'))).subarray(0, 64)), known)
})

test('verifySignature() refuses a signature with any bit changed', () => {
  for (let index = 0; index < signature.length; index++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = signature.slice()
      changed[index] = (changed[index] ?? 0) ^ (1 << bit)
      assert.equal(verifySignature(signer.nodeId, digest, changed), false, `byte ${index} bit ${bit}`)
    }
  }
})

test('verifySignature() refuses every other recovery id', () => {
  for (let v = 0; v < 256; v++) {
    const changed = signature.slice()
    changed[64] = v
    assert.equal(verifySignature(signer.nodeId, digest, changed), v === signature[64])
  }
})

const zero = new Uint8Array(32)
const order = fromHex(N.toString(16))
for (const { name, nodeId = signer.nodeId, hash = digest, bytes = signature } of [
  { name: 'the high-S spelling', bytes: highS(signature) },
  { name: 'another digest', hash: sha256(digest) },
  { name: 'another node', nodeId: stranger.nodeId },
  { name: 'a signature that is too short', bytes: signature.subarray(0, 64) },
  { name: 'a signature that is too long', bytes: Uint8Array.of(...signature, 0) },
  { name: 'no signature', bytes: new Uint8Array() },
  { name: 'a digest that is too short', hash: digest.subarray(0, 31) },
  { name: 'a digest that is too long', hash: Uint8Array.of(...digest, 0) },
  { name: 'r = 0', bytes: Uint8Array.of(...zero, ...signature.subarray(32)) },
  { name: 's = 0', bytes: Uint8Array.of(...signature.subarray(0, 32), ...zero, signature[64] ?? 0) },
  { name: 'r = n', bytes: Uint8Array.of(...order, ...signature.subarray(32)) },
  { name: 'all zeros', bytes: new Uint8Array(65) },
  { name: 'a node id that is no node id', nodeId: 'nobody' },
  { name: 'an empty node id', nodeId: '' },
  { name: 'a key that is no point of the curve', nodeId: nodeIdOf(fromHex(`02${'05'.padStart(64, '0')}`)) },
]) {
  test(`verifySignature() refuses ${name}`, () => {
    assert.equal(verifySignature(nodeId, hash, bytes), false)
  })
}

test('verifySignature() of the high-S spelling fails for its form alone: it would recover the same key', () => {
  assert.deepEqual(highS(highS(signature)), signature)
})

for (const { name, key } of [
  { name: '0', key: new Uint8Array(32) },
  { name: 'n', key: order },
  { name: 'above n', key: new Uint8Array(32).fill(0xff) },
  { name: 'too short', key: new Uint8Array(31).fill(1) },
  { name: 'too long', key: new Uint8Array(33).fill(1) },
]) {
  test(`createSigner() refuses a private key that is ${name}`, () => {
    assert.throws(() => createSigner(key), { name: 'RangeError', message: /private key/ })
  })
}

test('sign() refuses a digest that is not 32 bytes', () => {
  for (const size of [0, 31, 33]) assert.throws(() => signer.sign(new Uint8Array(size)), RangeError)
})
