import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cidOfCanonical,
  fromHex,
  sha256,
  toHex,
  toUtf8,
  type Vote,
  type VoteContext,
  verifySignature,
  voteDigest,
} from '@blockless/core'
import fc from 'fast-check'
import { bytesOf } from '../support/arbitraries.ts'
import { contextOf, voteOf, workerAt } from '../support/sample.ts'

type Words = Omit<Vote, 'node' | 'signature'>

const context: VoteContext = {
  chainId: 'blockless-test',
  requestId: new Uint8Array(32).fill(1),
  functionCid: cidOfCanonical(Uint8Array.of(1)),
  subnetCid: cidOfCanonical(Uint8Array.of(2)),
  epoch: 2 ** 53 - 1,
}
const words: Words = {
  resultHash: new Uint8Array(32).fill(2),
  fuel: 2 ** 32 + 5,
  transcriptHash: new Uint8Array(32).fill(3),
}

test('voteDigest() is SHA-256 over nine words, as Solidity encodes them', () => {
  const word = (hex: string): string => hex.padStart(64, '0')
  const record = [
    toHex(sha256(toUtf8('blockless/vote/1'))),
    toHex(sha256(toUtf8('blockless-test'))),
    '01'.repeat(32),
    toHex(sha256(context.functionCid.bytes)),
    toHex(sha256(context.subnetCid.bytes)),
    word('1fffffffffffff'),
    '02'.repeat(32),
    word('100000005'),
    '03'.repeat(32),
  ]
  assert.equal(toHex(voteDigest(context, words)), toHex(sha256(fromHex(record.join('')))))
})

test('voteDigest() differs when anything that it binds differs', () => {
  const contextArbitrary: fc.Arbitrary<VoteContext> = fc.record({
    chainId: fc.constantFrom('a', 'ab', 'b'),
    requestId: bytesOf(32),
    functionCid: fc.constantFrom(context.functionCid, context.subnetCid),
    subnetCid: fc.constantFrom(context.functionCid, context.subnetCid),
    epoch: fc.oneof(fc.nat(3), fc.maxSafeNat()),
  })
  const wordsArbitrary: fc.Arbitrary<Words> = fc.record({
    resultHash: bytesOf(32),
    fuel: fc.oneof(fc.nat(3), fc.maxSafeNat()),
    transcriptHash: bytesOf(32),
  })
  const factsArbitrary = fc.tuple(contextArbitrary, wordsArbitrary)
  fc.assert(
    fc.property(factsArbitrary, factsArbitrary, fc.nat(7), ([contextA, wordsA], [contextB, wordsB], field) => {
      // All of the first but one field, which is the second's.
      const key = Object.keys({ ...contextA, ...wordsA })[field] ?? ''
      const pick = <T extends object>(a: T, b: T): T =>
        key in a ? { ...a, [key]: (b as Record<string, unknown>)[key] } : a
      const changed = voteDigest(pick(contextA, contextB), pick(wordsA, wordsB))
      const textOf = (facts: object): string =>
        JSON.stringify(facts, (_, value) => (value instanceof Uint8Array ? toHex(value) : value))
      const isSame = textOf([pick(contextA, contextB), pick(wordsA, wordsB)]) === textOf([contextA, wordsA])
      assert.equal(toHex(changed) === toHex(voteDigest(contextA, wordsA)), isSame)
    }),
    { numRuns: 400 },
  )
})

test("signVote() is the node's signature over the digest", () => {
  const vote = voteOf(workerAt(0))
  assert.equal(vote.node, workerAt(0).nodeId)
  assert.equal(verifySignature(vote.node, voteDigest(contextOf(), vote), vote.signature), true)
  assert.equal(verifySignature(vote.node, voteDigest(contextOf({ epoch: 1 }), vote), vote.signature), false)
})
