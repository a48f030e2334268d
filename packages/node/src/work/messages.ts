import type { CID, WorkTimings } from '@blockless/core'
import {
  blob,
  bytes,
  chainIdSchema,
  cid,
  type ExecutionInput,
  type ExecutionRequest,
  type Exit,
  executionInputSchema,
  executionRequestSchema,
  exitSchema,
  flag,
  integer,
  literal,
  protocolLimits,
  type Schema,
  type Subnet,
  struct,
  subnetSchema,
  text,
  type Vote,
  variant,
  voteSchema,
} from '@blockless/core'

import { type RollCall, rollCallSchema } from '../roll-call/roll-call.ts'

/** libp2p protocol of the link between a worker and a head: one stream, kept open, frames both ways. */
export const WORK_PROTOCOL = '/b7s/work/2.0.0'

/** Largest frame: the largest input or output, and room for the rest of its message. */
export const FRAME_SIZE_MAX: number = protocolLimits.STDIN_SIZE_MAX + protocolLimits.OUTPUT_SIZE_MAX + 1_048_576

/** Worker to head: the first frame of a link. */
export interface Hello {
  readonly kind: 'hello'
  readonly version: 2
  readonly chainId: string
}

/** Worker to head: "I stand for this function in this epoch". */
export interface Candidacy {
  readonly kind: 'candidacy'
  readonly rollCallId: Uint8Array
  readonly weight: number
  readonly signature: Uint8Array
}

/** Worker to head: "I do not stand", and why. */
export interface Decline {
  readonly kind: 'decline'
  readonly rollCallId: Uint8Array
  readonly code: string
  readonly message: string
}

/** Head to worker: "you were drawn; fetch and compile the function". Answered by {@link Prepared} or {@link Refused}. */
export interface Prepare {
  readonly kind: 'prepare'
  readonly id: number
  readonly subnet: Subnet
}

/** Worker to head: the function is ready to run. */
export interface Prepared {
  readonly kind: 'prepared'
  readonly id: number
}

/** Head to worker: run. Answered by {@link WorkResult} or {@link Refused}. */
export interface Execute {
  readonly kind: 'execute'
  readonly id: number
  readonly subnetCid: CID
  readonly request: ExecutionRequest
  readonly input: ExecutionInput
}

/** Worker to head: what came out, and the signed vote for it. */
export interface WorkResult {
  readonly kind: 'result'
  readonly id: number
  readonly exit: Exit
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly vote: Vote
  readonly isPure: boolean
  readonly memoryPeakBytes: number
  readonly timings: WorkTimings
}

/** Worker to head: the node could not or would not do it; never the function's own failure. */
export interface Refused {
  readonly kind: 'refused'
  readonly id: number
  readonly code: string
  readonly message: string
}

/** Head to worker: nobody waits for this answer any more. */
export interface Cancel {
  readonly kind: 'cancel'
  readonly id: number
}

/** Head to worker: a roll call, for workers that gossip does not reach. Answered by {@link Candidacy} or {@link Decline}. */
export interface RollCalled {
  readonly kind: 'roll-call'
  readonly call: RollCall
}

/** Frames that a worker sends. */
export type WorkerMessage = Hello | Candidacy | Decline | Prepared | WorkResult | Refused
/** Frames that a head sends. */
export type HeadMessage = Prepare | Execute | Cancel | RollCalled

const id = integer(0, 0xffff_ffff)
const micros = integer(0, 86_400_000_000)
const CODE = /^ERR_[A-Z0-9_]{1,60}$/
const code = text(64, CODE, 'an error code')
/** Whether a code may travel in a frame; one that may not would end the link. */
export function isErrorCode(value: string): boolean {
  return CODE.test(value)
}
/** Longest reason that one node gives another; longer ones are cut by the sender. */
export const MESSAGE_LENGTH_MAX = 2_048
const message = text(MESSAGE_LENGTH_MAX)

/** Schema of {@link WorkerMessage}. */
export const workerMessageSchema: Schema<WorkerMessage> = variant('kind', {
  hello: struct({ version: literal(2), chainId: chainIdSchema }),
  candidacy: struct({ rollCallId: bytes(16), weight: integer(1, 0xffff_ffff), signature: bytes(65) }),
  decline: struct({ rollCallId: bytes(16), code, message }),
  prepared: struct({ id }),
  result: struct({
    id,
    exit: exitSchema,
    stdout: blob(protocolLimits.OUTPUT_SIZE_MAX),
    stderr: blob(protocolLimits.OUTPUT_SIZE_MAX),
    vote: voteSchema,
    isPure: flag(),
    memoryPeakBytes: integer(0, protocolLimits.MEMORY_SIZE_MAX),
    timings: struct({ checkUs: micros, queueUs: micros, instantiateUs: micros, runUs: micros, totalUs: micros }),
  }),
  refused: struct({ id, code, message }),
})

/** Schema of {@link HeadMessage}. */
export const headMessageSchema: Schema<HeadMessage> = variant('kind', {
  prepare: struct({ id, subnet: subnetSchema }),
  execute: struct({ id, subnetCid: cid(), request: executionRequestSchema, input: executionInputSchema }),
  cancel: struct({ id }),
  'roll-call': struct({ call: rollCallSchema }),
})
