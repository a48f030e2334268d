import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'
import { CodedError, isCodedError, subnetCidOf, verify } from '@blockless/core'
import { InvocationError } from '@blockless/node'
import { never, report } from '../support/fake-executor.ts'
import { NO_ABORT, NO_INPUT, TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

/** All four have to agree, so that no straggler is left out on a busy machine. */
const ALL = { agreement: { kind: 'aggregate' as const, nodes: 4, threshold: 4 } }

describe('Head with five workers', () => {
  let net: TestNetwork
  before(async () => {
    net = await TestNetwork.start({ workersCount: 5 })
  })
  after(async () => await net[Symbol.asyncDispose]())

  /** All executors as they were. */
  function reset(): void {
    for (const { executor } of net.workers) executor.behave = () => report('hello\n')
  }

  test('invoke() gives a receipt of four votes that verifies with all that a caller may hold', async () => {
    const { functionCid, settings } = await net.pack('happy', ALL)
    const subnet = await net.head.deploy(functionCid, settings, NO_ABORT)
    const input = { args: ['a'], env: { NAME: 'value' }, stdin: Uint8Array.of(1, 2, 3) }
    const { receipt, receiptCid, result, story, requestId, groups } = await net.head.invoke(
      { functionCid, settings, input },
      NO_ABORT,
    )
    const { agreement, entry } = settings
    const options = { functionCid, entry, agreement, input, output: result.stdout, subnet, network: net.network }
    const verdict = verify(receipt, options)
    assert.deepEqual(
      verdict.checks.filter(({ status }) => status !== 'passed'),
      [],
    )
    assert.ok(verdict.isComplete)
    assert.equal(receipt.votes.length, 4)
    assert.deepEqual(receipt.replaced, [])
    assert.equal(groups.length, 1)
    assert.equal(story.outcome, 'decided')
    assert.equal(story.divergence, undefined)
    assert.deepEqual(net.journal.findReceipt(receiptCid.toString()), receipt)
    assert.deepEqual(net.journal.findSubnet(receipt.subnet.cid.toString()), subnet)
    assert.equal(net.journal.findStory(requestId.slice(0, 8))?.requestId, requestId)
  })

  test('invoke() outvotes a worker that lies, and names it in receipt and story', async () => {
    const { functionCid, settings } = await net.pack('lie')
    const { order } = await net.head.deploy(functionCid, settings, NO_ABORT)
    const liar = net.workerOf(order[1] ?? '')
    const lied = Promise.withResolvers<void>()
    for (const { executor } of net.workers)
      executor.behave = async () => await lied.promise.then(() => report('hello\n'))
    liar.executor.behave = () => {
      setImmediate(lied.resolve) // the lie is on its way before any truth
      return report('jello\n')
    }
    const { receipt, result, story, groups } = await net.head.invoke(
      { functionCid, settings, input: NO_INPUT },
      NO_ABORT,
    )
    reset()
    assert.equal(new TextDecoder().decode(result.stdout), 'hello\n')
    const verdict = verify(receipt, { output: result.stdout, network: net.network })
    assert.ok(verdict.ok)
    assert.match(verdict.checks.find(({ name }) => name === 'threshold')?.detail ?? '', /1 outvoted/)
    assert.deepEqual(groups[1]?.nodes, [liar.signer.nodeId])
    const { divergence } = story
    assert.equal(divergence?.field, 'stdout')
    assert.equal(divergence.offset, 0)
    assert.deepEqual(divergence.groups[1], { nodes: [liar.signer.nodeId], excerpt: '"jello\\n"' })
  })

  test('invoke() replaces a worker that refuses by a spare', async () => {
    const { functionCid, settings } = await net.pack('refuse', ALL)
    const { order } = await net.head.deploy(functionCid, settings, NO_ABORT)
    const [refusing] = order
    net.workerOf(refusing ?? '').executor.behave = () => {
      throw new CodedError('ERR_QUEUE_FULL', 'Cannot accept run: too many wait')
    }
    const { receipt, story } = await net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT)
    reset()
    assert.deepEqual(receipt.replaced, [{ node: refusing, reason: 'ERR_QUEUE_FULL' }])
    assert.equal(receipt.votes.length, 4)
    assert.ok(receipt.votes.some(({ node }) => node === order[4]))
    assert.ok(verify(receipt, { network: net.network }).ok)
    const failed = story.events.find(({ kind }) => kind === 'failed')
    assert.equal(failed?.kind === 'failed' && failed.message, 'Cannot accept run: too many wait')
  })

  test('a worker keeps to itself why it failed if that is not coded', async () => {
    const { functionCid, settings } = await net.pack('secret')
    const { order } = await net.head.deploy(functionCid, settings, NO_ABORT)
    const broken = net.workerOf(order[0] ?? '')
    broken.executor.behave = () => {
      throw new Error('secret path')
    }
    const { receipt, story } = await net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT)
    reset()
    assert.equal(receipt.replaced[0]?.reason, 'ERR_WORKER')
    assert.doesNotMatch(JSON.stringify(story), /secret path/)
    assert.ok(broken.log.messages('error').includes('work failed'))
  })

  test('invoke() fails with ERR_DIVERGED and shows where when two against two differ', async () => {
    const { functionCid, settings } = await net.pack('diverge')
    const { order } = await net.head.deploy(functionCid, settings, NO_ABORT)
    for (const [index, node] of order.entries()) {
      net.workerOf(node).executor.behave = () => report(`the answer is ${index % 2}\n`)
    }
    const rollCalls = (): number =>
      net.headNode.log.entries.filter(({ message }) => message === 'roll call ended').length
    const before = rollCalls()
    const call = { functionCid, settings, input: NO_INPUT }
    const error = await net.head.invoke(call, NO_ABORT).catch((failure: unknown) => failure)
    assert.ok(error instanceof InvocationError && error.details.code === 'ERR_DIVERGED')
    const story = net.journal.findStory(error.details.requestId)
    assert.equal(story?.outcome, 'diverged')
    assert.deepEqual(
      { field: story.divergence?.field, offset: story.divergence?.offset },
      { field: 'stdout', offset: 14 },
    )
    assert.deepEqual(story.divergence?.groups.map(({ excerpt }) => excerpt).sort(), [
      '"the answer is 0\\n"',
      '"the answer is 1\\n"',
    ])
    await assert.rejects(net.head.invoke(call, NO_ABORT), { code: 'ERR_DIVERGED' })
    assert.equal(rollCalls(), before, 'a function that diverges costs no roll call')
    reset()
  })

  test('invoke() says so when all workers reach the deadline', async () => {
    const { functionCid, settings } = await net.pack('slow')
    for (const { executor } of net.workers) {
      executor.behave = () => {
        throw new CodedError('ERR_DEADLINE', 'Cannot finish run: it was still running after 10 ms')
      }
    }
    const error = await net.head
      .invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT)
      .catch((failure: unknown) => failure)
    reset()
    assert.ok(error instanceof InvocationError && error.details.code === 'ERR_NOT_ENOUGH_ANSWERS')
    assert.ok(error.details.failed.every(({ code }) => code === 'ERR_DEADLINE'))
    assert.match(error.message, /still running after 10 ms/)
    assert.equal(net.journal.findStory(error.details.requestId)?.outcome, 'not-enough')
  })

  test('invoke() tells workers to stop when its caller goes away', async () => {
    const { functionCid, settings } = await net.pack('cancel')
    const { order } = await net.head.deploy(functionCid, settings, NO_ABORT)
    const members = order.slice(0, 4).map((node) => net.workerOf(node))
    const before = members.map(({ executor }) => executor.runsCount)
    for (const { executor } of members) executor.behave = never
    const caller = new AbortController()
    const invoked = net.head.invoke({ functionCid, settings, input: NO_INPUT }, caller.signal)
    invoked.catch(() => {})
    await until(
      () => members.every(({ executor }, index) => executor.runsCount > (before[index] ?? 0)),
      'all members run',
    )
    assert.equal(net.head.underWay, 1)
    const reason = new Error('gone')
    caller.abort(reason)
    await assert.rejects(invoked, reason)
    await until(
      () => members.every(({ executor }) => isCodedError(executor.aborted.at(-1), 'ERR_CANCELLED')),
      'all members stop',
    )
    assert.equal(net.head.underWay, 0)
    assert.equal(net.journal.latest(1)[0]?.outcome, 'cancelled')
    reset()
  })

  test('invoke() refuses what workers could not read, and all links stand', async () => {
    const { functionCid, settings } = await net.pack('unreadable')
    await net.head.deploy(functionCid, settings, NO_ABORT)
    const { limits } = settings
    const calls = [
      { input: { ...NO_INPUT, args: ['a\0b'] }, path: 'input.args[0]' },
      { input: { ...NO_INPUT, args: ['\ufeffb'] }, path: 'input.args[0]' },
      { input: { ...NO_INPUT, env: { 'a=b': '' } }, path: 'input.env' },
      { input: { ...NO_INPUT, stdin: new Uint8Array(4_194_305) }, path: 'input.stdin' },
      { input: NO_INPUT, limits: { ...limits, memoryBytes: 1 }, path: 'limits.memoryBytes' },
      { input: NO_INPUT, limits: { ...limits, deadlineMs: 0 }, path: 'limits.deadlineMs' },
    ]
    for (const { path, ...call } of calls) {
      const error = await net.head
        .invoke({ functionCid, settings, ...call }, NO_ABORT)
        .catch((caught: unknown) => caught)
      assert.ok(isCodedError(error, 'ERR_SCHEMA') && 'path' in error.details, path)
      assert.equal(error.details.path, path)
    }
    const large = { ...NO_INPUT, args: Array.from({ length: 200 }, () => 'x'.repeat(65_536)) }
    await assert.rejects(net.head.invoke({ functionCid, settings, input: large }, NO_ABORT), { code: 'ERR_INPUT_SIZE' })
    const more = { ...limits, fuel: limits.fuel + 1 }
    const wide = { functionCid, settings, input: NO_INPUT, limits: more }
    await assert.rejects(net.head.invoke(wide, NO_ABORT), { code: 'ERR_LIMIT' })
    assert.equal(net.head.workers.length, 5)
  })

  test('invoke() takes the largest input that fits', async () => {
    const { functionCid, settings } = await net.pack('large')
    const input = { ...NO_INPUT, stdin: new Uint8Array(4_194_304).fill(7) }
    const { receipt } = await net.head.invoke({ functionCid, settings, input }, NO_ABORT)
    assert.ok(verify(receipt, { input }).ok)
  })

  test('invoke() names the numbers when too few workers are there', async () => {
    const { functionCid, settings } = await net.pack('many')
    const agreement = { kind: 'aggregate' as const, nodes: 7, threshold: 5 }
    const call = { functionCid, settings: { ...settings, agreement }, input: NO_INPUT }
    await assert.rejects(net.head.invoke(call, NO_ABORT), {
      code: 'ERR_SUBNET_TOO_SMALL',
      details: { code: 'ERR_SUBNET_TOO_SMALL', wanted: 7, found: 5 },
    })
  })

  test('deploy() gives the error of the function itself when all workers report it', async () => {
    const { functionCid, settings } = await net.pack('broken')
    for (const { executor } of net.workers) {
      executor.onPrepare = () => {
        throw new CodedError('ERR_MODULE_INVALID', 'Cannot use module: it is a picture')
      }
    }
    await assert.rejects(net.head.deploy(functionCid, settings, NO_ABORT), {
      code: 'ERR_MODULE_INVALID',
      message: 'Cannot use module: it is a picture',
    })
    for (const { executor } of net.workers) executor.onPrepare = () => {}
  })

  test('deploy() with a signal that has aborted rejects at once and leaves no rejection behind', async () => {
    const { functionCid, settings } = await net.pack('aborted')
    const agreement = { kind: 'aggregate' as const, nodes: 9, threshold: 9 } // would fail later
    await assert.rejects(
      net.head.deploy(functionCid, { ...settings, agreement }, AbortSignal.abort(new Error('no'))),
      /no/,
    )
  })

  test('invoke() forms one subnet however many callers wait for it', async () => {
    const { functionCid, settings } = await net.pack('together')
    const call = { functionCid, settings, input: NO_INPUT }
    const results = await Promise.all(Array.from({ length: 50 }, async () => await net.head.invoke(call, NO_ABORT)))
    assert.equal(new Set(results.map(({ requestId }) => requestId)).size, 50)
    assert.equal(new Set(results.map(({ receipt }) => receipt.subnet.cid.toString())).size, 1)
    const recorded = net.journal.findSubnet(results[0]?.receipt.subnet.cid.toString() ?? '')
    assert.ok(recorded !== undefined, 'a draw on the path of a request is on record')
    assert.equal(subnetCidOf(recorded).toString(), results[0]?.receipt.subnet.cid.toString())
  })

  test('invoke() refuses the request that is one too many', async () => {
    const { functionCid, settings } = await net.pack('busy')
    await net.head.deploy(functionCid, settings, NO_ABORT)
    for (const { executor } of net.workers) executor.behave = never
    const caller = new AbortController()
    const call = { functionCid, settings, input: NO_INPUT }
    const running = Array.from({ length: 256 }, async () => await net.head.invoke(call, caller.signal))
    const settled = Promise.allSettled(running)
    await assert.rejects(net.head.invoke(call, NO_ABORT), { code: 'ERR_HEAD_BUSY' })
    caller.abort(new Error('enough'))
    await settled
    reset()
    assert.equal(net.head.underWay, 0)
    await net.head.invoke(call, NO_ABORT)
  })
})
