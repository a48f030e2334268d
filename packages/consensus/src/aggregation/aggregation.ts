import { equalBytes, HASH_SIZE, invariant, type NodeId } from '@blockless/core'
import type {
  AggregationEffect,
  AggregationEvent,
  AggregationInit,
  AggregationState,
  Answer,
  IgnoredReason,
} from './aggregation-types.ts'
import { liveCount, openCount, sparesCount } from './counts.ts'
import { endOf, resultGroups } from './ending.ts'

/** A state and what the caller has to do about it. */
export interface AggregationStep {
  readonly state: AggregationState
  readonly effects: readonly AggregationEffect[]
}

/** Members and spares of the largest subnet. */
const ORDER_COUNT_MAX = 128
/** Code of a node that did not answer in time. */
const TIMEOUT_CODE = 'ERR_ANSWER_TIMEOUT'
/** Code of a node that sent two different results. */
const EQUIVOCATION_CODE = 'ERR_EQUIVOCATION'

/**
 * The aggregation of one request's results, not started yet.
 *
 * @throws {RangeError} if the order is too short, too long or names a node twice, or a time is not `>= 0`
 */
export function createAggregation(init: AggregationInit): AggregationState {
  const { order, agreement, answerTimeoutMs, totalTimeoutMs, graceMs, graceFactor = 0 } = init
  if (order.length < agreement.nodes || order.length > ORDER_COUNT_MAX) {
    throw new RangeError(`Cannot aggregate: ${order.length} nodes in order, ${agreement.nodes} to 128 needed`)
  }
  if (new Set(order).size !== order.length) throw new RangeError('Cannot aggregate: the order names a node twice')
  for (const timeMs of [answerTimeoutMs, totalTimeoutMs, graceMs, graceFactor]) {
    if (!(timeMs >= 0)) throw new RangeError(`Cannot aggregate: a time of ${timeMs} ms, 0 or more needed`)
  }
  invariant(agreement.threshold * 2 > agreement.nodes, 'a threshold is more than half of the nodes')
  return {
    init,
    phase: 'created',
    answers: [],
    nowMs: 0,
    endByMs: Number.POSITIVE_INFINITY,
    settleAtMs: undefined,
  }
}

/**
 * Pure: what follows from an event. The first `agreement.nodes` of the order are asked at the start; whoever fails is
 * replaced by the next spare, unless the threshold is already reached or out of reach. A node's first word counts, a
 * node that was replaced has no vote anymore, so at most `agreement.nodes` votes stand at any time, and two results
 * can never both reach a threshold of more than half of them.
 *
 * Spares are not asked when results diverge: a function that is not deterministic would waste them all, and asking on
 * until some result wins would let a minority of the drawn order decide. Only a `tick` lets time pass: an answer that
 * waited in a queue is not late unless a tick went by before it.
 *
 * @returns the next state, and effects to perform in order; exactly one of `decided`, `diverged` and `not-enough` over
 *   an aggregation's life
 * @throws {RangeError} if a result hash is not 32 bytes
 * @see docs/spec/aggregation.md
 *
 * @example
 * ```ts
 * import { createAggregation, stepAggregation } from '@blockless/consensus'
 * const agreement = { kind: 'aggregate', nodes: 2, threshold: 2 } as const
 * const times = { answerTimeoutMs: 1_000, totalTimeoutMs: 5_000, graceMs: 0 }
 * const created = createAggregation({ agreement, order: ['a', 'b', 'c'], ...times })
 * const started = stepAggregation(created, { kind: 'start', nowMs: 0 })
 * assert.deepEqual(started.effects.map((effect) => effect.kind === 'ask' && effect.node), ['a', 'b'])
 * const failed = stepAggregation(started.state, { kind: 'failure', nowMs: 1, node: 'a', code: 'ERR_REFUSED' })
 * assert.deepEqual(failed.effects, [{ kind: 'ask', node: 'c', answerByMs: 1_001 }])
 * ```
 */
export function stepAggregation(state: AggregationState, event: AggregationEvent): AggregationStep {
  if (state.phase === 'ended') return { state, effects: 'node' in event ? [ignored(event.node, 'ended')] : [] }
  const current = { ...state, nowMs: Math.max(state.nowMs, event.nowMs) }
  switch (event.kind) {
    case 'start':
      return state.phase === 'created' ? settle(start(current)) : { state: current, effects: [] }
    case 'result':
      return onResult(current, event.node, event.resultHash)
    case 'failure':
      return onFailure(current, event.node, event.code)
    case 'tick':
      return state.phase === 'created'
        ? { state: current, effects: [] }
        : settle({ state: expire(current), effects: [] })
  }
}

/** The time at which a tick may change something, or undefined while nothing is awaited: when to set a timer. */
export function nextTickMs(state: AggregationState): number | undefined {
  if (state.phase !== 'collecting') return undefined
  const deadlines = state.answers.flatMap((answer) => (answer.kind === 'pending' ? [answer.answerByMs] : []))
  const next = Math.min(...deadlines, state.settleAtMs ?? Number.POSITIVE_INFINITY)
  return Number.isFinite(next) ? next : undefined
}

function start({ init, ...rest }: AggregationState): AggregationStep {
  return {
    state: {
      ...rest,
      init,
      phase: 'collecting',
      endByMs: rest.nowMs + init.totalTimeoutMs,
    },
    effects: [],
  }
}

function onResult(state: AggregationState, node: NodeId, resultHash: Uint8Array): AggregationStep {
  if (resultHash.length !== HASH_SIZE) {
    throw new RangeError(`Cannot aggregate: result hash of ${resultHash.length} bytes, ${HASH_SIZE} needed`)
  }
  const index = state.init.order.indexOf(node)
  const answer = state.answers[index]
  if (answer === undefined) return { state, effects: [ignored(node, 'not-asked')] }
  if (answer.kind === 'failed') return { state, effects: [ignored(node, 'failed')] }
  if (answer.kind === 'pending')
    return settle({ state: record(state, index, { kind: 'answered', resultHash }), effects: [] })
  if (equalBytes(answer.resultHash, resultHash)) return { state, effects: [ignored(node, 'duplicate')] }
  const resultHashes = [answer.resultHash, resultHash] as const
  return settle({
    state: record(state, index, { kind: 'failed', code: EQUIVOCATION_CODE }),
    effects: [{ kind: 'equivocated', node, resultHashes }],
  })
}

function onFailure(state: AggregationState, node: NodeId, code: string): AggregationStep {
  const index = state.init.order.indexOf(node)
  const answer = state.answers[index]
  if (answer === undefined) return { state, effects: [ignored(node, 'not-asked')] }
  if (answer.kind === 'failed') return { state, effects: [ignored(node, 'duplicate')] }
  // A link that breaks after the vote came in takes nothing back: the vote is signed.
  if (answer.kind === 'answered') return { state, effects: [ignored(node, 'answered')] }
  return settle({ state: record(state, index, { kind: 'failed', code }), effects: [] })
}

function expire(state: AggregationState): AggregationState {
  const answers = state.answers.map((answer): Answer => {
    const isLate = answer.kind === 'pending' && answer.answerByMs <= state.nowMs
    return isLate ? { kind: 'failed', code: TIMEOUT_CODE } : answer
  })
  return { ...state, answers }
}

/** Brings the state to rest after its answers changed: decide, wait for more votes, ask spares, or give up. */
function settle({ state, effects }: AggregationStep): AggregationStep {
  const { agreement } = state.init
  const live = liveCount(state)
  invariant(live <= agreement.nodes, 'at most as many votes stand as the agreement has nodes')
  const largest = resultGroups(state)[0]?.nodes.length ?? 0
  if (largest >= agreement.threshold) {
    const settleAtMs = state.settleAtMs ?? state.nowMs + graceOf(state)
    const waits = openCount(state) > 0 && state.nowMs < settleAtMs
    return waits ? { state: { ...state, settleAtMs }, effects } : end(state, effects)
  }
  const vacant = Math.min(agreement.nodes - live, sparesCount(state))
  if (largest + openCount(state) + vacant < agreement.threshold) return end(state, effects)
  const asked = askSpares({ ...state, settleAtMs: undefined }, vacant)
  return { state: asked.state, effects: [...effects, ...asked.effects] }
}

/** How much longer the nodes that have not answered are awaited once the threshold is reached. */
function graceOf({ init, answers, nowMs }: AggregationState): number {
  const { graceMs, graceFactor = 0 } = init
  const waited = answers.map((answer) => (answer.kind === 'pending' ? nowMs - answer.askedMs : 0))
  return Math.max(graceMs, Math.max(0, ...waited) * graceFactor)
}

function askSpares(state: AggregationState, count: number): AggregationStep {
  const { order, answerTimeoutMs } = state.init
  const answerByMs = Math.min(state.nowMs + answerTimeoutMs, state.endByMs)
  const first = state.answers.length
  const nodes = order.slice(first, first + count)
  invariant(nodes.length === count, 'only nodes of the order are asked')
  const answers = [
    ...state.answers,
    ...nodes.map((): Answer => ({ kind: 'pending', askedMs: state.nowMs, answerByMs })),
  ]
  return { state: { ...state, answers }, effects: nodes.map((node) => ({ kind: 'ask', node, answerByMs })) }
}

function end(state: AggregationState, effects: readonly AggregationEffect[]): AggregationStep {
  return { state: { ...state, phase: 'ended', settleAtMs: undefined }, effects: [...effects, endOf(state)] }
}

function record(state: AggregationState, index: number, answer: Answer): AggregationState {
  return { ...state, answers: state.answers.with(index, answer) }
}

function ignored(node: NodeId, why: IgnoredReason): AggregationEffect {
  return { kind: 'ignored', node, why }
}
