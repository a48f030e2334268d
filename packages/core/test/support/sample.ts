import {
  type Candidate,
  type CID,
  candidacyDigest,
  cidOfCanonical,
  createSigner,
  type ExecutionInput,
  type ExecutionRequest,
  inputHashOf,
  type Network,
  type Receipt,
  type ResultStatement,
  requestIdOf,
  resultHashOf,
  type Signer,
  type Subnet,
  sha256,
  signReceipt,
  signVote,
  sortVotes,
  subnetCidOf,
  toUtf8,
  type VerifyOptions,
  type Vote,
  type VoteContext,
} from '@blockless/core'

/** Signers of the tests: 0 is the head, 1 to 8 the workers, 9 a stranger. */
export const signers: readonly Signer[] = Array.from({ length: 10 }, (_, index) =>
  createSigner(sha256(toUtf8(`core test ${index}`))),
)
export const head: Signer = signerAt(0)
export const workers: readonly Signer[] = signers.slice(1, 9)
export const stranger: Signer = signerAt(9)

export const functionCid: CID = cidOfCanonical(toUtf8('function'))
export const otherCid: CID = cidOfCanonical(toUtf8('other'))
export const input: ExecutionInput = { args: ['a'], env: { NAME: 'value' }, stdin: toUtf8('question') }
const output: Uint8Array = toUtf8('answer')

export const network: Network = {
  version: 1,
  chainId: 'blockless-test',
  genesisTimeMs: 1_767_225_600_000,
  epochMs: 60_000,
  heads: [head.nodeId],
  workers: workers.map(({ nodeId }) => nodeId),
}

export const EPOCH = 7

export const request: ExecutionRequest = {
  version: 1,
  chainId: network.chainId,
  functionCid,
  entry: '_start',
  inputHash: inputHashOf(input),
  limits: { fuel: 1_000_000, memoryBytes: 65_536, outputBytes: 1_000, deadlineMs: 1_000 },
  permissions: [],
  agreement: { kind: 'aggregate', nodes: 4, threshold: 3 },
  timestampMs: network.genesisTimeMs + EPOCH * network.epochMs + 500,
  nonce: new Uint8Array(16).fill(5),
}

export const result: ResultStatement = {
  exit: { kind: 'exit', code: 0 },
  outputHash: sha256(output),
  stderrHash: sha256(new Uint8Array()),
  fuel: 1_234,
}

/** A result that honest nodes did not get. */
export const otherResult: ResultStatement = { ...result, outputHash: sha256(toUtf8('lie')) }

/** A record whose order is simply the workers': how it is drawn is not core's to check. */
export const subnet: Subnet = subnetOf({})

export function subnetOf(change: Partial<Subnet>): Subnet {
  const facts = { chainId: network.chainId, functionCid, epoch: EPOCH, ...change }
  const { chainId, epoch } = facts
  const candidates = workers.map((signer): Candidate => {
    const candidacy = { chainId, functionCid: facts.functionCid, epoch, weight: 1 }
    return { node: signer.nodeId, weight: 1, signature: signer.sign(candidacyDigest(candidacy)) }
  })
  const order = workers.map(({ nodeId }) => nodeId)
  const sorted = candidates.toSorted((a, b) => (a.node < b.node ? -1 : 1))
  return { version: 1, ...facts, beacon: new Uint8Array(32), size: 4, candidates: sorted, order, ...change }
}

/** What votes of the sample are bound to. */
export function contextOf(change: Partial<VoteContext> = {}): VoteContext {
  return {
    chainId: request.chainId,
    requestId: requestIdOf(request),
    functionCid: request.functionCid,
    subnetCid: subnetCidOf(subnet),
    epoch: EPOCH,
    ...change,
  }
}

/** A worker's vote for a result, by default the honest one. */
export function voteOf(
  signer: Signer,
  { statement = result, context = contextOf(), fuel = 1_234, transcriptHash = new Uint8Array(32) }: VoteOptions = {},
): Vote {
  return signVote(signer, context, { resultHash: resultHashOf(statement), fuel, transcriptHash })
}

export interface VoteOptions {
  readonly statement?: ResultStatement
  readonly context?: VoteContext
  readonly fuel?: number
  readonly transcriptHash?: Uint8Array
}

export type ReceiptBody = Omit<Receipt, 'signature' | 'head'>

/** Members and votes of the first four workers, all for the honest result. */
export const body: ReceiptBody = {
  version: 1,
  requestId: requestIdOf(request),
  request,
  result,
  fuelUsed: 1_234,
  epoch: EPOCH,
  subnet: { cid: subnetCidOf(subnet), members: workers.slice(0, 4).map(({ nodeId }) => nodeId) },
  votes: sortVotes(workers.slice(0, 4).map((signer) => voteOf(signer))),
  replaced: [],
}

/** A receipt as an honest head makes it, or with a body that it changed before it signed. */
export function receiptOf(change: Partial<ReceiptBody> = {}, signer: Signer = head): Receipt {
  return signReceipt(signer, { ...body, ...change })
}

/** Everything that lets each check run. */
export const given: Required<VerifyOptions> = {
  functionCid,
  entry: '_start',
  agreement: request.agreement,
  input,
  output,
  subnet,
  network,
}

export function workerAt(index: number): Signer {
  const signer = workers[index]
  if (signer === undefined) throw new RangeError(`Cannot take worker ${index}: there are 0 to 7`)
  return signer
}

function signerAt(index: number): Signer {
  const signer = signers[index]
  if (signer === undefined) throw new RangeError(`Cannot take signer ${index}`)
  return signer
}
