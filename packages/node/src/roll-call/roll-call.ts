import {
  bytes,
  type CID,
  chainIdSchema,
  cid,
  integer,
  literal,
  type NodeId,
  nodeIdSchema,
  type Schema,
  struct,
} from '@blockless/core'

/** A head's question to all workers: who stands for this function in this epoch? */
export interface RollCall {
  readonly version: 2
  readonly chainId: string
  readonly rollCallId: Uint8Array
  readonly functionCid: CID
  readonly epoch: number
  /** Must be the peer that published it. */
  readonly head: NodeId
}

/** Schema of {@link RollCall}. */
export const rollCallSchema: Schema<RollCall> = struct({
  version: literal(2),
  chainId: chainIdSchema,
  rollCallId: bytes(16),
  functionCid: cid(),
  epoch: integer(0, Number.MAX_SAFE_INTEGER),
  head: nodeIdSchema,
})

/** Gossipsub topic of a chain's roll calls. */
export function rollCallTopic(chainId: string): string {
  return `blockless/roll-call/2.0.0/${chainId}`
}
