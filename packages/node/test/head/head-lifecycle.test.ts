import assert from 'node:assert/strict'
import test from 'node:test'
import { isCodedError, verify } from '@blockless/core'
import { never, report } from '../support/fake-executor.ts'
import { MovedClock } from '../support/moved-clock.ts'
import { NO_ABORT, NO_INPUT, TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

test('invoke() is answered by a spare when a worker dies in the middle of a request', async () => {
  await using net = await TestNetwork.start({ workersCount: 5 })
  const { functionCid, settings } = await net.pack('killed')
  const { order } = await net.head.deploy(functionCid, settings, NO_ABORT)
  const dying = net.workerOf(order[2] ?? '')
  dying.executor.behave = never
  const invoked = net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT)
  // While one member is silent, three agree and a straggler's time passes: two silent ones keep the request open.
  const second = net.workerOf(order[3] ?? '')
  const held = Promise.withResolvers<ReturnType<typeof report>>()
  second.executor.behave = () => held.promise
  await until(() => dying.executor.runsCount === 1, 'the member runs')
  await dying.host.stop()
  await until(() => net.workerOf(order[4] ?? '').executor.runsCount === 1, 'the spare runs')
  held.resolve(report('hello\n'))
  const { receipt } = await invoked
  assert.deepEqual(receipt.replaced, [{ node: order[2], reason: 'ERR_LINK_CLOSED' }])
  assert.deepEqual(receipt.subnet.members, order)
  assert.ok(verify(receipt, { network: net.network }).ok)
})

test('invoke() is answered by those that remain when there is no spare', async () => {
  await using net = await TestNetwork.start({ workersCount: 4 })
  const { functionCid, settings } = await net.pack('remaining')
  const { order } = await net.head.deploy(functionCid, settings, NO_ABORT)
  await net.workerOf(order[0] ?? '').stop()
  await until(() => net.head.workers.length === 3, 'the head knows')
  const { receipt, result } = await net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT)
  assert.equal(new TextDecoder().decode(result.stdout), 'hello\n')
  assert.equal(receipt.votes.length, 3)
  assert.deepEqual(receipt.replaced, [{ node: order[0], reason: 'ERR_LINK_CLOSED' }])
  assert.ok(verify(receipt, { network: net.network }).ok)
})

test('stop() of a head rejects what is under way with ERR_STOPPED, and takes nothing more', async () => {
  const net = await TestNetwork.start({ workersCount: 4 })
  const { functionCid, settings } = await net.pack('stopped')
  await net.head.deploy(functionCid, settings, NO_ABORT)
  for (const { executor } of net.workers) executor.behave = never
  const invoked = net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT)
  const other = await net.pack('other')
  for (const { executor } of net.workers) executor.onPrepare = never
  const deployed = net.head.deploy(other.functionCid, other.settings, NO_ABORT)
  const outcomes = Promise.allSettled([invoked, deployed])
  await until(() => net.workers.every(({ executor }) => executor.runsCount === 1), 'all run')
  const startedMs = performance.now()
  await net.head.stop()
  assert.ok(performance.now() - startedMs < 1_000)
  for (const outcome of await outcomes) {
    assert.ok(outcome.status === 'rejected' && isCodedError(outcome.reason, 'ERR_STOPPED'))
  }
  assert.equal(net.journal.latest(1)[0]?.detail, 'The head was stopped')
  await assert.rejects(net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT), { code: 'ERR_STOPPED' })
  await assert.rejects(net.head.deploy(functionCid, settings, NO_ABORT), { code: 'ERR_STOPPED' })
  await until(() => net.workers.every(({ executor }) => executor.aborted.length === 1), 'runs end with their link')
  await net[Symbol.asyncDispose]()
})

test('stop() of a worker aborts its runs and installations, and does not wait for them', async () => {
  await using net = await TestNetwork.start({ workersCount: 1 })
  const direct = { agreement: { kind: 'direct' as const, nodes: 1, threshold: 1 } }
  const { functionCid, settings } = await net.pack('run', direct)
  const [worker] = net.workers
  assert.ok(worker !== undefined)
  worker.executor.behave = never
  const invoked = net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT)
  invoked.catch(() => {})
  await until(() => worker.executor.runsCount === 1, 'it runs')
  const preparing = Promise.withResolvers<void>()
  worker.executor.onPrepare = async () => {
    preparing.resolve()
    await never()
  }
  const other = await net.pack('install', direct)
  const deployed = net.head.deploy(other.functionCid, other.settings, NO_ABORT)
  deployed.catch(() => {})
  await preparing.promise
  const startedMs = performance.now()
  await worker.worker.stop()
  assert.ok(performance.now() - startedMs < 1_000)
  await assert.rejects(invoked, { code: 'ERR_NOT_ENOUGH_ANSWERS' })
  await assert.rejects(deployed)
  assert.ok(isCodedError(worker.executor.aborted[0], 'ERR_STOPPED'))
  assert.deepEqual(worker.worker.heads, [])
})

test('stop() of a worker returns when its host was stopped before', async () => {
  await using net = await TestNetwork.start({ workersCount: 1 })
  const [worker] = net.workers
  await worker?.host.stop()
  await worker?.worker.stop()
  await until(() => net.head.workers.length === 0, 'the head knows')
})

test('workers dial a head that starts again and serve it', async () => {
  await using net = await TestNetwork.start({ workersCount: 4 })
  const { functionCid, settings } = await net.pack('again', {
    agreement: { kind: 'aggregate', nodes: 4, threshold: 4 },
  })
  const call = { functionCid, settings, input: NO_INPUT }
  await net.head.invoke(call, NO_ABORT)
  const listen = net.headNode.host.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/.*$/, ''))
  await net.stopHead()
  await net.startHead(listen)
  await net.pack('again', { agreement: { kind: 'aggregate', nodes: 4, threshold: 4 } }) // its store is new, too; the workers have the blocks already
  await net.head.waitForWorkers(4, AbortSignal.timeout(20_000))
  const { receipt } = await net.head.invoke(call, NO_ABORT)
  assert.ok(verify(receipt, { network: net.network }).ok)
  assert.equal(receipt.votes.length, 4)
})

test('a worker that starts again is reminded of its subnet within the request', async () => {
  await using net = await TestNetwork.start({ workersCount: 4 })
  const { functionCid, settings } = await net.pack('reminded', {
    agreement: { kind: 'aggregate', nodes: 4, threshold: 4 },
  })
  const call = { functionCid, settings, input: NO_INPUT }
  const { order } = await net.head.deploy(functionCid, settings, NO_ABORT)
  const index = net.workers.indexOf(net.workerOf(order[0] ?? ''))
  await net.workers[index]?.stop()
  await until(() => net.head.workers.length === 3, 'it is gone')
  const restarted = await net.startWorker(index + 1)
  await net.head.waitForWorkers(4, AbortSignal.timeout(10_000))
  // Who is reminded fetches the function anew, which may take longer than stragglers are given: two others wait.
  const held = Promise.withResolvers<ReturnType<typeof report>>()
  for (const node of order.slice(2)) net.workerOf(node).executor.behave = () => held.promise
  const invoked = net.head.invoke(call, NO_ABORT)
  await until(() => restarted.executor.runsCount === 1, 'it runs')
  held.resolve(report('hello\n'))
  const { receipt } = await invoked
  assert.deepEqual(receipt.replaced, [])
  assert.equal(receipt.votes.length, 4)
})

test('the last subnet serves on while the next epoch forms its own, and both draws are on record', async () => {
  const clock = new MovedClock()
  await using net = await TestNetwork.start({ workersCount: 4, clock, epochMs: 60_000 })
  const { functionCid, settings } = await net.pack('epochs')
  const call = { functionCid, settings, input: NO_INPUT }
  const first = await net.head.invoke(call, NO_ABORT)
  assert.equal(first.receipt.epoch, 0)
  const preparing = Promise.withResolvers<void>()
  for (const { executor } of net.workers) executor.onPrepare = async () => await preparing.promise
  clock.moveBy(60_000)
  const between = await net.head.invoke(call, NO_ABORT)
  assert.equal(between.receipt.epoch, 0, 'the last subnet serves on')
  assert.ok(verify(between.receipt, { network: net.network }).ok)
  preparing.resolve()
  for (const { executor } of net.workers) executor.onPrepare = () => {}
  const formed = (): number => net.headNode.log.messages('info').filter((message) => message === 'subnet formed').length
  await until(() => formed() === 2, 'the new subnet stands')
  const second = await net.head.invoke(call, NO_ABORT)
  assert.equal(second.receipt.epoch, 1)
  for (const { receipt } of [first, second]) {
    const subnet = net.journal.findSubnet(receipt.subnet.cid.toString())
    assert.ok(subnet !== undefined)
    assert.ok(verify(receipt, { network: net.network, subnet }).ok)
  }
  clock.moveBy(180_000)
  const later = await net.head.invoke(call, NO_ABORT)
  assert.equal(later.receipt.epoch, 4, 'a subnet of long ago serves no more')
})

test('a worker gives back the packages of functions that it serves no more', async () => {
  const clock = new MovedClock()
  await using net = await TestNetwork.start({ workersCount: 1, clock, epochMs: 60_000 })
  const direct = { agreement: { kind: 'direct' as const, nodes: 1, threshold: 1 } }
  const [worker] = net.workers
  const functions = await Promise.all(['one', 'two', 'three'].map(async (name) => await net.pack(name, direct)))
  for (const { functionCid, settings } of functions) await net.head.deploy(functionCid, settings, NO_ABORT)
  assert.equal(worker?.store.pinnedRoots().length, 3)
  clock.moveBy(300_000)
  const next = await net.pack('four', direct)
  await net.head.deploy(next.functionCid, next.settings, NO_ABORT)
  assert.deepEqual(worker?.store.pinnedRoots().map(String), [next.functionCid.toString()])
  const [old] = functions
  assert.ok(old !== undefined)
  await net.head.invoke({ ...old, input: NO_INPUT }, NO_ABORT)
  assert.ok(worker?.store.isKept(old.functionCid), 'a function that is called again is kept again')
})
