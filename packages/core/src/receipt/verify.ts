import type { CID } from 'multiformats/cid'
import { CodedError } from '../errors.ts'
import type { Agreement } from '../model/agreement.ts'
import type { Network } from '../model/network.ts'
import type { ExecutionInput } from '../model/request.ts'
import type { Subnet } from '../model/subnet.ts'
import {
  checkEpoch,
  checkFunction,
  checkInput,
  checkNetwork,
  checkOutput,
  checkSubnet,
  checkThreshold,
} from './check-given.ts'
import { checkFuel, checkHead, checkRequestId, checkSignatures, checkVoters } from './check-self.ts'
import type { Finding } from './finding.ts'
import { decodeReceipt, type Receipt, receiptFromJson, receiptSchema } from './receipt.ts'

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
  /**
   * No check failed. With checks skipped this means little: without the network's genesis, anyone can make up keys, a
   * subnet of them and a receipt of theirs that is consistent in itself.
   */
  readonly ok: boolean
  /** Every check ran, none was skipped. */
  readonly isComplete: boolean
  readonly checks: readonly Check[]
  /** The receipt, if it could be read at all. */
  readonly receipt: Receipt | undefined
}

/** What the verifier holds beside the receipt; each makes one more check possible. */
export interface VerifyOptions {
  /** The function that was meant to run. */
  readonly functionCid?: CID
  /** The exported function that was meant to be called; compared with `functionCid`'s check. */
  readonly entry?: string
  /** The agreement that was asked for: a head could ask fewer nodes. Compared with the threshold's check. */
  readonly agreement?: Agreement
  /** The input that was sent. */
  readonly input?: ExecutionInput
  /** The stdout that came back. */
  readonly output?: Uint8Array
  /** The record of the draw, as its schema returns it; `verifySubnet` of consensus checks the draw itself. */
  readonly subnet?: Subnet
  /** The network's genesis: its epochs, heads and workers. */
  readonly network?: Network
}

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
      isComplete: false,
      checks: [{ name: 'schema', status: 'failed', detail: read.failed }, ...rest],
      receipt: undefined,
    }
  }
  const { receipt } = read
  const findings: Readonly<Record<CheckName, Finding>> = {
    schema: 'well formed, version 1',
    'request-id': checkRequestId(receipt),
    function: checkFunction(receipt, options.functionCid, options.entry),
    input: checkInput(receipt, options.input),
    output: checkOutput(receipt, options.output),
    voters: checkVoters(receipt),
    signatures: checkSignatures(receipt),
    threshold: checkThreshold(receipt, options.agreement),
    fuel: checkFuel(receipt),
    head: checkHead(receipt),
    subnet: checkSubnet(receipt, options.subnet),
    epoch: checkEpoch(receipt, options.network),
    network: checkNetwork(receipt, options.network),
  }
  const checks = CHECKS.map((name) => toCheck(name, findings[name]))
  return {
    ok: checks.every(({ status }) => status !== 'failed'),
    isComplete: checks.every(({ status }) => status !== 'skipped'),
    checks,
    receipt,
  }
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

function toCheck(name: CheckName, finding: Finding): Check {
  if (typeof finding === 'string') return { name, status: 'passed', detail: finding }
  if ('failed' in finding) return { name, status: 'failed', detail: finding.failed }
  return { name, status: 'skipped', detail: finding.skipped }
}
