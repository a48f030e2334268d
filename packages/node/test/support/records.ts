import { formSubnet } from '@blockless/consensus'
import {
  beaconOf,
  candidacyDigest,
  cidOfCanonical,
  type ExecutionRequest,
  encodeCanonical,
  inputHashOf,
  type Receipt,
  receiptCidOf,
  requestIdOf,
  resultHashOf,
  type Story,
  type Subnet,
  signReceipt,
  signVote,
  subnetCidOf,
  toHex,
} from '@blockless/core'
import { testNetwork, testSigner } from '@blockless/testing'

/** What a head records of one request. */
export interface TestRecord {
  readonly story: Story
  readonly receipt: { readonly cid: string; readonly receipt: Receipt }
  readonly subnet: Subnet
}

const LIMITS = { fuel: 1_000, memoryBytes: 65_536, outputBytes: 100, deadlineMs: 1_000 }
const AGREEMENT = { kind: 'direct' as const, nodes: 1, threshold: 1 }
const NO_TIMINGS = {
  subnetMs: 0,
  encodeMs: 0,
  wireMs: 0,
  workerCheckMs: 0,
  queueMs: 0,
  instantiateMs: 0,
  runMs: 0,
  handoverMs: 0,
  verifyMs: 0,
  settleMs: 0,
  totalMs: 0,
}

/** The record number `index`: a true receipt, its draw, and a short story. */
export function recordOf(index: number): TestRecord {
  const network = testNetwork(1)
  const [head, worker] = [testSigner(0), testSigner(1)]
  const functionCid = cidOfCanonical(encodeCanonical(`function ${index}`))
  const { chainId } = network
  const signature = worker.sign(candidacyDigest({ chainId, functionCid, epoch: 0, weight: 1 }))
  const candidates = [{ node: worker.nodeId, weight: 1, signature }]
  const subnet = formSubnet({ chainId, functionCid, epoch: 0, beacon: beaconOf(network), size: 1, candidates })
  const subnetCid = subnetCidOf(subnet)
  const request: ExecutionRequest = {
    version: 1,
    chainId,
    functionCid,
    entry: '_start',
    inputHash: inputHashOf({ args: [], env: {}, stdin: new Uint8Array(0) }),
    limits: LIMITS,
    permissions: [],
    agreement: AGREEMENT,
    timestampMs: network.genesisTimeMs,
    nonce: new Uint8Array(16).fill(index),
  }
  const requestId = requestIdOf(request)
  const exit = { kind: 'exit' as const, code: 0 }
  const result = { exit, outputHash: new Uint8Array(32), stderrHash: new Uint8Array(32), fuel: 10 }
  const vote = signVote(
    worker,
    { chainId, requestId, functionCid, subnetCid, epoch: 0 },
    { resultHash: resultHashOf(result), fuel: 10, transcriptHash: new Uint8Array(32) },
  )
  const members = { cid: subnetCid, members: [worker.nodeId] }
  const body = { version: 1 as const, requestId, request, result, fuelUsed: 10, epoch: 0, subnet: members }
  const receipt = signReceipt(head, { ...body, votes: [vote], replaced: [] })
  const cid = receiptCidOf(receipt).toString()
  return { subnet, receipt: { cid, receipt }, story: storyOf(receipt, cid, subnet) }
}

function storyOf({ requestId, request }: Receipt, receiptCid: string, subnet: Subnet): Story {
  return {
    requestId: toHex(requestId),
    functionCid: request.functionCid.toString(),
    functionName: 'test',
    timestampMs: request.timestampMs,
    agreement: AGREEMENT,
    epoch: 0,
    subnet: {
      cid: subnetCidOf(subnet).toString(),
      members: [...subnet.order],
      spares: [],
      candidatesCount: 1,
      declined: [],
      formedInMs: 0,
    },
    outcome: 'decided',
    detail: '',
    receiptCid,
    events: [],
    timings: NO_TIMINGS,
  }
}
