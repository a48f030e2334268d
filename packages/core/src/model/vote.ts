import type { CID } from 'multiformats/cid'
import { sha256 } from '#sha256'
import { toUtf8 } from '../bytes.ts'
import { domainTag, HASH_SIZE } from '../hash.ts'
import { type NodeId, nodeIdSchema } from '../identity/node-id.ts'
import { SIGNATURE_SIZE, type Signer } from '../identity/signer.ts'
import { FUEL_MAX } from '../limits.ts'
import { struct } from '../schema/compounds.ts'
import { bytes, integer } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'

/** One node's signed word on one run. `fuel` and `transcriptHash` are its own; only `resultHash` is voted on. */
export interface Vote {
  readonly node: NodeId
  readonly resultHash: Uint8Array
  readonly fuel: number
  readonly transcriptHash: Uint8Array
  readonly signature: Uint8Array
}

/** Schema of {@link Vote}. */
export const voteSchema: Schema<Vote> = struct({
  node: nodeIdSchema,
  resultHash: bytes(32),
  fuel: integer(0, FUEL_MAX),
  transcriptHash: bytes(32),
  signature: bytes(SIGNATURE_SIZE),
})

/** What all votes on one request are bound to. */
export interface VoteContext {
  readonly chainId: string
  readonly requestId: Uint8Array
  readonly functionCid: CID
  readonly subnetCid: CID
  readonly epoch: number
}

const WORDS = 9

/**
 * The digest that a vote's signature signs.
 *
 * SHA-256 over nine words of 32 bytes: domain, chain, request, function, subnet, epoch, result, fuel, transcript.
 * Texts and CIDs enter by their SHA-256, numbers as big-endian integers: `sha256(abi.encode(...))` in Solidity.
 */
export function voteDigest(context: VoteContext, vote: Omit<Vote, 'node' | 'signature'>): Uint8Array {
  const record = new Uint8Array(WORDS * HASH_SIZE)
  record.set(domainTag('blockless/vote/1'), 0)
  record.set(sha256(toUtf8(context.chainId)), 32)
  record.set(context.requestId, 64)
  record.set(sha256(context.functionCid.bytes), 96)
  record.set(sha256(context.subnetCid.bytes), 128)
  setNumber(record, 160, context.epoch)
  record.set(vote.resultHash, 192)
  setNumber(record, 224, vote.fuel)
  record.set(vote.transcriptHash, 256)
  return sha256(record)
}

/** Signs a vote. */
export function signVote(signer: Signer, context: VoteContext, vote: Omit<Vote, 'node' | 'signature'>): Vote {
  return { ...vote, node: signer.nodeId, signature: signer.sign(voteDigest(context, vote)) }
}

/** Writes a whole number up to 2^53 - 1 into the last 8 bytes of the word at `offset`. */
function setNumber(record: Uint8Array, offset: number, value: number): void {
  const view = new DataView(record.buffer)
  view.setUint32(offset + 24, Math.floor(value / 2 ** 32))
  view.setUint32(offset + 28, value % 2 ** 32)
}
