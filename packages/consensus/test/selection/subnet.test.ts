import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formSubnet, orderCountOf, SelectionError, type SubnetInit, verifySubnet } from '@blockless/consensus'
import {
  type Candidate,
  candidacyDigest,
  cidOfCanonical,
  type Subnet,
  subnetCidOf,
  subnetSchema,
} from '@blockless/core'
import { testNetwork, testSigner } from '@blockless/testing'

const functionCid = cidOfCanonical(Uint8Array.of(1))
const candidacy = { chainId: 'blockless-test', functionCid, epoch: 7 }
const beacon = new Uint8Array(32).fill(9)

function candidate(index: number, weight = 10 + index): Candidate {
  const signer = testSigner(index)
  return { node: signer.nodeId, weight, signature: signer.sign(candidacyDigest({ ...candidacy, weight })) }
}

const candidates = Array.from({ length: 12 }, (_, index) => candidate(index + 1))
const init: SubnetInit = { ...candidacy, beacon, size: 4, candidates }
const subnet = formSubnet(init)

test('formSubnet() draws members and as many spares from candidates in any order', () => {
  assert.equal(subnet.order.length, 8)
  assert.deepEqual(formSubnet({ ...init, candidates: candidates.toReversed() }), subnet)
  assert.deepEqual(subnetSchema.check(subnet, ''), subnet)
  assert.deepEqual(verifySubnet(subnet, { beacon, network: testNetwork(12) }), {
    ok: true,
    detail: '8 drawn from 12 candidates',
  })
})

test('formSubnet() draws another order for another epoch, function, beacon or size', () => {
  const other = cidOfCanonical(Uint8Array.of(2))
  const changes = [{ epoch: 8 }, { functionCid: other }, { beacon: new Uint8Array(32) }, { size: 5 }]
  for (const change of changes) {
    const { order } = formSubnet({ ...init, ...change })
    assert.notDeepEqual(order.slice(0, 4), subnet.order.slice(0, 4), Object.keys(change).join())
  }
})

for (const { size, count, expected } of [
  { size: 1, count: 1, expected: 1 },
  { size: 1, count: 9, expected: 3 },
  { size: 2, count: 9, expected: 4 },
  { size: 4, count: 5, expected: 5 },
  { size: 4, count: 100, expected: 8 },
  { size: 64, count: 10_000, expected: 128 },
]) {
  test(`orderCountOf() lists ${expected} for ${size} members of ${count} candidates`, () => {
    assert.equal(orderCountOf(size, count), expected)
  })
}

test('formSubnet() names how many it wanted and found when too few stand', () => {
  assert.throws(
    () => formSubnet({ ...init, candidates: candidates.slice(0, 3) }),
    (error) =>
      error instanceof SelectionError &&
      error.message === 'Cannot form subnet: 3 candidates found, 4 needed' &&
      error.details.code === 'ERR_SUBNET_TOO_SMALL' &&
      error.details.wanted === 4 &&
      error.details.found === 3,
  )
  for (const size of [0, 65, 1.5]) assert.throws(() => formSubnet({ ...init, size }), RangeError)
  const twice = [...candidates, candidate(1)]
  assert.throws(() => formSubnet({ ...init, candidates: twice }), { code: 'ERR_CANDIDATE_DUPLICATE' })
})

test('formSubnet() takes as many candidates as members', () => {
  const least = formSubnet({ ...init, candidates: candidates.slice(0, 4) })
  assert.equal(least.order.length, 4)
  assert.equal(verifySubnet(least).ok, true)
})

const [first, second, ...others] = subnet.candidates as [Candidate, Candidate, ...Candidate[]]
const reform = (changed: Candidate[]): Subnet => formSubnet({ ...init, candidates: changed })
const tampered: { name: string; record: Subnet; detail: RegExp; options?: Parameters<typeof verifySubnet>[1] }[] = [
  { name: 'another epoch', record: { ...subnet, epoch: 8 }, detail: /order is not/ },
  { name: 'another beacon', record: { ...subnet, beacon: new Uint8Array(32) }, detail: /order is not/ },
  { name: 'another size', record: { ...subnet, size: 3 }, detail: /order is not/ },
  { name: 'members swapped', record: { ...subnet, order: subnet.order.toReversed() }, detail: /order is not/ },
  { name: 'a spare left out', record: { ...subnet, order: subnet.order.slice(0, -1) }, detail: /order is not/ },
  { name: 'a stranger appended', record: { ...subnet, order: [...subnet.order, 'x'] }, detail: /order is not/ },
  { name: 'candidates unsorted', record: { ...subnet, candidates: [second, first, ...others] }, detail: /not sorted/ },
  { name: 'a candidate twice', record: { ...subnet, candidates: [first, first, ...others] }, detail: /not sorted/ },
  { name: 'too few candidates', record: { ...subnet, candidates: [first] }, detail: /1 candidates for 4/ },
  { name: 'a weight changed', record: reform([{ ...first, weight: 99 }, second, ...others]), detail: /did not sign/ },
  {
    name: 'a candidacy from another epoch',
    record: formSubnet({ ...init, epoch: 8 }),
    detail: /did not sign/,
  },
  { name: 'another chain', record: formSubnet({ ...init, chainId: 'other' }), detail: /did not sign/ },
  {
    name: 'a signature of another candidate',
    record: reform([{ ...first, signature: second.signature }, second, ...others]),
    detail: /did not sign/,
  },
  {
    name: 'a beacon that is not the wanted one',
    record: subnet,
    detail: /another beacon/,
    options: { beacon: new Uint8Array(32) },
  },
  {
    name: 'a stranger to the network',
    record: subnet,
    detail: /not of this network/,
    options: { network: testNetwork(11) },
  },
  {
    name: 'a chain that is not the wanted one',
    record: subnet,
    detail: /of chain "blockless-test"/,
    options: { network: { ...testNetwork(12), chainId: 'other' } },
  },
]

for (const { name, record, detail, options } of tampered) {
  test(`verifySubnet() refuses a record with ${name}`, () => {
    const verdict = verifySubnet(record, options)
    assert.equal(verdict.ok, false)
    assert.match(verdict.detail, detail)
  })
}

test('verifySubnet() cannot see a candidate that was left out, and the draw of the others stays', () => {
  const undrawn = candidates.find(({ node }) => !subnet.order.includes(node))
  const hidden = reform(candidates.filter((one) => one !== undrawn))
  assert.deepEqual(hidden.order, subnet.order)
  assert.equal(verifySubnet(hidden).ok, true)
  assert.notEqual(subnetCidOf(hidden).toString(), subnetCidOf(subnet).toString())
})
