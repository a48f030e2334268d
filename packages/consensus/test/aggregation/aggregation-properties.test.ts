import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AggregationEffect,
  type AggregationEvent,
  type AggregationInit,
  type AggregationState,
  createAggregation,
  nextTickMs,
  stepAggregation,
} from '@blockless/consensus'
import fc from 'fast-check'

const HASHES = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))

type Action =
  | { readonly kind: 'result'; readonly node: number; readonly hash: number }
  | { readonly kind: 'failure'; readonly node: number }
  | { readonly kind: 'tick'; readonly ms: number }

const initArbitrary: fc.Arbitrary<AggregationInit> = fc
  .record({
    nodes: fc.integer({ min: 1, max: 7 }),
    more: fc.nat(7),
    spares: fc.nat(4),
    graceMs: fc.constantFrom(0, 15, Infinity),
  })
  .map(({ nodes, more, spares, graceMs }) => {
    const least = Math.floor(nodes / 2) + 1
    const threshold = Math.min(nodes, least + more)
    const order = Array.from({ length: nodes + spares }, (_, index) => `n${index}`)
    const agreement = { kind: nodes === 1 ? 'direct' : 'aggregate', nodes, threshold } as const
    return { agreement, order, answerTimeoutMs: 50, totalTimeoutMs: 120, graceMs }
  })

/** Mostly the first hash, so that decisions happen; node 12 is never in the order. */
const actionArbitrary: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('result' as const),
      node: fc.nat(12),
      hash: fc.constantFrom(0, 0, 0, 0, 1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('failure' as const), node: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const), ms: fc.nat(70) }) },
)
const actionsArbitrary = fc.array(actionArbitrary, { maxLength: 60 })

interface Played {
  readonly state: AggregationState
  readonly steps: readonly { readonly event: AggregationEvent; readonly effects: readonly AggregationEffect[] }[]
}

function play(init: AggregationInit, actions: readonly Action[]): Played {
  let state = createAggregation(init)
  let nowMs = 0
  const events: AggregationEvent[] = [{ kind: 'start', nowMs }]
  for (const action of actions) {
    if (action.kind === 'tick') nowMs += action.ms
    const node = 'node' in action ? `n${action.node}` : ''
    if (action.kind === 'tick') events.push({ kind: 'tick', nowMs })
    else if (action.kind === 'failure') events.push({ kind: 'failure', nowMs, node, code: 'ERR_REFUSED' })
    else events.push({ kind: 'result', nowMs, node, resultHash: HASHES[action.hash] ?? new Uint8Array(32) })
  }
  const steps = events.map((event) => {
    const before = structuredClone(state)
    const step = stepAggregation(state, event)
    assert.deepEqual(state, before, 'the state that was given is untouched')
    state = step.state
    return { event, effects: step.effects }
  })
  return { state, steps }
}

/**
 * The plain oracle: who has which word and who is out, from events and asks alone, by the rules of
 * docs/spec/aggregation.md.
 */
function account(
  { steps }: Played,
  answerTimeoutMs: number,
  totalTimeoutMs: number,
): {
  words: Map<string, Uint8Array>
  out: Set<string>
  asked: string[]
} {
  const words = new Map<string, Uint8Array>()
  const out = new Set<string>()
  const askedAt = new Map<string, number>()
  for (const { event, effects } of steps) {
    if (event.kind === 'tick') {
      for (const [node, ms] of askedAt) {
        const isLate = event.nowMs >= Math.min(ms + answerTimeoutMs, totalTimeoutMs)
        if (isLate && !words.has(node)) out.add(node)
      }
    } else if (event.kind !== 'start' && askedAt.has(event.node) && !out.has(event.node)) {
      const word = words.get(event.node)
      const isFailure = event.kind === 'failure' && word === undefined
      if (event.kind === 'result' && word === undefined) words.set(event.node, event.resultHash)
      if (isFailure || (event.kind === 'result' && word !== undefined && word !== event.resultHash)) {
        words.delete(event.node)
        out.add(event.node)
      }
    }
    for (const effect of effects) if (effect.kind === 'ask') askedAt.set(effect.node, event.nowMs)
    if (effects.some(isEnd)) break
  }
  return { words, out, asked: [...askedAt.keys()] }
}

function isEnd(effect: AggregationEffect): boolean {
  return effect.kind === 'decided' || effect.kind === 'diverged' || effect.kind === 'not-enough'
}

const largestOf = (words: Map<string, Uint8Array>): number =>
  Math.max(0, ...HASHES.map((hash) => [...words.values()].filter((word) => word === hash).length))

const options: fc.Parameters<unknown> = { numRuns: 1_500 }

test('stepAggregation() is safe: it decides only what threshold asked nodes said, once', () => {
  fc.assert(
    fc.property(initArbitrary, actionsArbitrary, (init, actions) => {
      const played = play(init, actions)
      const { words, out, asked } = account(played, init.answerTimeoutMs, init.totalTimeoutMs)
      const effects = played.steps.flatMap((step) => step.effects)
      const ends = effects.filter(isEnd)
      assert.ok(ends.length <= 1)
      assert.equal(played.state.phase === 'ended', ends.length === 1)
      const asks = effects.flatMap((effect) => (effect.kind === 'ask' ? [effect.node] : []))
      assert.deepEqual(asks, init.order.slice(0, asks.length), 'asked in drawn order, nobody twice')
      assert.ok(words.size <= init.agreement.nodes)
      const [end] = ends
      if (end?.kind !== 'decided') return
      const voters = asked.filter((node) => words.get(node) === end.resultHash)
      assert.deepEqual(end.agreeing, voters)
      assert.ok(voters.length >= init.agreement.threshold)
      assert.deepEqual(
        end.outvoted.flatMap((group) => group.nodes).toSorted(),
        [...words.keys()].filter((node) => !voters.includes(node)).toSorted(),
      )
      assert.deepEqual(end.failed.map(({ node }) => node).toSorted(), [...out].toSorted())
      assert.ok(end.asked.length - init.agreement.nodes <= end.failed.length, 'each spare stands for a failed node')
      assert.equal(
        end.agreeing.length +
          end.outvoted.flatMap((group) => group.nodes).length +
          end.failed.length +
          end.unanswered.length,
        asked.length,
      )
    }),
    options,
  )
})

test('stepAggregation() gives up exactly when nothing can reach the threshold anymore', () => {
  fc.assert(
    fc.property(initArbitrary, actionsArbitrary, (init, actions) => {
      const played = play(init, actions)
      const { words, out, asked } = account(played, init.answerTimeoutMs, init.totalTimeoutMs)
      const end = played.steps.flatMap((step) => step.effects).find(isEnd)
      if (end?.kind === 'decided') return
      const open = asked.length - words.size - out.size
      const isInTime = played.state.nowMs < init.totalTimeoutMs
      const spares = isInTime ? init.order.length - asked.length : 0
      const vacant = Math.min(init.agreement.nodes - words.size - open, spares)
      const reachable = largestOf(words) + open + vacant
      assert.equal(end !== undefined, reachable < init.agreement.threshold)
      if (end?.kind === 'diverged') assert.ok(words.size + open + vacant >= init.agreement.threshold)
      if (end?.kind === 'not-enough') assert.ok(words.size + open + vacant < init.agreement.threshold)
    }),
    options,
  )
})

test('stepAggregation() is live: with ticks at the times it names it ends, whatever came before', () => {
  fc.assert(
    fc.property(initArbitrary, actionsArbitrary, (init, actions) => {
      let { state } = play(init, actions)
      let ticks = 0
      for (let nowMs = nextTickMs(state); nowMs !== undefined; nowMs = nextTickMs(state)) {
        assert.ok(nowMs <= init.totalTimeoutMs && ++ticks <= init.order.length + 2)
        state = stepAggregation(state, { kind: 'tick', nowMs }).state
      }
      assert.equal(state.phase, 'ended')
    }),
    options,
  )
})

test('stepAggregation() ends without ticks when all asked nodes answered or failed and no spare is left', () => {
  fc.assert(
    fc.property(
      initArbitrary,
      actionsArbitrary,
      fc.array(fc.nat(2), { minLength: 11, maxLength: 11 }),
      (init, actions, says) => {
        const rest = says.map(
          (say, node): Action => (say === 2 ? { kind: 'failure', node } : { kind: 'result', node, hash: say }),
        )
        const { state } = play({ ...init, graceMs: Infinity }, [...actions, ...rest])
        assert.equal(state.phase, 'ended')
      },
    ),
    options,
  )
})

test('stepAggregation() is deterministic', () => {
  fc.assert(
    fc.property(initArbitrary, actionsArbitrary, (init, actions) => {
      assert.deepEqual(play(init, actions), play(init, actions))
    }),
    { numRuns: 200 },
  )
})
