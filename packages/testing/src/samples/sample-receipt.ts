import { formSubnet } from '@blockless/consensus'
import {
  beaconOf,
  type CID,
  candidacyDigest,
  cidOfCanonical,
  type ExecutionInput,
  type ExecutionRequest,
  encodeCanonical,
  epochAt,
  inputHashOf,
  type Network,
  type Receipt,
  requestIdOf,
  resultHashOf,
  type Subnet,
  sha256,
  signReceipt,
  signVote,
  sortVotes,
  subnetCidOf,
  toUtf8,
} from '@blockless/core'
import { testNetwork, testSigner } from '../test-keys.ts'

/** A receipt that is true, and everything that its checks need. */
export interface Sample {
  readonly receipt: Receipt
  readonly subnet: Subnet
  readonly network: Network
  readonly functionCid: CID
  readonly input: ExecutionInput
  readonly stdout: Uint8Array
}

const WORKERS = 6

/** Four of six workers were drawn and agree that the function said hello. */
export function sampleReceipt(): Sample {
  const network = testNetwork(WORKERS)
  const functionCid = cidOfCanonical(encodeCanonical('a function'))
  const input = { args: ['Ada'], env: {}, stdin: new Uint8Array(0) }
  const stdout = toUtf8('Hello, Ada!\n')
  const timestampMs = network.genesisTimeMs + 125_000
  const subnet = sampleSubnet(network, functionCid, epochAt(network, timestampMs))
  const request: ExecutionRequest = {
    version: 1,
    chainId: network.chainId,
    functionCid,
    entry: '_start',
    inputHash: inputHashOf(input),
    limits: { fuel: 1_000_000, memoryBytes: 1_048_576, outputBytes: 4_096, deadlineMs: 1_000 },
    permissions: [],
    agreement: { kind: 'aggregate', nodes: 4, threshold: 3 },
    timestampMs,
    nonce: new Uint8Array(16).fill(7),
  }
  const requestId = requestIdOf(request)
  const result = {
    exit: { kind: 'exit', code: 0 },
    outputHash: sha256(stdout),
    stderrHash: sha256(new Uint8Array(0)),
  } as const
  const statement = { ...result, fuel: 1_234 }
  const context = {
    chainId: network.chainId,
    requestId,
    functionCid,
    subnetCid: subnetCidOf(subnet),
    epoch: subnet.epoch,
  }
  const members = subnet.order.slice(0, 4)
  const vote = { resultHash: resultHashOf(statement), fuel: 1_234, transcriptHash: new Uint8Array(32) }
  const signers = Array.from({ length: WORKERS }, (_, index) => testSigner(index + 1))
  const votes = sortVotes(
    signers.filter(({ nodeId }) => members.includes(nodeId)).map((signer) => signVote(signer, context, vote)),
  )
  const receipt = signReceipt(testSigner(0), {
    version: 1,
    requestId,
    request,
    result: statement,
    fuelUsed: 1_234,
    epoch: subnet.epoch,
    subnet: { cid: context.subnetCid, members },
    votes,
    replaced: [],
  })
  return { receipt, subnet, network, functionCid, input, stdout }
}

function sampleSubnet(network: Network, functionCid: CID, epoch: number): Subnet {
  const candidacy = { chainId: network.chainId, functionCid, epoch }
  const candidates = Array.from({ length: WORKERS }, (_, index) => {
    const signer = testSigner(index + 1)
    return { node: signer.nodeId, weight: 10, signature: signer.sign(candidacyDigest({ ...candidacy, weight: 10 })) }
  })
  return formSubnet({ ...candidacy, beacon: beaconOf(network), size: 4, candidates })
}
