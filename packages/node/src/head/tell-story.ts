import {
  type Divergence,
  type ExecutionRequest,
  type Story,
  type StoryEvent,
  type StoryTimings,
  toHex,
  type WorkTimings,
} from '@blockless/core'
import type { InvocationOutcome } from './invocation.ts'
import type { FormedSubnet } from './subnets.ts'

/** What is known of a request before it runs. */
export interface StoryFacts {
  readonly requestId: Uint8Array
  readonly request: ExecutionRequest
  readonly formed: FormedSubnet
  readonly functionName: string
  /** `clock.monotonic()` when the head took the request. */
  readonly startedMs: number
  /** How long it waited for a subnet. */
  readonly subnetMs: number
}

/** How a request ended. */
export interface StoryEnd {
  readonly outcome: Story['outcome']
  readonly detail: string
  readonly endedMs: number
  readonly events: readonly StoryEvent[]
  readonly run?: InvocationOutcome
  readonly receiptCid?: string
  readonly divergence?: Divergence
}

/** Puts a request's story together; pure. */
export function tellStory(facts: StoryFacts, end: StoryEnd): Story {
  const { requestId, request, formed, functionName } = facts
  const { subnet, cid, declined, formedInMs } = formed
  const totalMs = end.endedMs - facts.startedMs
  const ended: StoryEvent = { atMs: totalMs, kind: 'ended', outcome: end.outcome, detail: end.detail }
  return {
    requestId: toHex(requestId),
    functionCid: request.functionCid.toString(),
    functionName,
    timestampMs: request.timestampMs,
    agreement: request.agreement,
    epoch: subnet.epoch,
    subnet: {
      cid: cid.toString(),
      members: subnet.order.slice(0, subnet.size),
      spares: subnet.order.slice(subnet.size),
      candidatesCount: subnet.candidates.length,
      declined,
      formedInMs,
    },
    outcome: end.outcome,
    detail: end.detail,
    ...(end.divergence === undefined ? {} : { divergence: end.divergence }),
    ...(end.receiptCid === undefined ? {} : { receiptCid: end.receiptCid }),
    events: [...end.events, ended],
    timings: timingsOf(facts, end, totalMs),
  }
}

function timingsOf({ subnetMs }: StoryFacts, { run, endedMs }: StoryEnd, totalMs: number): StoryTimings {
  const decisive = run?.measures.decisive
  const worker = decisive === undefined ? undefined : run?.answers.get(decisive.node)?.message.timings
  const ms = (us: number | undefined): number => (us ?? 0) / 1_000
  return {
    subnetMs,
    encodeMs: run?.measures.encodeMs ?? 0,
    wireMs: decisive === undefined ? 0 : Math.max(0, decisive.roundTripMs - ms(worker?.totalUs)),
    workerCheckMs: ms(worker?.checkUs),
    queueMs: ms(worker?.queueUs),
    instantiateMs: ms(worker?.instantiateUs),
    runMs: ms(worker?.runUs),
    handoverMs: worker === undefined ? 0 : Math.max(0, ms(worker.totalUs - partsUs(worker))),
    verifyMs: run?.measures.verifyMs ?? 0,
    settleMs: decisive === undefined || run === undefined ? 0 : endedMs - run.measures.agreedAtMs,
    totalMs,
  }
}

function partsUs({ checkUs, queueUs, instantiateUs, runUs }: WorkTimings): number {
  return checkUs + queueUs + instantiateUs + runUs
}
