import type { CID } from 'multiformats/cid'
import { sha256 } from '#sha256'
import { equalBytes, toHex } from '../bytes.ts'
import { CodedError } from '../errors.ts'
import { compareNodeIds } from '../identity/node-id.ts'
import { verifySignature } from '../identity/signer.ts'
import { epochAt, type Network } from '../model/network.ts'
import { type ExecutionInput, inputHashOf, requestIdOf } from '../model/request.ts'
import { resultHashOf } from '../model/result.ts'
import { type Subnet, subnetCidOf } from '../model/subnet.ts'
import { type Vote, voteDigest } from '../model/vote.ts'
import { decodeReceipt, type Receipt, receiptDigest, receiptFromJson, receiptSchema } from './receipt.ts'

/** Every check of a receipt, in the order in which they run. */
export const CHECKS = [
  'schema',
  'request-id',
  'function',
  'input',
  'output',
  'voters',
  'signatures',
  'threshold',
  'fuel',
  'head',
  'subnet',
  'epoch',
  'network',
] as const

/** @see CHECKS */
export type CheckName = (typeof CHECKS)[number]

/** One check's outcome; `skipped` says in `detail` what would have to be given for it to run. */
export interface Check {
  readonly name: CheckName
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly detail: string
}

/** All checks of one receipt. */
export interface Verdict {
  /** No check failed. Read `checks` for those that were skipped. */
  readonly ok: boolean
  readonly checks: readonly Check[]
  /** The receipt, if it could be read at all. */
  readonly receipt: Receipt | undefined
}

/** What the verifier holds beside the receipt; each makes one more check possible. */
export interface VerifyOptions {
  /** The function that was meant to run. */
  readonly functionCid?: CID
  /** The input that was sent. */
  readonly input?: ExecutionInput
  /** The stdout that came back. */
  readonly output?: Uint8Array
  /** The record of the draw. */
  readonly subnet?: Subnet
  /** The network's genesis: its epochs, heads and workers. */
  readonly network?: Network
}

/** A check's reason to fail or to be skipped; a plain text is the detail of a check that passed. */
type Finding = string | { readonly failed: string } | { readonly skipped: string }

/**
 * Verifies a receipt with nothing but itself and what the caller holds: no network, no clock, no trust in the sender.
 *
 * @param source - a receipt, its canonical bytes, or its JSON form; any bytes and any JSON are safe to pass
 * @returns a verdict that names every check that passed, failed, or could not run; it never throws for a bad receipt
 */
export function verify(source: unknown, options: VerifyOptions = {}): Verdict {
  const read = readReceipt(source)
  if (!('receipt' in read)) {
    const rest = CHECKS.slice(1).map(
      (name): Check => ({ name, status: 'skipped', detail: 'the receipt is unreadable' }),
    )
    return {
      ok: false,
      checks: [{ name: 'schema', status: 'failed', detail: read.failed }, ...rest],
      receipt: undefined,
    }
  }
  const { receipt } = read
  const findings: Readonly<Record<CheckName, Finding>> = {
    schema: 'well formed, version 1',
    'request-id': checkRequestId(receipt),
    function: checkFunction(receipt, options.functionCid),
    input: checkInput(receipt, options.input),
    output: checkOutput(receipt, options.output),
    voters: checkVoters(receipt),
    signatures: checkSignatures(receipt),
    threshold: checkThreshold(receipt),
    fuel: checkFuel(receipt),
    head: checkHead(receipt),
    subnet: checkSubnet(receipt, options.subnet),
    epoch: checkEpoch(receipt, options.network),
    network: checkNetwork(receipt, options.network),
  }
  const checks = CHECKS.map((name) => toCheck(name, findings[name]))
  return { ok: checks.every(({ status }) => status !== 'failed'), checks, receipt }
}

/** The votes for the agreed result. */
export function agreeingVotes(receipt: Receipt): readonly Vote[] {
  const agreed = resultHashOf(receipt.result)
  return receipt.votes.filter(({ resultHash }) => equalBytes(resultHash, agreed))
}

/**
 * The fuel that is billed for the agreeing votes: the lower median, which one liar among honest nodes cannot move far.
 *
 * @param fuels - each agreeing node's own count, at least one
 */
export function billedFuel(fuels: readonly number[]): number {
  const sorted = [...fuels].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}

function readReceipt(source: unknown): { receipt: Receipt } | { failed: string } {
  try {
    if (source instanceof Uint8Array) return { receipt: decodeReceipt(source) }
    // The JSON form has text where the model has bytes, so one field tells them apart.
    const isModel =
      typeof source === 'object' && source !== null && 'requestId' in source && source.requestId instanceof Uint8Array
    return { receipt: isModel ? receiptSchema.check(source, '') : receiptFromJson(source) }
  } catch (error) {
    if (error instanceof CodedError) return { failed: error.message }
    throw error
  }
}

function checkRequestId({ request, requestId }: Receipt): Finding {
  const expected = requestIdOf(request)
  if (equalBytes(expected, requestId)) return `${toHex(requestId)} is the hash of the request`
  return { failed: `the request hashes to ${toHex(expected)}, the receipt says ${toHex(requestId)}` }
}

function checkFunction({ request }: Receipt, expected: CID | undefined): Finding {
  const found = request.functionCid.toString()
  if (expected === undefined) return { skipped: `ran ${found}; give the function's CID to compare` }
  const wanted = expected.toString()
  return wanted === found ? found : { failed: `ran ${found}, not ${wanted}` }
}

function checkInput({ request }: Receipt, input: ExecutionInput | undefined): Finding {
  if (input === undefined) return { skipped: 'give the input to compare its hash' }
  return equalBytes(inputHashOf(input), request.inputHash)
    ? 'the input has the hash in the request'
    : { failed: `the input hashes to ${toHex(inputHashOf(input))}, the request says ${toHex(request.inputHash)}` }
}

function checkOutput({ result }: Receipt, output: Uint8Array | undefined): Finding {
  if (output === undefined) return { skipped: 'give the output to compare its hash' }
  return equalBytes(sha256(output), result.outputHash)
    ? 'the output has the hash in the result'
    : { failed: `the output hashes to ${toHex(sha256(output))}, the result says ${toHex(result.outputHash)}` }
}

function checkVoters({ votes, subnet, request, replaced }: Receipt): Finding {
  const voters = votes.map(({ node }) => node)
  const duplicate = voters.find((node, index) => voters.indexOf(node) !== index)
  if (duplicate !== undefined) return { failed: `${duplicate} voted more than once` }
  if (new Set(subnet.members).size !== subnet.members.length) return { failed: 'the subnet names a member twice' }
  const foreign = voters.find((node) => !subnet.members.includes(node))
  if (foreign !== undefined) return { failed: `${foreign} voted but is not a member of the subnet` }
  const extra = subnet.members.length - request.agreement.nodes
  if (extra < 0) return { failed: `${subnet.members.length} members for ${request.agreement.nodes} nodes` }
  const stray = replaced.find(({ node }) => !subnet.members.includes(node))
  if (stray !== undefined) return { failed: `${stray.node} was replaced but is not a member of the subnet` }
  if (extra > new Set(replaced.map(({ node }) => node)).size) {
    return { failed: `${extra} spares were called, but only ${replaced.length} members replaced` }
  }
  return `${voters.length} different members of the subnet voted`
}

function checkSignatures(receipt: Receipt): Finding {
  const { request, requestId, subnet, epoch, votes } = receipt
  const { chainId, functionCid } = request
  const context = { chainId, requestId, functionCid, subnetCid: subnet.cid, epoch }
  const forged = votes.filter((vote) => !verifySignature(vote.node, voteDigest(context, vote), vote.signature))
  if (forged.length > 0) {
    return { failed: `the signature of ${forged.map(({ node }) => node).join(' and ')} does not sign this vote` }
  }
  return `${votes.length} votes are signed by their nodes`
}

function checkThreshold(receipt: Receipt): Finding {
  const { threshold, nodes } = receipt.request.agreement
  const agreeing = agreeingVotes(receipt).length
  if (agreeing < threshold) return { failed: `${agreeing} votes for the result, ${threshold} of ${nodes} needed` }
  const outvoted = receipt.votes.length - agreeing
  return `${agreeing} votes for the result, ${threshold} of ${nodes} needed${outvoted > 0 ? `, ${outvoted} outvoted` : ''}`
}

function checkFuel(receipt: Receipt): Finding {
  const { result, fuelUsed, request } = receipt
  const votes = agreeingVotes(receipt)
  const { fuel } = result
  if (fuelUsed > request.limits.fuel) return { failed: `${fuelUsed} used, but ${request.limits.fuel} was the limit` }
  if (fuel !== undefined && votes.some((vote) => vote.fuel !== fuel)) {
    return { failed: `the result says ${fuel}, but a node that voted for it says otherwise` }
  }
  if (votes.length === 0) return { skipped: 'nobody voted for the result' }
  const billed = billedFuel(votes.map((vote) => vote.fuel))
  return billed === fuelUsed ? `${fuelUsed} used` : { failed: `${fuelUsed} billed, but the votes give ${billed}` }
}

function checkHead(receipt: Receipt): Finding {
  if (verifySignature(receipt.head, receiptDigest(receipt), receipt.signature)) return `signed by ${receipt.head}`
  return { failed: `the signature of ${receipt.head} does not sign this receipt` }
}

function checkSubnet({ subnet, request, epoch }: Receipt, record: Subnet | undefined): Finding {
  if (record === undefined) return { skipped: `give the record of the draw, ${subnet.cid.toString()}, to compare` }
  if (!equalBytes(subnetCidOf(record).bytes, subnet.cid.bytes))
    return { failed: `the record given is not ${subnet.cid.toString()}` }
  if (
    record.chainId !== request.chainId ||
    !equalBytes(record.functionCid.bytes, request.functionCid.bytes) ||
    record.epoch !== epoch
  ) {
    return { failed: 'the record is of another function, chain or epoch' }
  }
  const isPrefix = subnet.members.every((node, index) => record.order[index] === node)
  return isPrefix ? 'the members stand in the drawn order' : { failed: 'the members are not the first ones drawn' }
}

function checkEpoch({ request, epoch }: Receipt, network: Network | undefined): Finding {
  if (network === undefined) return { skipped: "give the network's genesis to place the time in an epoch" }
  const expected = epochAt(network, request.timestampMs)
  // The subnet was formed before the request came, so a request at an epoch's first moments may be the last's.
  const fits = epoch === expected || epoch === expected - 1
  return fits ? `epoch ${epoch}` : { failed: `the request's time is in epoch ${expected}, the receipt says ${epoch}` }
}

function checkNetwork({ request, head, votes }: Receipt, network: Network | undefined): Finding {
  if (network === undefined) return { skipped: "give the network's genesis to know whose keys these are" }
  if (network.chainId !== request.chainId) {
    return { failed: `made on chain "${request.chainId}", not on "${network.chainId}"` }
  }
  if (!network.heads.includes(head)) return { failed: `head ${head} is not of this network` }
  const stranger = votes.find(({ node }) => !network.workers.includes(node))
  if (stranger !== undefined) return { failed: `worker ${stranger.node} is not of this network` }
  return 'the head and all voters are of this network'
}

function toCheck(name: CheckName, finding: Finding): Check {
  if (typeof finding === 'string') return { name, status: 'passed', detail: finding }
  if ('failed' in finding) return { name, status: 'failed', detail: finding.failed }
  return { name, status: 'skipped', detail: finding.skipped }
}

/** Orders votes as receipts keep them. */
export function sortVotes(votes: readonly Vote[]): readonly Vote[] {
  return [...votes].sort((a, b) => compareNodeIds(a.node, b.node))
}
