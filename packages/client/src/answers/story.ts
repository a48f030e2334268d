import {
  type Divergence,
  integer,
  list,
  nodeIdSchema,
  oneOf,
  optional,
  type Schema,
  type Story,
  type StoryEvent,
  text,
  variant,
  type WorkTimings,
} from '@blockless/core'
import { answer, measure } from './answer.ts'

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
    handoverMs: ms,
    verifyMs: ms,
    settleMs: ms,
    totalMs: ms,
  }),
})

/** Schema of a list of stories. */
export const storiesSchema: Schema<{ readonly requests: readonly Story[] }> = answer({
  requests: list(storySchema, 1_000),
})
