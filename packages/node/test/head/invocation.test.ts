import assert from 'node:assert/strict'
import test from 'node:test'
import {
  CodedError,
  decodeFrame,
  inputHashOf,
  requestIdOf,
  type Signer,
  silentLogger,
  subnetCidOf,
} from '@blockless/core'
import { ManualClock, testSigner } from '@blockless/testing'
import { Invocation, type InvocationOutcome } from '../../src/head/invocation.ts'
import type { WorkerReply } from '../../src/head/worker-links.ts'
import { type Execute, headMessageSchema } from '../../src/work/messages.ts'
import { drawOf, FUNCTION_CID, requestOf } from '../support/draws.ts'
import { resultFor } from '../support/work.ts'

type Behave = (message: Execute, signer: Signer, signal: AbortSignal) => Promise<WorkerReply> | WorkerReply

/** An invocation of four nodes with four spares, on a clock that stands still. */
function start(
  behave: (index: number) => Behave,
  signal: AbortSignal = new AbortController().signal,
): {
  clock: ManualClock
  outcome: Promise<InvocationOutcome>
  order: readonly string[]
  asked: string[]
  cancelled: string[]
} {
  const clock = new ManualClock()
  const subnet = drawOf(8, 4)
  const formed = { cid: subnetCidOf(subnet), subnet, unprepared: new Map(), declined: [], formedInMs: 0 }
  const input = { args: [], env: {}, stdin: new Uint8Array(0) }
  const request = requestOf({ functionCid: FUNCTION_CID, inputHash: inputHashOf(input), timestampMs: clock.now() })
  const signers = new Map(
    Array.from({ length: 8 }, (_, index) => [testSigner(index + 1).nodeId, testSigner(index + 1)]),
  )
  const asked: string[] = []
  const cancelled: string[] = []
  const call = async (node: string, _id: number, frame: Uint8Array, ended: AbortSignal): Promise<WorkerReply> => {
    asked.push(node)
    const message = decodeFrame(frame, headMessageSchema)
    const signer = signers.get(node)
    assert.ok(message.kind === 'execute' && signer !== undefined)
    const gone = Promise.withResolvers<never>()
    gone.promise.catch(() => {})
    ended.addEventListener('abort', () => {
      cancelled.push(node)
      gone.reject(ended.reason)
    })
    const answer = Promise.resolve(behave(subnet.order.indexOf(node))(message, signer, ended))
    const reply = await Promise.race([answer, gone.promise])
    return reply
  }
  const links = { call, nextId: () => 1 }
  const init = { requestId: requestIdOf(request), request, input, formed, startedMs: clock.monotonic() }
  const outcome = new Invocation({ links, clock, log: silentLogger }, init).run(signal)
  return { clock, outcome, order: subnet.order, asked, cancelled }
}

const honest: Behave = (message, signer) => resultFor(signer, message, 'yes')
const lying: Behave = (message, signer) => resultFor(signer, message, 'no')
const silent: Behave = async () => await Promise.withResolvers<never>().promise
const refusing: Behave = ({ id }) => ({ kind: 'refused', id, code: 'ERR_QUEUE_FULL', message: 'full' })
const lost: Behave = () => {
  throw new CodedError('ERR_LINK_CLOSED', 'gone')
}

test('run() decides at once when all answer, and waits for a straggler no longer than 100 ms', async () => {
  const all = start(() => honest)
  const { ending } = await all.outcome
  assert.ok(ending.kind === 'decided')
  assert.equal(ending.agreeing.length, 4)
  const three = start((index) => (index === 1 ? silent : honest))
  await three.clock.advance(99)
  let isOver = false
  const over = three.outcome.then(() => {
    isOver = true
  })
  await three.clock.advance(0)
  assert.ok(!isOver)
  await three.clock.advance(1)
  await over
  const outcome = await three.outcome
  assert.ok(outcome.ending.kind === 'decided')
  assert.deepEqual(outcome.ending.unanswered, [three.order[1]])
  assert.deepEqual(three.cancelled.includes(three.order[1] ?? ''), true)
})

test('run() replaces whoever refuses or is lost by the next spares in their order', async () => {
  const run = start((index) => (index === 0 ? refusing : index === 2 ? lost : honest))
  const { ending, failures, events } = await run.outcome
  assert.ok(ending.kind === 'decided')
  assert.deepEqual(ending.asked, run.order.slice(0, 6))
  assert.deepEqual(
    ending.failed.map(({ node, code }) => [node, code]),
    [
      [run.order[0], 'ERR_QUEUE_FULL'],
      [run.order[2], 'ERR_LINK_CLOSED'],
    ],
  )
  assert.equal(failures.get(run.order[0] ?? '')?.message, 'full')
  assert.equal(events.filter(({ kind }) => kind === 'asked').length, 6)
  assert.equal(events.filter(({ kind }) => kind === 'voted').length, 4)
})

test('run() replaces who stays silent beyond the deadline, and a word that comes later does not count', async () => {
  const late = Promise.withResolvers<void>()
  const slow: Behave = async (message, signer) => {
    await late.promise
    return resultFor(signer, message, 'no')
  }
  const run = start((index) => (index === 0 ? slow : index === 1 || index === 4 ? silent : honest))
  await run.clock.advance(3_000) // deadline of 1 s, and 2 s of grace
  assert.deepEqual(run.asked, run.order.slice(0, 6))
  late.resolve()
  await run.clock.advance(100)
  const { ending } = await run.outcome
  assert.ok(ending.kind === 'decided')
  assert.equal(ending.agreeing.length, 3)
  assert.ok(ending.failed.some(({ node, code }) => node === run.order[0] && code === 'ERR_ANSWER_TIMEOUT'))
  assert.deepEqual(ending.outvoted, [])
})

test('run() ends with not-enough when everyone is lost, having asked everyone once', async () => {
  const run = start(() => lost)
  const { ending } = await run.outcome
  assert.equal(ending.kind, 'not-enough')
  assert.deepEqual(run.asked.toSorted(), run.order.toSorted())
})

test('run() ends with diverged when two stand against two', async () => {
  const run = start((index) => (index % 2 === 0 ? honest : lying))
  const { ending } = await run.outcome
  assert.ok(ending.kind === 'diverged')
  assert.deepEqual(
    ending.groups.map(({ nodes }) => nodes.length),
    [2, 2],
  )
})

test('run() rejects with the reason of its signal, cancels all, and leaves no timer', async () => {
  const caller = new AbortController()
  const run = start(() => silent, caller.signal)
  run.outcome.catch(() => {})
  await run.clock.advance(10)
  caller.abort(new Error('gone'))
  await assert.rejects(run.outcome, /gone/)
  assert.deepEqual(run.cancelled.toSorted(), run.asked.toSorted())
  assert.equal(run.clock.pendingCount, 0)
  await assert.rejects(start(() => honest, AbortSignal.abort(new Error('before'))).outcome, /before/)
})

test('run() ends in time even if nobody ever answers', async () => {
  const run = start(() => silent)
  await run.clock.advance(6_000) // twice the deadline and its grace
  const { ending } = await run.outcome
  assert.equal(ending.kind, 'not-enough')
  assert.equal(run.clock.pendingCount, 0)
})
