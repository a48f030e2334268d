import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DEFAULT_LIMITS,
  type FunctionSettings,
  type Limits,
  type Network,
  receiptToJson,
  settingsOf,
  silentLogger,
  systemClock,
  systemRandom,
  toUtf8,
  verify,
} from '@blockless/core'
import { createHost, Head, type Identity, identityOf, Journal, Worker } from '@blockless/node'
import { DEFAULT_CAPS, Executor, type RunReport } from '@blockless/runtime'
import { createExchange, type Exchange, MemoryBlockStore, packFunction } from '@blockless/storage'
import { fixture } from '@blockless/testing'

// Five nodes with real libp2p, Bitswap and sandboxes; one of the workers says something else than what it ran.

const WORKERS = 4
const CAPS: Limits = { ...DEFAULT_LIMITS, deadlineMs: 60_000 }
const components = { clock: systemClock, random: systemRandom, log: silentLogger }

type Sandbox = Pick<Executor, 'prepare' | 'has' | 'run'>

async function startNode(owned: AsyncDisposableStack, { privateKey, signer }: Identity) {
  const host = await createHost({ privateKey, listen: ['/ip4/127.0.0.1/tcp/0'] })
  owned.defer(async () => await host.stop())
  const store = new MemoryBlockStore({ sizeMax: 50_000_000 })
  const exchange: Exchange = createExchange({ libp2p: host, store })
  await exchange.start()
  owned.defer(async () => await exchange.stop())
  return { host, signer, store, exchange }
}

async function startNetwork(owned: AsyncDisposableStack, bend: (index: number, sandbox: Sandbox) => Sandbox) {
  const identities = Array.from({ length: WORKERS + 1 }, () => identityOf(systemRandom.bytes(32)))
  const [headIdentity, ...workerIdentities] = identities
  assert.ok(headIdentity !== undefined)
  const network: Network = {
    version: 1,
    chainId: 'local-test',
    genesisTimeMs: Date.now() - 1_000,
    epochMs: 3_600_000,
    heads: [headIdentity.signer.nodeId],
    workers: workerIdentities.map(({ signer }) => signer.nodeId),
  }
  const headNode = await startNode(owned, headIdentity)
  const journal = new Journal({ log: silentLogger }, { path: ':memory:', requestsCountMax: 100 })
  journal.start()
  owned.defer(() => journal.stop())
  const head = new Head({ ...components, ...headNode, journal }, { network })
  await head.start()
  owned.defer(async () => await head.stop())
  const heads = headNode.host.getMultiaddrs().map(String)
  for (const [index, identity] of workerIdentities.entries()) {
    const node = await startNode(owned, identity)
    const executor = owned.use(new Executor(components, { threads: 1 }))
    await executor.start()
    const worker = new Worker(
      { ...components, ...node, families: [], executor: bend(index, executor) },
      { network, heads, caps: CAPS, operator: DEFAULT_CAPS },
    )
    worker.start()
    owned.defer(async () => await worker.stop())
  }
  await head.waitForWorkers(WORKERS, AbortSignal.timeout(30_000))
  return { head, network, journal, store: headNode.store, workerIdentities }
}

/** A sandbox that runs the function and then reports another output. */
function lying(sandbox: Sandbox): Sandbox {
  const run = async (...call: Parameters<Sandbox['run']>): Promise<RunReport> => {
    const report = await sandbox.run(...call)
    return { ...report, stdout: toUtf8('something that pays better\n') }
  }
  return { prepare: (...call) => sandbox.prepare(...call), has: (cid) => sandbox.has(cid), run }
}

async function settingsFor(
  store: MemoryBlockStore,
): Promise<{ settings: FunctionSettings; functionCid: Awaited<ReturnType<typeof packFunction>>['cid'] }> {
  const modules = [{ file: 'echo.wasm', name: 'echo', type: 'entry' as const }]
  const manifest = { version: 1 as const, name: 'echo', modules }
  const { cid } = await packFunction(store, { manifest, wasm: await fixture('echo') })
  return { settings: settingsOf(manifest, DEFAULT_LIMITS), functionCid: cid }
}

test('a lying worker is outvoted, and the receipt names it', async () => {
  await using owned = new AsyncDisposableStack()
  const LIAR = 2
  const { head, network, store, workerIdentities } = await startNetwork(owned, (index, sandbox) =>
    index === LIAR ? lying(sandbox) : sandbox,
  )
  const { settings, functionCid } = await settingsFor(store)
  const signal = AbortSignal.timeout(60_000)
  const subnet = await head.deploy(functionCid, settings, signal)
  const input = { args: [], env: {}, stdin: toUtf8('the truth') }
  const { receipt, result, groups } = await head.invoke({ functionCid, settings, input }, signal)
  assert.equal(new TextDecoder().decode(result.stdout), 'the truth')
  const verdict = verify(receiptToJson(receipt), { functionCid, input, output: result.stdout, network, subnet })
  assert.ok(verdict.ok, JSON.stringify(verdict.checks.filter(({ status }) => status !== 'passed')))
  assert.equal(receipt.votes.length, 4)
  assert.deepEqual(
    groups.map(({ nodes }) => nodes.length),
    [3, 1],
  )
  assert.deepEqual(groups[1]?.nodes, [workerIdentities[LIAR]?.signer.nodeId])
  assert.match(verdict.checks.find(({ name }) => name === 'threshold')?.detail ?? '', /1 outvoted/)
})

test('two liars of four that say the same leave no agreement, and the story shows where they part', async () => {
  await using owned = new AsyncDisposableStack()
  const { head, store, journal } = await startNetwork(owned, (index, sandbox) => (index < 2 ? lying(sandbox) : sandbox))
  const { settings, functionCid } = await settingsFor(store)
  const signal = AbortSignal.timeout(60_000)
  await head.deploy(functionCid, settings, signal)
  const input = { args: [], env: {}, stdin: toUtf8('the truth') }
  await assert.rejects(head.invoke({ functionCid, settings, input }, signal), { code: 'ERR_DIVERGED' })
  const [story] = journal.latest(1)
  assert.equal(story?.outcome, 'diverged')
  assert.equal(story?.divergence?.field, 'stdout')
  assert.equal(story?.divergence?.offset, 0)
})
