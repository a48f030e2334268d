import type { NodeId } from '../identity/node-id.ts'

/** Where a run's time went on a worker, in microseconds; measured, not voted on. */
export interface WorkTimings {
  readonly checkUs: number
  readonly queueUs: number
  readonly instantiateUs: number
  readonly runUs: number
  readonly totalUs: number
}

/** One thing that happened to a request, `atMs` after the head took it. */
export type StoryEvent =
  | { readonly atMs: number; readonly kind: 'asked'; readonly node: NodeId }
  | {
      readonly atMs: number
      readonly kind: 'voted'
      readonly node: NodeId
      readonly resultHash: string
      readonly exit: string
      readonly fuel: number
      readonly memoryPeakBytes: number
      /** From asking to answer, at the head. */
      readonly roundTripMs: number
      readonly timings: WorkTimings
    }
  | {
      readonly atMs: number
      readonly kind: 'failed'
      readonly node: NodeId
      readonly code: string
      readonly message: string
    }
  | { readonly atMs: number; readonly kind: 'equivocated'; readonly node: NodeId }
  | { readonly atMs: number; readonly kind: 'ended'; readonly outcome: string; readonly detail: string }

/** Where one request's time went, in milliseconds; node parts are of the answer that completed the threshold. */
export interface StoryTimings {
  /** Waiting for a subnet; 0 when one stands ready. */
  readonly subnetMs: number
  /** Hashing and encoding the request. */
  readonly encodeMs: number
  /** Round trip less what the worker spent. */
  readonly wireMs: number
  readonly workerCheckMs: number
  readonly queueMs: number
  readonly instantiateMs: number
  readonly runMs: number
  /** The rest of the worker's time: to its executor and back, and signing the vote. */
  readonly handoverMs: number
  /** Checking votes' signatures. */
  readonly verifyMs: number
  /** From the threshold to the end: stragglers, then the receipt. */
  readonly settleMs: number
  readonly totalMs: number
}

/** The story of one request, as `bls explain` tells it; kept by the head, not signed and not voted on. */
export interface Story {
  readonly requestId: string
  readonly functionCid: string
  readonly functionName: string
  readonly timestampMs: number
  readonly agreement: { readonly kind: string; readonly nodes: number; readonly threshold: number }
  readonly epoch: number
  readonly subnet: {
    readonly cid: string
    readonly members: readonly NodeId[]
    readonly spares: readonly NodeId[]
    readonly candidatesCount: number
    readonly declined: readonly { readonly node: NodeId; readonly code: string; readonly message: string }[]
    readonly formedInMs: number
  }
  readonly outcome: 'decided' | 'diverged' | 'not-enough' | 'cancelled'
  readonly detail: string
  /** Where the results first differ, if they do. */
  readonly divergence?: Divergence
  readonly receiptCid?: string
  readonly events: readonly StoryEvent[]
  readonly timings: StoryTimings
}

/** Two results that differ, and the first place where they do. */
export interface Divergence {
  readonly field: 'exit' | 'stdout' | 'stderr' | 'fuel'
  /** Offset of the first differing byte, for stdout and stderr. */
  readonly offset?: number
  readonly groups: readonly { readonly nodes: readonly NodeId[]; readonly excerpt: string }[]
}
