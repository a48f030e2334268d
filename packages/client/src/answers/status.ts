import {
  chainIdSchema,
  integer,
  list,
  type NodeId,
  nodeIdSchema,
  protocolLimits,
  type Schema,
  text,
} from '@blockless/core'
import { answer } from './answer.ts'

/** How a gateway and its head do. */
export interface Status {
  readonly chainId: string
  readonly version: string
  readonly head: NodeId
  /** Connected now. */
  readonly workers: readonly NodeId[]
  /** Requests that are not answered yet. */
  readonly underWay: number
  /** Names that are deployed. */
  readonly functions: number
  readonly startedAtMs: number
}

const count = integer(0, Number.MAX_SAFE_INTEGER)

/** Schema of {@link Status}. */
export const statusSchema: Schema<Status> = answer({
  chainId: chainIdSchema,
  version: text(64),
  head: nodeIdSchema,
  workers: list(nodeIdSchema, protocolLimits.CANDIDATES_COUNT_MAX),
  underWay: count,
  functions: count,
  startedAtMs: count,
})
