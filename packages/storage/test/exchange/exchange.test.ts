import assert from 'node:assert/strict'
import test from 'node:test'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { createExchange, importFile, importFiles, type MemoryBlockStore, readFile } from '../../src/index.ts'
import { cidOf, link, memoryStore, putNode, putRaw, sampleBytes } from '../support/blocks.ts'
import { createNode, createPeer, type Peer } from '../support/peers.ts'

const addresses = (peer: Peer): ReturnType<Peer['libp2p']['getMultiaddrs']> => peer.libp2p.getMultiaddrs()
const absent = cidOf(sampleBytes(77, 77))

test('fetchDag() brings a DAG from another node, pins it, and asks for nothing twice', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  const content = sampleBytes(3_000_000)
  const { cid, cids, size } = await importFiles(a.store, [{ path: 'bin/run.wasm', content }])
  const fetched = await b.exchange.fetchDag(cid, { providers: [addresses(a)], pin: true })
  assert.deepEqual([fetched.cid, fetched.size, fetched.fetchedCount], [cid, size, cids.length])
  assert.deepEqual(fetched.cids.map(String), cids.map(String))
  assert.ok(Buffer.from(await readFile(b.store, cid, 'bin/run.wasm', { sizeMax: 3_000_000 })).equals(content))
  assert.equal(b.store.usage().keptSize, b.store.usage().size)
  assert.equal((await b.exchange.fetchDag(cid)).fetchedCount, 0)
})

test('fetchDag() works among five nodes, from several providers and for several callers at once', async () => {
  await using stack = new AsyncDisposableStack()
  const peers = await Promise.all(Array.from({ length: 5 }, () => createPeer()))
  for (const peer of peers) stack.use(peer)
  const [first, ...others] = peers
  assert.ok(first)
  const { cid, size } = await importFile(first.store, sampleBytes(2_000_000))
  for (const [index, peer] of others.entries()) {
    const providers = peers.slice(0, index + 1).map(addresses)
    const fetches = [peer.exchange.fetchDag(cid, { providers }), peer.exchange.fetchDag(cid, { providers })]
    for (const fetched of await Promise.all(fetches)) assert.equal(fetched.size, size)
  }
  for (const { store } of peers)
    assert.equal((await readFile(store, cid, '', { sizeMax: 2_000_000 })).length, 2_000_000)
})

test('fetchDag() puts a DAG together from peers of which none has all', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  await using c = await createPeer()
  const { cid, cids } = await importFile(a.store, sampleBytes(3_000_000))
  await c.exchange.fetchDag(cid, { providers: [addresses(a)] })
  for (const [index, block] of cids.entries()) await (index % 2 === 0 ? a : c).store.delete(block)
  const { fetchedCount } = await b.exchange.fetchDag(cid, { providers: [addresses(a), addresses(c)] })
  assert.equal(fetchedCount, cids.length)
})

test('fetchDag() gets a block again from the same peer right after it was evicted', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  const { cid, cids } = await importFile(a.store, sampleBytes(600_000))
  for (let round = 0; round < 4; round++) {
    const options = { providers: [addresses(a)], timeoutMs: 4_000, askTimeoutMs: 4_000 }
    assert.equal((await b.exchange.fetchDag(cid, options)).fetchedCount, cids.length)
    for (const block of cids) await b.store.delete(block)
  }
})

test('fetchDag() finds a block at a peer that said before that it has none', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  const options = { providers: [addresses(a)], timeoutMs: 4_000, askTimeoutMs: 4_000 }
  await assert.rejects(b.exchange.fetchDag(absent, options), { code: 'ERR_FETCH_NOT_FOUND' })
  await assert.rejects(b.exchange.fetchDag(absent, options), { code: 'ERR_FETCH_NOT_FOUND' })
  await a.store.put(absent, sampleBytes(77, 77))
  assert.equal((await b.exchange.fetchDag(absent, options)).fetchedCount, 1)
})

test('fetchDag() says which block nobody has', async () => {
  await using alone = await createPeer()
  const details = { code: 'ERR_FETCH_NOT_FOUND', root: absent.toString(), missing: absent.toString(), peerCount: 0 }
  await assert.rejects(alone.exchange.fetchDag(absent), { details })
  await using a = await createPeer()
  const folder = await putNode(a.store, new UnixFS({ type: 'directory' }), [link('gone', absent)])
  await assert.rejects(alone.exchange.fetchDag(folder, { providers: [addresses(a)] }), {
    details: { ...details, root: folder.toString(), peerCount: 1 },
  })
  const nowhere = addresses(a)
  await a.libp2p.stop()
  await assert.rejects(alone.exchange.fetchDag(absent, { providers: [nowhere] }), { code: 'ERR_FETCH_NOT_FOUND' })
})

test('fetchDag() goes on to the next peer when one stays silent or sends another block', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  await using stack = new AsyncDisposableStack()
  const { cid } = await importFile(a.store, sampleBytes(300_000))
  const silent = await createNode()
  const liar = await createNode()
  for (const node of [silent, liar]) stack.defer(() => node.stop())
  await silent.handle('/ipfs/bitswap/1.2.0', () => {})
  // Serves other bytes under the same CIDs, which Bitswap sends without a look at them.
  const wrong = {
    has: () => true,
    async *get() {
      yield sampleBytes(40)
    },
  }
  const liarExchange = createExchange({ libp2p: liar, store: wrong as unknown as MemoryBlockStore })
  await liarExchange.start()
  stack.defer(() => liarExchange.stop())
  const providers = [silent.getMultiaddrs(), liar.getMultiaddrs(), addresses(a)]
  const { fetchedCount } = await b.exchange.fetchDag(cid, { providers, askTimeoutMs: 200 })
  assert.equal(fetchedCount, 3)
})

test('fetchDag() ends at its deadline and at the signal, whatever peers do', async () => {
  await using b = await createPeer()
  await using stack = new AsyncDisposableStack()
  const silent = await createNode()
  stack.defer(() => silent.stop())
  await silent.handle('/ipfs/bitswap/1.2.0', () => {})
  const providers = [silent.getMultiaddrs()]
  await assert.rejects(b.exchange.fetchDag(absent, { providers, timeoutMs: 300 }), (error: { details?: object }) => {
    const { waitedMs, ...details } = error.details as { waitedMs: number }
    assert.ok(waitedMs >= 299)
    const text = absent.toString()
    assert.deepEqual(details, { code: 'ERR_FETCH_TIMEOUT', root: text, missing: text, peerCount: 1 })
    return true
  })
  const abort = new AbortController()
  const fetch = b.exchange.fetchDag(absent, { providers, signal: abort.signal })
  abort.abort(new Error('enough'))
  await assert.rejects(fetch, /enough/)
  await assert.rejects(b.exchange.fetchDag(absent, { signal: AbortSignal.abort(new Error('before')) }), /before/)
  const stopped = b.exchange.fetchDag(absent, { providers })
  await Promise.all([assert.rejects(stopped, { code: 'ERR_FETCH_STOPPED' }), b.exchange.stop()])
  await assert.rejects(b.exchange.fetchDag(absent), { code: 'ERR_FETCH_STOPPED' })
})

test('fetchDag() stops at its bounds and stores nothing beyond them', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  const { cid, size, cids } = await importFile(a.store, sampleBytes(1_000_000))
  const providers = [addresses(a)]
  const limits = [{ sizeMax: size - 1 }, { countMax: cids.length - 1 }, { depthMax: 0 }]
  for (const limit of limits) {
    await assert.rejects(b.exchange.fetchDag(cid, { providers, ...limit }), { code: 'ERR_FETCH_TOO_LARGE' })
    assert.ok(b.store.usage().size < size)
    assert.equal(b.store.usage().keptSize, 0)
  }
  const garbage = await putRaw(a.store, sampleBytes(50), 0x70)
  await assert.rejects(b.exchange.fetchDag(garbage, { providers }), { code: 'ERR_FETCH_INVALID' })
  await using small = await createPeer(500_000)
  await assert.rejects(small.exchange.fetchDag(cid, { providers }), { code: 'ERR_STORE_FULL' })
  assert.equal(small.store.usage().keptSize, 0)
})

test('fetchDag() is not held up by a block that is too large to travel', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  const large = await putRaw(a.store, sampleBytes(5 << 20))
  const options = { providers: [addresses(a)] }
  await assert.rejects(b.exchange.fetchDag(large, options), { code: 'ERR_FETCH_NOT_FOUND' })
  const fine = await putRaw(a.store, sampleBytes(2 << 20))
  assert.equal((await b.exchange.fetchDag(fine, options)).size, 2 << 20)
})

test('stop() leaves the libp2p node running, start() begins again, and nothing unasked is stored', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  const { cid } = await importFile(a.store, sampleBytes(1000))
  await a.exchange.stop()
  await a.exchange.stop()
  assert.equal(a.libp2p.status, 'started')
  await assert.rejects(b.exchange.fetchDag(cid, { providers: [addresses(a)] }), { code: 'ERR_FETCH_NOT_FOUND' })
  await Promise.all([a.exchange.start(), a.exchange.start()])
  assert.equal((await b.exchange.fetchDag(cid)).fetchedCount, 1)
  assert.equal(a.store.usage().count, 1)
})

test('fetchDag() brings hundreds of small blocks', async () => {
  await using a = await createPeer()
  await using b = await createPeer()
  const files = Array.from({ length: 400 }, (_, index) => ({ path: `f${index}`, content: sampleBytes(20, index) }))
  const { cid } = await importFiles(a.store, files)
  const { cids } = await b.exchange.fetchDag(cid, { providers: [addresses(a)], askTimeoutMs: 3_000 })
  const distinct = new Set<string>(cids.map((block: CID) => block.toString()))
  assert.equal(distinct.size, cids.length)
  assert.ok(memoryStore().usage().count === 0)
})
