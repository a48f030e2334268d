import assert from 'node:assert/strict'
import test from 'node:test'
import { blake2b } from '@noble/hashes/blake2.js'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { blockKey, verifyBlock } from '../../src/block/block-hash.ts'
import { cidOf, sampleBytes } from '../support/blocks.ts'

const bytes = sampleBytes(100)

test('verifyBlock() accepts sha2-256, blake2b-256 and identity', async () => {
  await verifyBlock(cidOf(bytes), bytes)
  await verifyBlock(CID.createV1(raw.code, createDigest(0xb220, blake2b(bytes, { dkLen: 32 }))), bytes)
  await verifyBlock(CID.createV1(raw.code, createDigest(0, bytes)), bytes)
})

test('verifyBlock() refuses other bytes', async () => {
  const reason = { code: 'ERR_BLOCK_MISMATCH' }
  await assert.rejects(verifyBlock(cidOf(bytes), sampleBytes(100, 2)), reason)
  await assert.rejects(verifyBlock(cidOf(bytes), bytes.subarray(1)), reason)
  await assert.rejects(verifyBlock(CID.createV1(raw.code, createDigest(0, bytes)), bytes.subarray(1)), reason)
})

const digest = cidOf(bytes).multihash.digest
const refused = [
  { name: 'a truncated digest', multihash: createDigest(0x12, digest.subarray(0, 1)) },
  { name: 'an empty digest', multihash: createDigest(0x12, new Uint8Array()) },
  { name: 'a digest that is too long', multihash: createDigest(0x12, sampleBytes(33)) },
  { name: 'sha1', multihash: createDigest(0x11, sampleBytes(20)) },
  { name: 'an identity above 128 bytes', multihash: createDigest(0, sampleBytes(129)) },
]

for (const { name, multihash } of refused) {
  test(`blockKey() refuses ${name}`, () => {
    assert.throws(() => blockKey(CID.createV1(raw.code, multihash)), { code: 'ERR_BLOCK_HASH' })
  })
}

test('blockKey() is the same for all CIDs of the same bytes', () => {
  const v1 = cidOf(bytes, 0x70)
  assert.equal(blockKey(v1), blockKey(v1.toV0()))
  assert.equal(blockKey(v1), blockKey(cidOf(bytes)))
  assert.match(blockKey(v1) ?? '', /^[a-z2-7]{55}$/)
})
