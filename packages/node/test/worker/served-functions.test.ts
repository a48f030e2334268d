import assert from 'node:assert/strict'
import test from 'node:test'
import { type CID, silentLogger, subnetCidOf, toUtf8 } from '@blockless/core'
import { MemoryBlockStore, packFunction } from '@blockless/storage'
import { ManualClock, testNetwork } from '@blockless/testing'
import { CallsUnderWay } from '../../src/worker/calls-under-way.ts'
import { ServedFunctions } from '../../src/worker/served-functions.ts'
import { drawOf } from '../support/draws.ts'
import { FakeExecutor, never } from '../support/fake-executor.ts'

const network = testNetwork(4)
const head = network.heads[0] ?? ''
const live: AbortSignal = new AbortController().signal

async function create(): Promise<{
  served: ServedFunctions
  store: MemoryBlockStore
  executor: FakeExecutor
  clock: ManualClock
  pack: (name: string) => Promise<CID>
  fetches: CID[]
}> {
  const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
  const executor = new FakeExecutor()
  const clock = new ManualClock()
  const fetches: CID[] = []
  const packed = new Map<string, readonly CID[]>()
  const exchange = {
    fetchDag: async (root: CID, options: { signal?: AbortSignal } = {}) => {
      options.signal?.throwIfAborted()
      fetches.push(root)
      await store.pin(root, packed.get(root.toString()) ?? [root])
      return { cids: [], size: 0 } as never
    },
  }
  const pack = async (name: string): Promise<CID> => {
    const modules = [{ file: 'f.wasm', name, type: 'entry' as const }]
    const { cid } = await packFunction(store, { manifest: { version: 1, name, modules }, wasm: toUtf8(name) })
    return cid
  }
  const served = new ServedFunctions({ store, exchange, executor, clock, log: silentLogger }, { network })
  return { served, store, executor, clock, pack, fetches }
}

test('serve() installs a function once for all who wait, and one who cancels takes it from nobody', async () => {
  const { served, executor, pack, fetches } = await create()
  const gate = Promise.withResolvers<void>()
  executor.onPrepare = async () => await gate.promise
  const functionCid = await pack('f')
  const subnets = [4, 3, 2].map((size) => drawOf(4, size, { functionCid }))
  const caller = new AbortController()
  const [first, ...others] = subnets.map(
    async (subnet, index) => await served.serve(subnet, head, index === 0 ? caller.signal : live),
  )
  caller.abort(new Error('cancelled'))
  await assert.rejects(first ?? Promise.resolve(), /cancelled/)
  gate.resolve()
  await Promise.all(others)
  assert.equal(fetches.length, 1)
  const [, second] = subnets
  assert.ok(second !== undefined && served.find(subnetCidOf(second)) !== undefined)
})

test('serve() forgets subnets of past epochs, and unpins what no subnet needs', async () => {
  const { served, store, clock, pack } = await create()
  const [old, kept] = [await pack('old'), await pack('kept')]
  await served.serve(drawOf(4, 4, { functionCid: old }), head, live)
  await served.serve(drawOf(4, 4, { functionCid: kept }), head, live)
  assert.equal(store.pinnedRoots().length, 2)
  await clock.advance(2 * network.epochMs + 30_001)
  await served.serve(drawOf(4, 4, { functionCid: kept, epoch: 2 }), head, live)
  assert.deepEqual(store.pinnedRoots().map(String), [kept.toString()])
  assert.equal(served.find(subnetCidOf(drawOf(4, 4, { functionCid: kept }))), undefined)
})

test('serve() unpins what an earlier life of the worker left', async () => {
  const { served, store, pack } = await create()
  const left = await pack('left')
  await store.pin(left, [left])
  const functionCid = await pack('f')
  await served.serve(drawOf(4, 4, { functionCid }), head, live)
  assert.deepEqual(store.pinnedRoots().map(String), [functionCid.toString()])
})

test('serve() remembers at most 1,024 subnets, the newest', async () => {
  const { served, pack } = await create()
  const functionCid = await pack('f')
  const subnet = drawOf(4, 4, { functionCid })
  const many = Array.from({ length: 1_030 }, (_, index) => ({
    ...subnet,
    beacon: Uint8Array.from({ length: 32 }, (_zero, at) => (at === 0 ? index >> 8 : index & 0xff)),
  }))
  for (const one of many) await served.serve(one, head, live)
  const found = many.filter((one) => served.find(subnetCidOf(one)) !== undefined)
  assert.deepEqual(found, many.slice(6))
})

test('stop() ends an installation with its reason', async () => {
  const { served, executor, pack } = await create()
  const functionCid = await pack('f')
  const preparing = Promise.withResolvers<void>()
  executor.onPrepare = async (signal) => {
    preparing.resolve()
    const ended = Promise.withResolvers<never>()
    signal?.addEventListener('abort', () => ended.reject(signal.reason))
    await Promise.race([ended.promise, never()])
  }
  const installed = served.install(functionCid, head, live)
  await preparing.promise
  served.stop(new Error('stopping'))
  await assert.rejects(installed, /stopping/)
  executor.onPrepare = () => {}
  await assert.rejects(served.install(functionCid, head, live), /stopping/)
})

test('CallsUnderWay keeps calls of links apart, and bounds them', () => {
  const calls = new CallsUnderWay()
  const [a, b] = [{}, {}]
  const signals = [calls.begin(a, 1), calls.begin(b, 1), calls.begin(a, 2)]
  assert.throws(() => calls.begin(a, 1), { code: 'ERR_CALL_DUPLICATE' })
  calls.abort(a, 1, new Error('one'))
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false, false],
  )
  calls.abortLink(a, new Error('link'))
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false, true],
  )
  calls.end(a, 1)
  assert.equal(calls.begin(a, 1).aborted, false)
  for (let id = 100; id < 100 + 510; id++) calls.begin(a, id)
  assert.throws(() => calls.begin(a, 9_999), { code: 'ERR_WORKER_BUSY' })
  calls.end(a, 100)
  calls.begin(a, 9_999)
  calls.abortAll(new Error('all'))
  assert.equal(signals[1]?.aborted, true)
})
