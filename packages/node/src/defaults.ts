import type { Limits } from '@blockless/core'

/** How long a head waits for answers to a roll call: two round trips across the world and a cold gossip mesh. */
export const ROLL_CALL_MS = 3_000
/** How long a member may take to fetch and compile a function: a 10 MB module over a slow link. */
export const PREPARE_MS = 30_000
/** What a head adds to a request's deadline before it gives up on a node: the wire and the queue. */
const ANSWER_GRACE_MS = 2_000
/** How long a head awaits one node's answer. */
export function answerTimeoutMs(limits: Limits): number {
  return limits.deadlineMs + ANSWER_GRACE_MS
}
/** How long a request may take: time for every member to fail at the last moment, and its spare to run. */
export function totalTimeoutMs(limits: Limits): number {
  return answerTimeoutMs(limits) * 2
}
/** How long a head waits for the remaining nodes once enough of them agreed, so that receipts name all votes. */
export const STRAGGLER_MS = 100
/** The same in parts of the time that those nodes have had: who is merely slower than others is not lost. */
export const STRAGGLER_FACTOR = 1
/** How far clocks of head and worker may differ. */
export const CLOCK_SKEW_MS = 30_000
/** Requests under way at one head; one more is answered "busy". */
export const REQUESTS_COUNT_MAX = 256
/** Frames waiting to be written to one link, in bytes: two of the largest. */
export const LINK_BACKLOG_BYTES_MAX = 20_971_520
/** Pause before a worker dials a lost head again, doubled each time up to the maximum. */
export const REDIAL_MS = 200
/** @see REDIAL_MS */
export const REDIAL_MS_MAX = 10_000
/** Subnets that a worker remembers: one per function and epoch that it serves. */
export const SUBNETS_COUNT_MAX = 1_024
/** Calls of one head under way at one worker: all that the head may have, and room for preparing. */
export const CALLS_COUNT_MAX: number = REQUESTS_COUNT_MAX * 2
/** Subnets that a head forms at once: each is a roll call to all workers, who then fetch and compile. */
export const DRAWS_COUNT_MAX = 16
/** Subnets that wait for their turn to be formed. */
export const DRAWS_WAITING_COUNT_MAX = 1_024
/** How long dialling a head and opening the link may take. */
export const DIAL_MS = 15_000
/** A roll call takes 250 bytes; gossip itself would take megabytes. */
export const ROLL_CALL_SIZE_MAX = 1_024
