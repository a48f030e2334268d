import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  agreeingVotes,
  billedFuel,
  CHECKS,
  encodeReceipt,
  type Receipt,
  receiptCidOf,
  receiptFromJson,
  receiptToJson,
  resultHashOf,
  sortVotes,
  type VerifyOptions,
  verify,
} from '@blockless/core'
import {
  body,
  contextOf,
  EPOCH,
  given,
  head,
  network,
  otherCid,
  otherResult,
  receiptOf,
  request,
  result,
  stranger,
  voteOf,
  workerAt,
  workers,
} from '../support/sample.ts'

const idOf = (index: number): string => workerAt(index).nodeId
const honest = receiptOf()

/** Names of the checks that failed. */
function failedOf(source: unknown, options: VerifyOptions = given): string[] {
  return verify(source, options).checks.flatMap(({ name, status }) => (status === 'failed' ? [name] : []))
}

test('verify() passes every check of an honest receipt, in all of its forms', () => {
  for (const source of [
    honest,
    encodeReceipt(honest),
    receiptToJson(honest),
    JSON.parse(JSON.stringify(receiptToJson(honest))),
  ]) {
    const verdict = verify(source, given)
    assert.deepEqual(failedOf(source), [])
    assert.deepEqual({ ok: verdict.ok, isComplete: verdict.isComplete }, { ok: true, isComplete: true })
    assert.deepEqual(
      verdict.checks.map(({ name }) => name),
      [...CHECKS],
    )
    assert.deepEqual(verdict.receipt && encodeReceipt(verdict.receipt), encodeReceipt(honest))
  }
  assert.equal(receiptCidOf(receiptFromJson(receiptToJson(honest))).toString(), receiptCidOf(honest).toString())
})

test('verify() skips what it is not given the facts for, and says which', () => {
  const verdict = verify(honest)
  assert.deepEqual({ ok: verdict.ok, isComplete: verdict.isComplete }, { ok: true, isComplete: false })
  const skipped = verdict.checks.filter(({ status }) => status === 'skipped')
  assert.deepEqual(
    skipped.map(({ name }) => name),
    ['function', 'input', 'output', 'subnet', 'epoch', 'network'],
  )
  for (const { detail } of skipped) assert.match(detail, /give/)
})

test('verify() takes a receipt with an outvoted and a replaced member', () => {
  const replaced = receiptOf({
    subnet: { ...body.subnet, members: workers.slice(0, 5).map(({ nodeId }) => nodeId) },
    votes: sortVotes([
      voteOf(workerAt(0)),
      voteOf(workerAt(2), { statement: otherResult }),
      voteOf(workerAt(3)),
      voteOf(workerAt(4)),
    ]),
    replaced: [{ node: idOf(1), reason: 'ERR_ANSWER_TIMEOUT' }],
  })
  assert.deepEqual(failedOf(replaced), [])
  const threshold = verify(replaced, given).checks.find(({ name }) => name === 'threshold')
  assert.equal(threshold?.detail, '3 votes for the result, 3 of 4 needed, 1 outvoted')
  assert.equal(agreeingVotes(replaced).length, 3)
})

test('verify() takes a receipt of a run that reached the outside: each node with its own fuel and transcript', () => {
  const { fuel: _, ...statement } = result
  const votes = [1_300, 1_100, 1_200, 1_250].map((fuel, index) =>
    voteOf(workerAt(index), { statement, fuel, transcriptHash: new Uint8Array(32).fill(index + 1) }),
  )
  assert.deepEqual(failedOf(receiptOf({ result: statement, votes: sortVotes(votes), fuelUsed: 1_200 })), [])
  assert.deepEqual(failedOf(receiptOf({ result: statement, votes: sortVotes(votes), fuelUsed: 1_300 })), ['fuel'])
})

test('verify() takes a vote that came in the last epoch, not an older one', () => {
  const late = { ...network, genesisTimeMs: network.genesisTimeMs - network.epochMs }
  assert.deepEqual(failedOf(honest, { ...given, network: late }), [])
  const later = { ...network, genesisTimeMs: network.genesisTimeMs - 2 * network.epochMs }
  assert.deepEqual(failedOf(honest, { ...given, network: later }), ['epoch'])
  const sooner = { ...network, genesisTimeMs: network.genesisTimeMs + network.epochMs }
  assert.deepEqual(failedOf(honest, { ...given, network: sooner }), ['epoch'])
})

const [firstVote, ...laterVotes] = honest.votes
const vote = firstVote ?? voteOf(workerAt(0))
const members = body.subnet.members
const spare = voteOf(workerAt(4))
const forgedVote = { ...vote, signature: voteOf(workerAt(1), { context: contextOf({ epoch: 1 }) }).signature }
const otherRequest = { ...request, nonce: new Uint8Array(16) }

/** What a head may write and sign itself, and the checks that catch it. */
const tampered: { name: string; receipt: Receipt; failed: string[] }[] = [
  {
    name: 'a vote of a member of no subnet',
    receipt: receiptOf({ votes: sortVotes([...laterVotes, voteOf(stranger)]) }),
    failed: ['voters'],
  },
  {
    name: 'a vote of a spare that was not called',
    receipt: receiptOf({ votes: sortVotes([...honest.votes, spare]) }),
    failed: ['voters'],
  },
  { name: 'a vote twice', receipt: receiptOf({ votes: [vote, ...honest.votes] }), failed: ['voters'] },
  {
    name: 'a vote twice in place of another',
    receipt: receiptOf({ votes: [vote, vote, ...laterVotes.slice(1)] }),
    failed: ['voters'],
  },
  { name: 'votes in another order', receipt: receiptOf({ votes: honest.votes.toReversed() }), failed: ['voters'] },
  { name: 'a forged signature', receipt: receiptOf({ votes: [forgedVote, ...laterVotes] }), failed: ['signatures'] },
  {
    name: "a vote in another node's name",
    receipt: receiptOf({ votes: sortVotes([...laterVotes, { ...spare, node: vote.node }]) }),
    failed: ['signatures'],
  },
  {
    name: 'a result turned around in a vote',
    receipt: receiptOf({ votes: [{ ...vote, resultHash: resultHashOf(otherResult) }, ...laterVotes] }),
    failed: ['signatures'],
  },
  {
    name: 'fuel changed in a vote',
    receipt: receiptOf({ votes: [{ ...vote, fuel: 1_233 }, ...laterVotes] }),
    failed: ['signatures', 'fuel'],
  },
  { name: 'two votes of four', receipt: receiptOf({ votes: honest.votes.slice(0, 2) }), failed: ['threshold'] },
  { name: 'no votes', receipt: receiptOf({ votes: [] }), failed: ['threshold'] },
  {
    name: 'a result that nobody voted for',
    receipt: receiptOf({ result: otherResult }),
    failed: ['output', 'threshold'],
  },
  { name: 'another request under the same id', receipt: receiptOf({ request: otherRequest }), failed: ['request-id'] },
  { name: 'another id', receipt: receiptOf({ requestId: new Uint8Array(32) }), failed: ['request-id', 'signatures'] },
  { name: 'another epoch', receipt: receiptOf({ epoch: EPOCH - 1 }), failed: ['signatures', 'subnet'] },
  {
    name: 'another subnet',
    receipt: receiptOf({ subnet: { ...body.subnet, cid: otherCid } }),
    failed: ['signatures', 'subnet'],
  },
  { name: 'more fuel than voted', receipt: receiptOf({ fuelUsed: 1_235 }), failed: ['fuel'] },
  { name: 'less fuel than voted', receipt: receiptOf({ fuelUsed: 0 }), failed: ['fuel'] },
  { name: 'fuel above the limit', receipt: receiptOf({ fuelUsed: 1_000_001 }), failed: ['fuel'] },
  {
    name: 'members in another order',
    receipt: receiptOf({ subnet: { ...body.subnet, members: members.toReversed() } }),
    failed: ['subnet'],
  },
  {
    name: 'a member twice',
    receipt: receiptOf({ subnet: { ...body.subnet, members: [...members, members[0] ?? ''] } }),
    failed: ['voters', 'subnet'],
  },
  {
    name: 'too few members',
    receipt: receiptOf({ subnet: { ...body.subnet, members: members.slice(0, 3) } }),
    failed: ['voters'],
  },
  {
    name: 'a spare for nobody',
    receipt: receiptOf({ subnet: { ...body.subnet, members: [...members, idOf(4)] } }),
    failed: ['voters'],
  },
  {
    name: 'a stranger among the members',
    receipt: receiptOf({
      subnet: { ...body.subnet, members: [...members, stranger.nodeId] },
      votes: laterVotes,
      replaced: [{ node: vote.node, reason: 'ERR_X' }],
    }),
    failed: ['subnet', 'network'],
  },
  {
    name: 'a replaced node that is no member',
    receipt: receiptOf({ replaced: [{ node: stranger.nodeId, reason: 'ERR_X' }] }),
    failed: ['voters'],
  },
  {
    name: 'a replaced node that voted',
    receipt: receiptOf({ replaced: [{ node: idOf(0), reason: 'ERR_X' }] }),
    failed: ['voters'],
  },
  {
    name: 'one replaced node twice, to call two spares',
    receipt: receiptOf({
      subnet: { ...body.subnet, members: workers.slice(0, 6).map(({ nodeId }) => nodeId) },
      votes: sortVotes([1, 2, 3].map((index) => voteOf(workerAt(index)))),
      replaced: [0, 0].map((index) => ({ node: idOf(index), reason: 'ERR_X' })),
    }),
    failed: ['voters'],
  },
  {
    name: 'replaced nodes in another order',
    receipt: receiptOf({
      subnet: { ...body.subnet, members: workers.slice(0, 6).map(({ nodeId }) => nodeId) },
      votes: sortVotes([2, 3, 4].map((index) => voteOf(workerAt(index)))),
      replaced: [1, 0].map((index) => ({ node: idOf(index), reason: 'ERR_X' })),
    }),
    failed: ['voters'],
  },
  { name: "a head that is not the network's", receipt: receiptOf({}, stranger), failed: ['network'] },
  {
    name: "a head's name that did not sign",
    receipt: { ...honest, head: workerAt(7).nodeId },
    failed: ['head', 'network'],
  },
  {
    name: "the head's signature over another receipt",
    receipt: { ...honest, signature: receiptOf({ fuelUsed: 1 }).signature },
    failed: ['head'],
  },
]

for (const { name, receipt, failed } of tampered) {
  test(`verify() catches ${name}`, () => {
    assert.deepEqual(failedOf(receipt), failed)
    assert.deepEqual(failedOf(encodeReceipt(receipt)), failed)
    assert.equal(verify(receipt, given).ok, false)
  })
}

test('verify() answers any JSON and any bytes with a verdict', () => {
  const sources = [
    undefined,
    null,
    0,
    'x',
    [],
    {},
    { requestId: new Uint8Array(32) },
    new Uint8Array(),
    new Uint8Array(99).fill(0x9f),
    () => 1,
    1n,
    Symbol('x'),
    { requestId: '' },
  ]
  for (const source of sources) {
    const verdict = verify(source, given)
    assert.deepEqual(
      { ok: verdict.ok, isComplete: verdict.isComplete, receipt: verdict.receipt },
      { ok: false, isComplete: false, receipt: undefined },
    )
    assert.deepEqual(
      verdict.checks.map(({ status }) => status),
      ['failed', ...CHECKS.slice(1).map(() => 'skipped')],
    )
  }
})

test('billedFuel() is the lower median, which the largest claim cannot move', () => {
  for (const [fuels, billed] of [
    [[5], 5],
    [[9, 1], 1],
    [[9, 1, 5], 5],
    [[1, 2, 3, 10 ** 15], 2],
    [[10, 9], 9],
  ] as const) {
    assert.equal(billedFuel(fuels), billed)
  }
})

test('the head may be one of the workers', () => {
  assert.deepEqual(
    failedOf(receiptOf({}, workerAt(0)), { ...given, network: { ...network, heads: [head.nodeId, idOf(0)] } }),
    [],
  )
})
