import type { Agreement, NodeId } from '@blockless/core'

/** What one request's aggregation is created from. Times are milliseconds of one monotonic clock. */
export interface AggregationInit {
  readonly agreement: Agreement
  /** The subnet's drawn order: members, then spares; unique, at least `agreement.nodes`, at most 128. */
  readonly order: readonly NodeId[]
  /** How long each node may take to answer, counted from when it was asked. */
  readonly answerTimeoutMs: number
  /** How long the request may take, counted from the start; no answer is awaited beyond it. */
  readonly totalTimeoutMs: number
  /**
   * How long to go on collecting votes once the threshold is reached: 0 decides at once, `Infinity` waits for every
   * asked node up to its own deadline.
   */
  readonly graceMs: number
  /**
   * How long to go on in parts of the time that the nodes still awaited have had, if that is longer than `graceMs`: 1
   * gives them as long again, so that a slow function or a busy machine loses no honest votes. Default: 0.
   */
  readonly graceFactor?: number
}

/** What happened. `nowMs` is the monotonic time at which it did; times that go back count as the latest seen. */
export type AggregationEvent =
  | { readonly kind: 'start'; readonly nowMs: number }
  /** A node's vote, its signature already checked. `resultHash` is 32 bytes. */
  | { readonly kind: 'result'; readonly nowMs: number; readonly node: NodeId; readonly resultHash: Uint8Array }
  /** A node refused, died or gave an invalid vote; `code` is an `ERR_*`. */
  | { readonly kind: 'failure'; readonly nowMs: number; readonly node: NodeId; readonly code: string }
  | { readonly kind: 'tick'; readonly nowMs: number }

/**
 * Why an event changed nothing: the node was never asked, said the same before, had failed and was replaced, had
 * answered before it failed, or the aggregation had ended.
 */
export type IgnoredReason = 'not-asked' | 'duplicate' | 'failed' | 'answered' | 'ended'

/** The nodes that returned one result. */
export interface ResultGroup {
  readonly resultHash: Uint8Array
  /** In drawn order. */
  readonly nodes: readonly NodeId[]
}

/** A node that does not count, and the coded reason: a receipt's `replaced`. */
export interface FailedNode {
  readonly node: NodeId
  readonly code: string
}

/** Facts that every end carries; all lists are in drawn order. */
export interface AggregationEnd {
  /** Everyone who was asked, a prefix of the order: a receipt's `subnet.members`. */
  readonly asked: readonly NodeId[]
  readonly failed: readonly FailedNode[]
  /** Asked, neither answered nor failed: their work may be cancelled. */
  readonly unanswered: readonly NodeId[]
}

/** What the caller has to do, in this order. */
export type AggregationEffect =
  /** Send the request to this node; its answer is awaited until `answerByMs`. */
  | { readonly kind: 'ask'; readonly node: NodeId; readonly answerByMs: number }
  | { readonly kind: 'ignored'; readonly node: NodeId; readonly why: IgnoredReason }
  /** The node signed two results for one request: keep both votes, they are evidence. */
  | { readonly kind: 'equivocated'; readonly node: NodeId; readonly resultHashes: readonly [Uint8Array, Uint8Array] }
  /** `agreeing` has at least `threshold` nodes; `outvoted` are those that answered otherwise. */
  | ({
      readonly kind: 'decided'
      readonly resultHash: Uint8Array
      readonly agreeing: readonly NodeId[]
      readonly outvoted: readonly ResultGroup[]
    } & AggregationEnd)
  /** Enough nodes answer, but too differently for any result to reach the threshold. Largest group first. */
  | ({ readonly kind: 'diverged'; readonly groups: readonly ResultGroup[]; readonly reason: string } & AggregationEnd)
  /** Fewer nodes can answer than are needed, whatever they say. */
  | ({
      readonly kind: 'not-enough'
      readonly answered: number
      readonly needed: number
      readonly groups: readonly ResultGroup[]
      readonly reason: string
    } & AggregationEnd)

/** What an asked node has done so far. */
export type Answer =
  | { readonly kind: 'pending'; readonly askedMs: number; readonly answerByMs: number }
  | { readonly kind: 'answered'; readonly resultHash: Uint8Array }
  | { readonly kind: 'failed'; readonly code: string }

/** One request's aggregation; an immutable value. */
export interface AggregationState {
  readonly init: AggregationInit
  readonly phase: 'created' | 'collecting' | 'ended'
  /** Answers of the first `answers.length` nodes of the order. */
  readonly answers: readonly Answer[]
  /** Latest time seen. */
  readonly nowMs: number
  /** Nothing is awaited after this; set by the start. */
  readonly endByMs: number
  /** When to decide, while a result has reached the threshold and votes are still coming in. */
  readonly settleAtMs: number | undefined
}
