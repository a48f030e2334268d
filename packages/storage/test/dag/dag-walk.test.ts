import assert from 'node:assert/strict'
import test from 'node:test'
import * as dagCbor from '@ipld/dag-cbor'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { collectCids, importFiles } from '../../src/index.ts'
import { cidOf, fileNode, link, memoryStore, putNode, putRaw, sampleBytes } from '../support/blocks.ts'

const directory = new UnixFS({ type: 'directory' })

test('collectCids() lists what an import stored, the root first', async () => {
  const store = memoryStore()
  const files = [
    { path: 'a/big', content: sampleBytes(1_000_000) },
    { path: 'b', content: sampleBytes(10, 2) },
  ]
  const imported = await importFiles(store, files)
  const { cids, size } = await collectCids(store, imported.cid)
  assert.deepEqual(cids[0], imported.cid)
  assert.deepEqual(cids.map(String).sort(), imported.cids.map(String))
  assert.equal(size, imported.size)
})

test('collectCids() follows dag-cbor and identity links', async () => {
  const store = memoryStore()
  const leaf = await putRaw(store, sampleBytes(10))
  const inline = CID.createV1(0x55, createDigest(0, sampleBytes(5)))
  const root = await putRaw(store, dagCbor.encode({ deep: [{ leaf }, inline], other: 1 }), dagCbor.code)
  const { cids } = await collectCids(store, root)
  assert.deepEqual(cids.map(String), [root, leaf, inline].map(String))
})

test('collectCids() visits each block of a DAG bomb once', async () => {
  const store = memoryStore()
  let cid = await putRaw(store, sampleBytes(10))
  for (let level = 0; level < 60; level++) {
    const links = Array.from({ length: 174 }, () => link('', cid))
    cid = await putNode(store, fileNode(links.map(() => 1)), links)
  }
  assert.equal((await collectCids(store, cid)).cids.length, 61)
})

test('collectCids() ends at its bounds', async () => {
  const store = memoryStore()
  const leaves = await Promise.all(Array.from({ length: 10 }, (_, seed) => putRaw(store, sampleBytes(100, seed))))
  const wide = await putNode(
    store,
    directory,
    leaves.map((leaf, index) => link(`${index}`, leaf)),
  )
  let deep = wide
  for (let level = 0; level < 5; level++) deep = await putNode(store, directory, [link('d', deep)])
  await assert.rejects(collectCids(store, wide, { countMax: 10 }), { code: 'ERR_DAG_TOO_MANY' })
  await assert.rejects(collectCids(store, wide, { sizeMax: 900 }), { code: 'ERR_DAG_TOO_LARGE' })
  await assert.rejects(collectCids(store, deep, { depthMax: 5 }), { code: 'ERR_DAG_TOO_DEEP' })
  assert.equal((await collectCids(store, deep, { depthMax: 6, countMax: 16 })).cids.length, 16)
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(collectCids(store, wide, { signal }), /enough/)
})

test('collectCids() refuses what does not decode', async () => {
  const store = memoryStore()
  const garbage = sampleBytes(50)
  await assert.rejects(collectCids(store, await putRaw(store, garbage, 0x70)), { code: 'ERR_DAG_NODE' })
  await assert.rejects(collectCids(store, await putRaw(store, garbage, 0x71)), { code: 'ERR_DAG_NODE' })
  await assert.rejects(collectCids(store, await putRaw(store, garbage, 0x0129)), { code: 'ERR_DAG_CODEC' })
  // Nested so deep that a recursive decoder runs out of stack.
  const nested = new Uint8Array(1_000_000).fill(0x81)
  await assert.rejects(collectCids(store, await putRaw(store, nested, 0x71)), { code: 'ERR_DAG_NODE' })
  const large = await putRaw(store, new Uint8Array(5 << 20), 0x70)
  await assert.rejects(collectCids(store, large), { code: 'ERR_DAG_NODE' })
  const missing = await putNode(store, directory, [link('a', cidOf(sampleBytes(7)))])
  await assert.rejects(collectCids(store, missing), { code: 'ERR_BLOCK_MISSING' })
})
