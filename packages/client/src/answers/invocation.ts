import {
  bytes,
  type CID,
  cid,
  type Exit,
  equalBytes,
  exitSchema,
  integer,
  protocolLimits,
  type Receipt,
  receiptCidOf,
  receiptSchema,
  type Schema,
  sha256,
} from '@blockless/core'
import { base64 } from '../http/base64.ts'
import { answer } from './answer.ts'

/** What came out of one invocation, and the receipt for it. */
export interface Invocation {
  readonly requestId: Uint8Array
  readonly receiptCid: CID
  readonly functionCid: CID
  readonly exit: Exit
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly fuelUsed: number
  readonly receipt: Receipt
}

const output = base64(protocolLimits.OUTPUT_SIZE_MAX)

/** Schema of {@link Invocation}. */
export const invocationSchema: Schema<Invocation> = answer({
  requestId: bytes(32),
  receiptCid: cid(),
  functionCid: cid(),
  exit: exitSchema,
  stdout: output,
  stderr: output,
  fuelUsed: integer(0, protocolLimits.FUEL_MAX),
  receipt: receiptSchema,
})

/**
 * Where an answer contradicts the receipt that came with it, or undefined if it does not: whoever keeps the receipt as
 * the proof of an output has to know that it is about this output. Says nothing about whether the receipt is true.
 */
export function findContradiction(invocation: Invocation): string | undefined {
  const { receipt, exit } = invocation
  const { request, result } = receipt
  if (!equalBytes(receiptCidOf(receipt).bytes, invocation.receiptCid.bytes)) return 'the receipt has another CID'
  if (!equalBytes(receipt.requestId, invocation.requestId)) return 'the receipt is of another request'
  if (!equalBytes(request.functionCid.bytes, invocation.functionCid.bytes)) return 'the receipt is of another function'
  if (!equalBytes(sha256(invocation.stdout), result.outputHash)) return 'stdout is not what the receipt says'
  if (!equalBytes(sha256(invocation.stderr), result.stderrHash)) return 'stderr is not what the receipt says'
  const isSameExit = exit.kind === result.exit.kind && exit.code === result.exit.code
  if (!isSameExit) return 'the exit is not what the receipt says'
  return receipt.fuelUsed === invocation.fuelUsed ? undefined : 'the fuel is not what the receipt says'
}
