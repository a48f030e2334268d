import { integer, list, type NodeId, nodeIdSchema, oneOf, optional, type Schema, text, variant } from '@blockless/core'
import { answer, measure } from './answer.ts'

/** Where a worker's time went, in microseconds. */
export interface WorkTimings {
  readonly checkUs: number
  readonly queueUs: number
  readonly instantiateUs: number
  readonly runUs: number
  readonly totalUs: number
}

/** One thing that happened to a request, `atMs` after the head took it. */
export type StoryEvent =
  | { readonly kind: 'asked'; readonly atMs: number; readonly node: NodeId }
  | {
      readonly kind: 'voted'
      readonly atMs: number
      readonly node: NodeId
      /** Hexadecimal; equal for equal results. */
      readonly resultHash: string
      readonly exit: string
      readonly fuel: number
      readonly memoryPeakBytes: number
      readonly roundTripMs: number
      readonly timings: WorkTimings
    }
  | {
      readonly kind: 'failed'
      readonly atMs: number
      readonly node: NodeId
      readonly code: string
      readonly message: string
    }
  | { readonly kind: 'equivocated'; readonly atMs: number; readonly node: NodeId }
  | { readonly kind: 'ended'; readonly atMs: number; readonly outcome: string; readonly detail: string }

/** Where one request's time went, in milliseconds. */
export interface StoryTimings {
  readonly subnetMs: number
  readonly encodeMs: number
  readonly wireMs: number
  readonly workerCheckMs: number
  readonly queueMs: number
  readonly instantiateMs: number
  readonly runMs: number
  readonly verifyMs: number
  readonly settleMs: number
  readonly totalMs: number
}

/** The first place where results differ, and who said what there. */
export interface Divergence {
  readonly field: 'exit' | 'stdout' | 'stderr' | 'fuel'
  /** Offset of the first byte that differs, for stdout and stderr. */
  readonly offset?: number
  readonly groups: readonly { readonly nodes: readonly NodeId[]; readonly excerpt: string }[]
}

/** What a head tells about one request: not signed, not voted on, for people who ask why. */
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
  readonly divergence?: Divergence
  readonly receiptCid?: string
  readonly events: readonly StoryEvent[]
  readonly timings: StoryTimings
}

const count = integer(0, Number.MAX_SAFE_INTEGER)
const line = text(4_096)
const word = text(256)
const hash = text(64, /^[0-9a-f]*$/, 'hexadecimal')
const nodes = list(nodeIdSchema, 10_000)
const refusal = { node: nodeIdSchema, code: word, message: line }
const ms = measure()

const timings: Schema<WorkTimings> = answer({ checkUs: ms, queueUs: ms, instantiateUs: ms, runUs: ms, totalUs: ms })

const event: Schema<StoryEvent> = variant('kind', {
  asked: answer<object>({ atMs: ms, node: nodeIdSchema }),
  voted: answer<object>({
    atMs: ms,
    node: nodeIdSchema,
    resultHash: hash,
    exit: line,
    fuel: count,
    memoryPeakBytes: count,
    roundTripMs: ms,
    timings,
  }),
  failed: answer<object>({ atMs: ms, ...refusal }),
  equivocated: answer<object>({ atMs: ms, node: nodeIdSchema }),
  ended: answer<object>({ atMs: ms, outcome: word, detail: line }),
}) as unknown as Schema<StoryEvent>

const divergence: Schema<Divergence> = answer({
  field: oneOf(['exit', 'stdout', 'stderr', 'fuel'] as const),
  offset: optional(count),
  groups: list(answer({ nodes, excerpt: text(65_536) }), 128),
})

/** Schema of {@link Story}. */
export const storySchema: Schema<Story> = answer({
  requestId: hash,
  functionCid: word,
  functionName: word,
  timestampMs: count,
  agreement: answer({ kind: word, nodes: count, threshold: count }),
  epoch: count,
  subnet: answer({
    cid: word,
    members: nodes,
    spares: nodes,
    candidatesCount: count,
    declined: list(answer(refusal), 10_000),
    formedInMs: ms,
  }),
  outcome: oneOf(['decided', 'diverged', 'not-enough', 'cancelled'] as const),
  detail: line,
  divergence: optional(divergence),
  receiptCid: optional(word),
  events: list(event, 10_000),
  timings: answer({
    subnetMs: ms,
    encodeMs: ms,
    wireMs: ms,
    workerCheckMs: ms,
    queueMs: ms,
    instantiateMs: ms,
    runMs: ms,
    verifyMs: ms,
    settleMs: ms,
    totalMs: ms,
  }),
})

/** Schema of a list of stories. */
export const storiesSchema: Schema<{ readonly requests: readonly Story[] }> = answer({
  requests: list(storySchema, 1_000),
})
