import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSigner, nodeIdOf, publicKeyOf, sha256, toUtf8 } from '@blockless/core'
import { generateKeyPair, privateKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'

test('a node id is the peer id that libp2p gives the same key', () => {
  for (let index = 0; index < 20; index++) {
    const raw = sha256(toUtf8(`libp2p ${index}`))
    const privateKey = privateKeyFromRaw(raw)
    assert.equal(privateKey.type, 'secp256k1')
    const signer = createSigner(raw)
    assert.deepEqual(new Uint8Array(signer.publicKey), privateKey.publicKey.raw)
    assert.equal(signer.nodeId, peerIdFromPrivateKey(privateKey).toString())
  }
})

test('the key in a node id is the one that libp2p reads from it', async () => {
  const { publicKey } = await generateKeyPair('secp256k1')
  const nodeId = nodeIdOf(publicKey.raw)
  assert.deepEqual(peerIdFromString(nodeId).publicKey?.raw, publicKey.raw)
  assert.deepEqual(publicKeyOf(nodeId), publicKey.raw)
})

test('the peer id of an Ed25519 key is no node id', async () => {
  const privateKey = await generateKeyPair('Ed25519')
  assert.equal(publicKeyOf(peerIdFromPrivateKey(privateKey).toString()), undefined)
})
