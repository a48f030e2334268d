import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ExecutionRequest,
  inputHashOf,
  requestIdOf,
  sortVotes,
  subnetCidOf,
  type VerifyOptions,
  type Vote,
  verify,
} from '@blockless/core'
import fc from 'fast-check'
import {
  body,
  contextOf,
  EPOCH,
  given,
  input,
  network,
  otherCid,
  otherResult,
  type ReceiptBody,
  receiptOf,
  request,
  result,
  signers,
  stranger,
  subnet,
  subnetOf,
  voteOf,
  workerAt,
  workers,
} from '../support/sample.ts'

// Receipts by a head that lies and has the network's key, with workers that lie too.

const failedOf = (change: Partial<ReceiptBody>, options: VerifyOptions = given): string[] =>
  verify(receiptOf(change), options).checks.flatMap(({ name, status }) => (status === 'failed' ? [name] : []))

const idsOf = (...indexes: number[]): string[] => indexes.map((index) => workerAt(index).nodeId)
const otherRequest: ExecutionRequest = { ...request, nonce: new Uint8Array(16) }

for (const { name, context } of [
  { name: 'another request', context: { requestId: requestIdOf(otherRequest) } },
  { name: 'another epoch', context: { epoch: EPOCH + 1 } },
  { name: 'another subnet', context: { subnetCid: subnetCidOf(subnetOf({ beacon: new Uint8Array(32).fill(2) })) } },
  { name: 'another function', context: { functionCid: otherCid } },
  { name: 'another chain', context: { chainId: 'other' } },
]) {
  test(`votes for ${name} do not serve for this one`, () => {
    const votes = sortVotes([0, 1, 2, 3].map((index) => voteOf(workerAt(index), { context: contextOf(context) })))
    assert.deepEqual(failedOf({ votes }), ['signatures'])
  })
}

for (const { name, change, failed } of [
  {
    name: 'the threshold',
    change: { agreement: { kind: 'aggregate', nodes: 4, threshold: 4 } as const },
    failed: ['signatures', 'threshold'],
  },
  {
    name: 'the number of nodes',
    change: { agreement: { kind: 'aggregate', nodes: 3, threshold: 2 } as const },
    failed: ['voters', 'signatures', 'threshold', 'subnet'],
  },
  { name: 'the fuel limit', change: { limits: { ...request.limits, fuel: 2_000 } }, failed: ['signatures'] },
  { name: 'the permissions', change: { permissions: ['https://example.com/'] }, failed: ['signatures'] },
  { name: 'the time', change: { timestampMs: request.timestampMs + 1 }, failed: ['signatures'] },
  { name: 'the entry', change: { entry: 'other' }, failed: ['function', 'signatures'] },
  { name: 'the input', change: { inputHash: inputHashOf({ ...input, args: [] }) }, failed: ['input', 'signatures'] },
]) {
  test(`votes do not serve for the request with ${name} changed, even under its right id`, () => {
    const changed = { ...request, ...change }
    assert.deepEqual(failedOf({ request: changed, requestId: requestIdOf(changed) }), failed)
  })
}

test('a threshold of half of the nodes or less is no agreement', () => {
  for (const threshold of [0, 1, 2, 5]) {
    const changed = { ...request, agreement: { ...request.agreement, threshold } }
    assert.deepEqual(failedOf({ request: changed, requestId: requestIdOf(changed) }), ['schema'])
  }
})

test('one worker cannot stand for four: a direct request of the same function shows its agreement', () => {
  const changed: ExecutionRequest = { ...request, agreement: { kind: 'direct', nodes: 1, threshold: 1 } }
  const requestId = requestIdOf(changed)
  const record = subnetOf({ size: 1 })
  const context = contextOf({ requestId, subnetCid: subnetCidOf(record) })
  const change = {
    request: changed,
    requestId,
    result: otherResult,
    subnet: { cid: subnetCidOf(record), members: idsOf(0) },
    votes: [voteOf(workerAt(0), { statement: otherResult, context })],
  }
  const { agreement: _, ...unaware } = given
  const expected = { ...unaware, subnet: record }
  assert.deepEqual(
    failedOf(change, expected),
    ['output'],
    'consistent in itself, so the caller must name its agreement',
  )
  assert.deepEqual(failedOf(change, { ...expected, agreement: request.agreement }), ['output', 'threshold'])
})

test('keys made up for the purpose pass only where the network is not given', () => {
  const made = signers.slice(5, 10)
  const change = {
    result: otherResult,
    subnet: { cid: subnetCidOf(subnet), members: made.slice(0, 4).map(({ nodeId }) => nodeId) },
    votes: sortVotes(made.slice(0, 4).map((signer) => voteOf(signer, { statement: otherResult }))),
  }
  assert.deepEqual(failedOf(change, {}), [])
  assert.equal(verify(receiptOf(change)).isComplete, false)
  assert.deepEqual(failedOf(change), ['output', 'subnet'])
  const strangers = {
    ...change,
    subnet: { ...change.subnet, members: [...change.subnet.members.slice(1), stranger.nodeId] },
  }
  assert.ok(failedOf(strangers).includes('network'))
})

test('a head may choose the draw neither by its size nor by its members', () => {
  const record = subnetOf({ size: 5 })
  const context = contextOf({ subnetCid: subnetCidOf(record) })
  const votes = sortVotes([0, 1, 2, 3].map((index) => voteOf(workerAt(index), { context })))
  const change = { subnet: { cid: subnetCidOf(record), members: idsOf(0, 1, 2, 3) }, votes }
  assert.deepEqual(failedOf(change, { ...given, subnet: record }), ['subnet'])
  const skipping = {
    subnet: { ...body.subnet, members: idsOf(0, 1, 2, 4) },
    votes: sortVotes([0, 1, 2, 4].map((index) => voteOf(workerAt(index)))),
  }
  assert.deepEqual(failedOf(skipping), ['subnet'])
})

for (const { name, change } of [
  { name: 'chain', change: { chainId: 'other' } },
  { name: 'function', change: { functionCid: otherCid } },
  { name: 'epoch', change: { epoch: EPOCH + 1 } },
]) {
  test(`the draw of another ${name} serves no receipt, though its voters signed under it`, () => {
    const record = subnetOf(change)
    const context = contextOf({ subnetCid: subnetCidOf(record) })
    const votes = sortVotes([0, 1, 2, 3].map((index) => voteOf(workerAt(index), { context })))
    const forged = { subnet: { cid: subnetCidOf(record), members: idsOf(0, 1, 2, 3) }, votes }
    assert.deepEqual(failedOf(forged, { ...given, subnet: record }), ['subnet'])
  })
}

test('a member named twice is no place for a spare', () => {
  const change = {
    subnet: { ...body.subnet, members: idsOf(0, 1, 2, 3, 3) },
    votes: sortVotes([0, 1, 2].map((index) => voteOf(workerAt(index)))),
    replaced: idsOf(3).map((node) => ({ node, reason: 'ERR_X' })),
  }
  assert.deepEqual(failedOf(change), ['voters', 'subnet'])
})

test('fewer members than nodes are not asked, though all of them agree', () => {
  const votes = sortVotes([0, 1, 2].map((index) => voteOf(workerAt(index))))
  assert.deepEqual(failedOf({ subnet: { ...body.subnet, members: idsOf(0, 1, 2) }, votes }), ['voters'])
})

test('fuel above the limit is not billed, though all of them voted for it', () => {
  const changed = { ...request, limits: { ...request.limits, fuel: 1_000 } }
  const context = contextOf({ requestId: requestIdOf(changed) })
  const votes = sortVotes([0, 1, 2, 3].map((index) => voteOf(workerAt(index), { context })))
  assert.deepEqual(failedOf({ request: changed, requestId: requestIdOf(changed), votes }), ['fuel'])
})

test('a pure result admits no transcript, and one bill', () => {
  const withTranscript = voteOf(workerAt(0), { transcriptHash: new Uint8Array(32).fill(1) })
  const rest = [1, 2, 3].map((index) => voteOf(workerAt(index)))
  assert.deepEqual(failedOf({ votes: sortVotes([withTranscript, ...rest]) }), ['fuel'])
  assert.deepEqual(failedOf({ votes: sortVotes([voteOf(workerAt(0), { fuel: 9 }), ...rest]) }), ['fuel'])
})

test('a head that calls honest members dead has to name them: here the check ends, and re-execution begins', () => {
  const change = {
    result: otherResult,
    subnet: { ...body.subnet, members: idsOf(0, 1, 2, 3, 4, 5, 6, 7) },
    votes: sortVotes([4, 5, 6].map((index) => voteOf(workerAt(index), { statement: otherResult }))),
    replaced: idsOf(0, 1, 2, 3).map((node) => ({ node, reason: 'ERR_ANSWER_TIMEOUT' })),
  }
  const { output: _, ...unaware } = given
  assert.deepEqual(failedOf(change, unaware), [])
  assert.deepEqual(failedOf({ ...change, replaced: change.replaced.slice(1) }, unaware), ['voters'])
})

/** What a worker's vote may be: there in most cases, true in most, or false, replayed, stolen, of a stranger. */
const KINDS = ['none', 'none', 'true', 'true', 'true', 'true', 'false', 'replayed', 'stolen', 'strange'] as const

const votesOf: readonly Readonly<Record<string, Vote>>[] = workers.map((signer) => ({
  true: voteOf(signer),
  false: voteOf(signer, { statement: otherResult }),
  replayed: voteOf(signer, { context: contextOf({ requestId: requestIdOf(otherRequest) }) }),
  stolen: { ...voteOf(stranger), node: signer.nodeId },
  strange: voteOf(stranger),
}))

/** Mostly plausible receipts: a prefix of the order, some members replaced, a vote or none for each other. */
const forgeryArbitrary = fc
  .record({
    kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 8, maxLength: 8 }),
    replacedCount: fc.integer({ min: 0, max: 3 }),
    shift: fc.nat(7),
    membersCount: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.integer({ min: 3, max: 8 })),
    isReplacedSilent: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, fc.constant(false)),
    isSorted: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, fc.constant(false)),
    statement: fc.constantFrom(result, result, otherResult),
  })
  .map(({ kinds, replacedCount, shift, membersCount, isReplacedSilent, isSorted, statement }) => {
    const members = subnet.order.slice(0, membersCount ?? 4 + replacedCount)
    const out = new Set(Array.from({ length: replacedCount }, (_, index) => (shift + index) % members.length))
    const replaced = members.filter((_, index) => out.has(index)).map((node) => ({ node, reason: 'ERR_X' }))
    const votes = members.flatMap((_, index) => {
      const isSilent = isReplacedSilent && out.has(index)
      return isSilent ? [] : [votesOf[index]?.[kinds[index] ?? 'none'] ?? []].flat()
    })
    return { members, replaced, votes: isSorted ? sortVotes(votes) : votes, statement }
  })

test('whatever a head puts together, what verifies has threshold different drawn workers, and no more than nodes', () => {
  const counts = { accepted: 0, refused: 0 }
  fc.assert(
    fc.property(forgeryArbitrary, ({ members, replaced, votes, statement }) => {
      const receipt = receiptOf({ subnet: { ...body.subnet, members }, votes, replaced, result: statement })
      const { ok } = verify(receipt, { network, subnet })
      counts[ok ? 'accepted' : 'refused']++
      if (!ok) return
      const agreed = statement === result ? 'true' : 'false'
      const voters = votesOf.filter((own) => votes.some((vote) => vote === own[agreed]))
      assert.ok(voters.length >= request.agreement.threshold)
      assert.ok(votes.length <= request.agreement.nodes)
      assert.equal(new Set([...votes, ...replaced].map(({ node }) => node)).size, votes.length + replaced.length)
      const callable = subnet.order.slice(0, request.agreement.nodes + replaced.length)
      for (const { node } of [...votes, ...replaced]) assert.ok(callable.includes(node))
      for (const vote of votes) {
        const isOwn = votesOf.some((own) => vote === own['true'] || vote === own['false'])
        assert.ok(isOwn, 'no replayed, stolen or strange vote stands')
      }
    }),
    { numRuns: 2_000, seed: 1 },
  )
  assert.ok(counts.accepted >= 50 && counts.refused >= 500, JSON.stringify(counts))
})
