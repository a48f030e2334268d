import assert from 'node:assert/strict'
import test from 'node:test'
import { formSubnet } from '@blockless/consensus'
import {
  beaconOf,
  type CID,
  candidacyDigest,
  cidOfCanonical,
  type ExecutionInput,
  type ExecutionRequest,
  encodeCanonical,
  type FunctionSettings,
  inputHashOf,
  type Limits,
  type Subnet,
} from '@blockless/core'
import { testNetwork, testSigner } from '@blockless/testing'
import { checkEpoch, checkRequest, checkSubnet, type PolicyFacts } from '../../src/worker/work-policy.ts'

const network = testNetwork(5)
const functionCid: CID = cidOfCanonical(encodeCanonical('function'))
const EPOCH = 3
const nowMs = network.genesisTimeMs + EPOCH * network.epochMs + 45_000
const facts: PolicyFacts = { self: testSigner(1).nodeId, network, nowMs }
const limits: Limits = { fuel: 1_000, memoryBytes: 65_536, outputBytes: 100, deadlineMs: 1_000 }
const input: ExecutionInput = { args: ['a'], env: {}, stdin: new Uint8Array(0) }
const agreement = { kind: 'aggregate' as const, nodes: 4, threshold: 3 }
const settings: FunctionSettings = {
  name: 'f',
  file: 'f.wasm',
  entry: '_start',
  limits,
  agreement,
  permissions: ['https://a.example/'],
  env: {},
  contentType: 'text',
  isHttp: true,
  features: [],
}
const request: ExecutionRequest = {
  version: 1,
  chainId: network.chainId,
  functionCid,
  entry: '_start',
  inputHash: inputHashOf(input),
  limits,
  permissions: ['https://a.example/'],
  agreement,
  timestampMs: nowMs,
  nonce: new Uint8Array(16),
}

function draw(workers: readonly number[], epoch = EPOCH, size = 4, chainId = network.chainId): Subnet {
  const candidates = workers.map((index) => {
    const signer = testSigner(index)
    const signature = signer.sign(candidacyDigest({ chainId, functionCid, epoch, weight: 1 }))
    return { node: signer.nodeId, weight: 1, signature }
  })
  return formSubnet({ chainId, functionCid, epoch, beacon: beaconOf(network), size, candidates })
}

const subnet = draw([1, 2, 3, 4, 5])
const bounds = { subnet, settings, caps: limits }

test('checkRequest() lets a request through that is as its subnet and manifest say', () => {
  assert.equal(checkRequest(request, input, bounds, facts), undefined)
  assert.equal(checkRequest({ ...request, permissions: [] }, input, bounds, facts), undefined)
  assert.equal(checkRequest({ ...request, limits: { ...limits, fuel: 1 } }, input, bounds, facts), undefined)
})

const skewMs = 30_000
const totalMs = (limits.deadlineMs + 2_000) * 2
const refused: { name: string; change: Partial<ExecutionRequest>; code: string }[] = [
  { name: 'of another chain', change: { chainId: 'other' }, code: 'ERR_REQUEST_FOREIGN' },
  {
    name: 'of another function',
    change: { functionCid: cidOfCanonical(encodeCanonical(1)) },
    code: 'ERR_REQUEST_FOREIGN',
  },
  { name: 'about another input', change: { inputHash: new Uint8Array(32) }, code: 'ERR_INPUT_HASH' },
  { name: 'from the future', change: { timestampMs: nowMs + skewMs + 1 }, code: 'ERR_REQUEST_EXPIRED' },
  { name: 'from the past', change: { timestampMs: nowMs - skewMs - totalMs - 1 }, code: 'ERR_REQUEST_EXPIRED' },
  { name: 'of another entry', change: { entry: 'main' }, code: 'ERR_ENTRY' },
  { name: 'of another size', change: { agreement: { ...agreement, nodes: 5 } }, code: 'ERR_AGREEMENT' },
  { name: 'with a wider permission', change: { permissions: ['https://a.'] }, code: 'ERR_PERMISSION' },
  { name: 'with another permission', change: { permissions: ['https://b.example/'] }, code: 'ERR_PERMISSION' },
  { name: 'with more fuel', change: { limits: { ...limits, fuel: 1_001 } }, code: 'ERR_LIMIT' },
  { name: 'with more memory', change: { limits: { ...limits, memoryBytes: 131_072 } }, code: 'ERR_LIMIT' },
  { name: 'with more output', change: { limits: { ...limits, outputBytes: 101 } }, code: 'ERR_LIMIT' },
  { name: 'with more time', change: { limits: { ...limits, deadlineMs: 1_001 } }, code: 'ERR_LIMIT' },
]
for (const { name, change, code } of refused) {
  test(`checkRequest() refuses a request ${name}`, () => {
    assert.equal(checkRequest({ ...request, ...change }, input, bounds, facts)?.code, code)
  })
}

test('checkRequest() takes a request at the edges of its time, so that a spare can take over late', () => {
  for (const timestampMs of [nowMs + skewMs, nowMs - skewMs - totalMs]) {
    assert.equal(checkRequest({ ...request, timestampMs }, input, bounds, facts), undefined)
  }
})

test('checkRequest() names whose limit it is', () => {
  const caps = { ...limits, fuel: 999 }
  assert.match(
    checkRequest(request, input, { ...bounds, caps }, facts)?.message ?? '',
    /fuel is 1000, this node allows 999/,
  )
  const own = { ...settings, limits: caps }
  assert.match(
    checkRequest(request, input, { ...bounds, settings: own }, facts)?.message ?? '',
    /the manifest allows 999/,
  )
})

test('checkRequest() refuses a subnet whose epoch is over', () => {
  const old = draw([1, 2, 3, 4, 5], EPOCH - 2)
  assert.equal(checkRequest(request, input, { ...bounds, subnet: old }, facts)?.code, 'ERR_EPOCH')
})

test('checkSubnet() takes a draw that it can make itself', () => {
  assert.equal(checkSubnet(subnet, facts), undefined)
})

const draws: { name: string; of: Subnet; code: string }[] = [
  { name: 'that this node is not in', of: draw([2, 3, 4, 5]), code: 'ERR_SUBNET_FOREIGN' },
  { name: 'with a stranger', of: draw([1, 2, 3, 9]), code: 'ERR_SUBNET_INVALID' },
  { name: 'in another order', of: { ...subnet, order: subnet.order.toReversed() }, code: 'ERR_SUBNET_INVALID' },
  { name: 'of another beacon', of: { ...subnet, beacon: new Uint8Array(32) }, code: 'ERR_SUBNET_INVALID' },
  { name: 'of another chain', of: draw([1, 2, 3, 4], EPOCH, 4, 'other'), code: 'ERR_SUBNET_INVALID' },
  { name: 'that nobody signed', of: { ...subnet, epoch: EPOCH - 1 }, code: 'ERR_SUBNET_INVALID' },
  { name: 'of the epoch before the last', of: draw([1, 2, 3, 4], EPOCH - 2), code: 'ERR_EPOCH' },
  { name: 'of an epoch to come', of: draw([1, 2, 3, 4], EPOCH + 2), code: 'ERR_EPOCH' },
]
for (const { name, of, code } of draws) {
  test(`checkSubnet() refuses a draw ${name}`, () => {
    assert.equal(checkSubnet(of, facts)?.code, code)
  })
}

test('checkEpoch() leaves room for clocks that differ, and for requests under way while the epoch turns', () => {
  const at = (ms: number): number[] =>
    [0, 1, 2, 3, 4, 5, 6].filter((epoch) => checkEpoch(network, epoch, network.genesisTimeMs + ms) === undefined)
  assert.deepEqual(at(3 * 60_000 + 29_999), [1, 2, 3])
  assert.deepEqual(at(3 * 60_000 + 30_000), [2, 3, 4])
  assert.deepEqual(at(0), [0])
})
