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

const A = new Uint8Array(32).fill(0xa)
const B = new Uint8Array(32).fill(0xb)
const C = new Uint8Array(32).fill(0xc)
const init: AggregationInit = {
  agreement: { kind: 'aggregate', nodes: 4, threshold: 3 },
  order: ['n0', 'n1', 'n2', 'n3', 's0', 's1'],
  answerTimeoutMs: 100,
  totalTimeoutMs: 1_000,
  graceMs: 0,
}

const result = (node: string, resultHash: Uint8Array, nowMs = 1): AggregationEvent => ({
  kind: 'result',
  nowMs,
  node,
  resultHash,
})
const failure = (node: string, nowMs = 1): AggregationEvent => ({ kind: 'failure', nowMs, node, code: 'ERR_REFUSED' })
const tick = (nowMs: number): AggregationEvent => ({ kind: 'tick', nowMs })

/** Starts, plays the events, and returns the last state and all effects after the first asks. */
function play(
  events: AggregationEvent[],
  change: Partial<AggregationInit> = {},
): { state: AggregationState; effects: AggregationEffect[] } {
  const started = stepAggregation(createAggregation({ ...init, ...change }), { kind: 'start', nowMs: 0 })
  let { state } = started
  const effects: AggregationEffect[] = []
  for (const event of events) {
    const step = stepAggregation(state, event)
    state = step.state
    effects.push(...step.effects)
  }
  return { state, effects }
}

const kinds = (effects: readonly AggregationEffect[]): string =>
  effects.map((effect) => ('node' in effect ? `${effect.kind} ${effect.node}` : effect.kind)).join(', ')

test('stepAggregation() asks the members first, each with its deadline', () => {
  const { effects } = stepAggregation(createAggregation(init), { kind: 'start', nowMs: 50 })
  const asked = ['n0', 'n1', 'n2', 'n3'].map((node) => ({ kind: 'ask', node, answerByMs: 150 }))
  assert.deepEqual(effects, asked)
})

const flows: { name: string; events: AggregationEvent[]; expected: string; change?: Partial<AggregationInit> }[] = [
  {
    name: 'decides as soon as the threshold is reached',
    events: [result('n0', A), result('n2', A), result('n3', A)],
    expected: 'decided',
  },
  {
    name: 'decides with one outvoted',
    events: [result('n0', A), result('n1', B), result('n2', A), result('n3', A)],
    expected: 'decided',
  },
  {
    name: 'asks a spare in the place of a failed member',
    events: [failure('n1'), failure('n3')],
    expected: 'ask s0, ask s1',
  },
  {
    name: 'asks a spare in the place of a failed spare',
    events: [failure('n1'), failure('s0')],
    expected: 'ask s0, ask s1',
  },
  {
    name: 'goes on without spares while the threshold is in reach',
    events: [failure('n0'), failure('n1'), failure('n2')],
    expected: 'ask s0, ask s1',
  },
  {
    name: 'ends with not enough when too few can answer',
    events: [failure('n0'), failure('n1'), failure('n2'), failure('n3')],
    expected: 'ask s0, ask s1, not-enough',
  },
  {
    name: 'diverges as soon as no group can reach the threshold',
    events: [result('n0', A), result('n1', B), result('n2', C)],
    expected: 'diverged',
  },
  {
    name: 'diverges when two and two disagree',
    events: [result('n0', A), result('n1', B), result('n2', A), result('n3', B)],
    expected: 'diverged',
  },
  {
    name: 'asks no spare that could not help anymore',
    events: [result('n0', A), failure('n3'), result('n1', B), result('n2', C)],
    expected: 'ask s0, diverged',
  },
  { name: 'ignores the same result again', events: [result('n0', A), result('n0', A)], expected: 'ignored n0' },
  {
    name: 'ignores who was not asked',
    events: [result('s0', A), failure('s1'), result('x', A)],
    expected: 'ignored s0, ignored s1, ignored x',
  },
  {
    name: 'ignores a replaced node',
    events: [failure('n0'), result('n0', A), failure('n0')],
    expected: 'ask s0, ignored n0, ignored n0',
  },
  {
    name: 'keeps the word of a node that fails after it answered',
    events: [result('n0', A), failure('n0')],
    expected: 'ignored n0',
  },
  {
    name: 'strikes the word of an equivocator and asks a spare',
    events: [result('n0', A), result('n0', B)],
    expected: 'equivocated n0, ask s0',
  },
  { name: 'replaces all that are late', events: [result('n0', A), tick(99), tick(100)], expected: 'ask s0, ask s1' },
  { name: 'takes a late answer when no tick went by', events: [result('n0', A, 500)], expected: '' },
  {
    name: 'ends when the time is up, and asks no spare then',
    events: [result('n0', A), result('n1', A), tick(1_000)],
    expected: 'not-enough',
  },
  {
    name: 'ignores everything after the end',
    events: [
      result('n0', A),
      result('n1', A),
      result('n2', A),
      result('n3', A),
      failure('n3'),
      tick(99),
      { kind: 'start', nowMs: 3 },
    ],
    expected: 'decided, ignored n3, ignored n3',
  },
  {
    name: 'decides on one word when the agreement is direct',
    change: { agreement: { kind: 'direct', nodes: 1, threshold: 1 } },
    events: [failure('n0'), failure('n1'), result('n2', A)],
    expected: 'ask n1, ask n2, decided',
  },
  { name: 'starts once', events: [{ kind: 'start', nowMs: 5 }], expected: '' },
]

for (const { name, events, expected, change } of flows) {
  test(`stepAggregation() ${name}`, () => {
    assert.equal(kinds(play(events, change).effects), expected)
  })
}

test('stepAggregation() counts a time that goes back as the latest seen', () => {
  const { effects } = play([tick(40), failure('n0', 10)])
  assert.deepEqual(effects, [{ kind: 'ask', node: 's0', answerByMs: 140 }])
})

test('stepAggregation() tells everything a receipt needs when it decides', () => {
  const { effects } = play([failure('n1'), result('n0', A), result('n2', B), result('n3', A), result('s0', A)])
  assert.deepEqual(effects.at(-1), {
    kind: 'decided',
    resultHash: A,
    agreeing: ['n0', 'n3', 's0'],
    outvoted: [{ resultHash: B, nodes: ['n2'] }],
    asked: ['n0', 'n1', 'n2', 'n3', 's0'],
    failed: [{ node: 'n1', code: 'ERR_REFUSED' }],
    unanswered: [],
  })
})

test('stepAggregation() tells the groups, the largest first, when results diverge', () => {
  const { effects } = play([result('n0', B), result('n1', A), result('n2', A), result('n3', B)])
  const [end] = effects
  assert.ok(end?.kind === 'diverged')
  assert.deepEqual(end.groups, [
    { resultHash: B, nodes: ['n0', 'n3'] },
    { resultHash: A, nodes: ['n1', 'n2'] },
  ])
  assert.equal(end.reason, '2 different results from 4 nodes (2, 2), 3 equal ones needed')
})

test('stepAggregation() keeps both results of an equivocator', () => {
  const [effect] = play([result('n0', A), result('n0', B)]).effects
  assert.deepEqual(effect, { kind: 'equivocated', node: 'n0', resultHashes: [A, B] })
})

const three = [result('n0', A, 1), result('n1', A, 1), result('n2', A, 10)]
const graces: { name: string; graceMs: number; events: AggregationEvent[]; expected: string; outvoted?: number }[] = [
  { name: 'waits for more votes', graceMs: 20, events: three, expected: '' },
  {
    name: 'decides when all have answered',
    graceMs: 20,
    events: [...three, result('n3', B, 11)],
    expected: 'decided',
    outvoted: 1,
  },
  {
    name: 'decides when the rest failed, and asks no spare',
    graceMs: 20,
    events: [...three, failure('n3', 11)],
    expected: 'decided',
  },
  { name: 'waits until the grace is over', graceMs: 20, events: [...three, tick(29)], expected: '' },
  { name: 'decides when the grace is over', graceMs: 20, events: [...three, tick(30)], expected: 'decided' },
  {
    name: 'waits for each deadline without an end of the grace',
    graceMs: Infinity,
    events: [...three, tick(99)],
    expected: '',
  },
  {
    name: 'decides at the last deadline without an end of the grace',
    graceMs: Infinity,
    events: [...three, tick(100)],
    expected: 'decided',
  },
  {
    name: 'goes back to asking when an equivocator takes its word back',
    graceMs: 20,
    events: [...three, failure('n3', 11), result('n0', B, 12)],
    expected: 'decided, ignored n0',
  },
  {
    name: 'asks a spare when an equivocator leaves the threshold unmet',
    graceMs: 20,
    events: [...three, result('n0', B, 12), tick(31), result('s0', A, 32)],
    expected: 'equivocated n0, ask s0',
  },
]

test('stepAggregation() gives stragglers as long again as they had, if the grace factor says so', () => {
  const { state } = play([...three, tick(19)], { graceMs: 2, graceFactor: 1 })
  assert.equal(state.phase, 'collecting')
  assert.equal(nextTickMs(state), 20)
  const { effects } = play([...three, tick(20)], { graceMs: 2, graceFactor: 1 })
  assert.equal(effects.at(-1)?.kind, 'decided')
  const longer = play([...three, tick(29)], { graceMs: 20, graceFactor: 1 })
  assert.equal(longer.state.phase, 'collecting')
})

for (const { name, graceMs, events, expected, outvoted } of graces) {
  test(`stepAggregation() with a grace ${name}`, () => {
    const { effects } = play(events, { graceMs })
    assert.equal(kinds(effects), expected)
    const end = effects.find((effect) => effect.kind === 'decided')
    assert.equal(end?.outvoted.length ?? 0, outvoted ?? 0)
  })
}

test('nextTickMs() is the nearest deadline, then the end of the grace, then nothing', () => {
  assert.equal(nextTickMs(createAggregation(init)), undefined)
  assert.equal(nextTickMs(play([]).state), 100)
  assert.equal(nextTickMs(play([], { totalTimeoutMs: 40 }).state), 40)
  assert.equal(nextTickMs(play(three, { graceMs: 20 }).state), 30)
  assert.equal(nextTickMs(play(three).state), undefined)
})

test('createAggregation() refuses what cannot work', () => {
  const bad: Partial<AggregationInit>[] = [
    { order: ['n0', 'n1', 'n2'] },
    { order: ['n0', 'n1', 'n2', 'n0'] },
    { order: Array.from({ length: 129 }, (_, index) => `n${index}`) },
    { answerTimeoutMs: -1 },
    { totalTimeoutMs: Number.NaN },
    { graceMs: -1 },
  ]
  for (const change of bad) assert.throws(() => createAggregation({ ...init, ...change }), RangeError)
  const half = { kind: 'aggregate', nodes: 4, threshold: 2 } as const
  assert.throws(() => createAggregation({ ...init, agreement: half }), /more than half/)
  assert.throws(() => play([result('n0', new Uint8Array(31))]), RangeError)
})
