import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareNodeIds, fromHex, nodeIdOf, nodeIdSchema, publicKeyOf } from '@blockless/core'
import fc from 'fast-check'
import { base58btc } from 'multiformats/bases/base58'
import { bytesOf } from '../support/arbitraries.ts'

const keyArbitrary = fc.tuple(fc.constantFrom(2, 3), bytesOf(32)).map(([sign, x]) => Uint8Array.of(sign, ...x))

test('nodeIdOf() is the peer id of the libp2p specification', () => {
  // The secp256k1 public key of the test vectors in peer-ids.md, as its peer id.
  const key = fromHex('037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99')
  assert.equal(nodeIdOf(key), '16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY')
})

test('nodeIdOf() and publicKeyOf() undo each other, and no other text names the key', () => {
  fc.assert(
    fc.property(keyArbitrary, (key) => {
      const nodeId = nodeIdOf(key)
      assert.match(nodeId, /^16Uiu2HA[1-9A-HJ-NP-Za-km-z]{45}$/)
      assert.deepEqual(publicKeyOf(nodeId), key)
      for (const other of [
        ` ${nodeId}`,
        `${nodeId} `,
        `1${nodeId}`,
        `${nodeId}1`,
        `z${nodeId}`,
        nodeId.toLowerCase(),
      ]) {
        assert.equal(publicKeyOf(other), undefined)
      }
    }),
    { numRuns: 50 },
  )
})

test('publicKeyOf() has one text for one key: a text that names a key is the text of that key', () => {
  const [first] = fc.sample(keyArbitrary, { seed: 1, numRuns: 1 })
  const nodeId = nodeIdOf(first ?? new Uint8Array())
  for (let index = 0; index < nodeId.length; index++) {
    for (const character of ['1', 'z', '0', ' ', 'É', '\0']) {
      const text = nodeId.slice(0, index) + character + nodeId.slice(index + 1)
      const key = publicKeyOf(text)
      if (key !== undefined) assert.equal(nodeIdOf(key), text)
    }
  }
})

const prefix = '002508021221'
for (const { name, hex } of [
  { name: 'an Ed25519 peer id', hex: `0024080112${'20'.padEnd(66, '0')}` },
  { name: 'an RSA peer id (SHA-256 multihash)', hex: `1220${'ab'.repeat(32)}` },
  { name: 'an uncompressed point', hex: `${prefix}04${'ab'.repeat(32)}` },
  { name: 'a key of 32 bytes', hex: `${prefix}02${'ab'.repeat(31)}` },
  { name: 'a key of 34 bytes', hex: `${prefix}02${'ab'.repeat(33)}` },
  { name: 'another key type', hex: `002508011221${'02'}${'ab'.repeat(32)}` },
  { name: 'nothing', hex: '' },
]) {
  test(`publicKeyOf() does not know ${name}`, () => {
    const text = base58btc.baseEncode(fromHex(hex))
    assert.equal(publicKeyOf(text), undefined)
    assert.throws(() => nodeIdSchema.check(text, 'node'), { code: 'ERR_SCHEMA', message: /secp256k1 node id/ })
  })
}

test('nodeIdOf() refuses what is no compressed point', () => {
  for (const key of [new Uint8Array(), new Uint8Array(33), new Uint8Array(32).fill(2), new Uint8Array(65).fill(4)]) {
    assert.throws(() => nodeIdOf(key), RangeError)
  }
})

test('compareNodeIds() orders by code units whatever the locale', () => {
  assert.deepEqual(['b', 'a', 'B', 'A', 'ä', 'Z'].sort(compareNodeIds), ['A', 'B', 'Z', 'a', 'b', 'ä'])
  assert.equal(compareNodeIds('a', 'a'), 0)
})
