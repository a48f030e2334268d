import type { CID } from 'multiformats/cid'
import { cidOfCanonical, encodeCanonical } from '../codec.ts'
import { hashCanonical } from '../hash.ts'
import { type NodeId, nodeIdSchema } from '../identity/node-id.ts'
import { SIGNATURE_SIZE } from '../identity/signer.ts'
import { CANDIDATES_COUNT_MAX, SUBNET_SIZE_MAX } from '../limits.ts'
import { list, struct } from '../schema/compounds.ts'
import { bytes, cid, integer, literal } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { chainIdSchema } from './request.ts'

/** A node that answered the roll call for one function and epoch. */
export interface Candidate {
  readonly node: NodeId
  /** Chance relative to the others', 1 to 2^32 - 1. */
  readonly weight: number
  /** The node's own signature over {@link candidacyDigest}: a head cannot invent candidates. */
  readonly signature: Uint8Array
}

/**
 * The record of a draw: who stood, from which seed, and in which order they were drawn.
 *
 * The first `size` of `order` are the members, the rest are spares in the order in which they replace members.
 * Anyone can recompute `order` from the other fields.
 */
export interface Subnet {
  readonly version: 1
  readonly chainId: string
  readonly functionCid: CID
  readonly epoch: number
  /** The network's public randomness from which the draw's seed is derived. */
  readonly beacon: Uint8Array
  readonly size: number
  /** Sorted by node id. */
  readonly candidates: readonly Candidate[]
  readonly order: readonly NodeId[]
}

/** Members and spares of one subnet. */
export const ORDER_COUNT_MAX: number = SUBNET_SIZE_MAX * 2

/** Schema of {@link Subnet}. */
export const subnetSchema: Schema<Subnet> = struct({
  version: literal(1),
  chainId: chainIdSchema,
  functionCid: cid(),
  epoch: integer(0, Number.MAX_SAFE_INTEGER),
  beacon: bytes(32),
  size: integer(1, SUBNET_SIZE_MAX),
  candidates: list(
    struct({ node: nodeIdSchema, weight: integer(1, 0xffff_ffff), signature: bytes(SIGNATURE_SIZE) }),
    CANDIDATES_COUNT_MAX,
  ),
  order: list(nodeIdSchema, ORDER_COUNT_MAX),
})

/** The CID of a subnet's canonical bytes. */
export function subnetCidOf(subnet: Subnet): CID {
  return cidOfCanonical(encodeCanonical(subnet))
}

/** What a node signs to stand for a function in an epoch: 32 bytes. */
export function candidacyDigest(candidacy: {
  chainId: string
  functionCid: CID
  epoch: number
  weight: number
}): Uint8Array {
  return hashCanonical('blockless/candidacy/1', candidacy)
}

/** The seed of a draw: 32 bytes, a function of public facts only. */
export function drawSeedOf(facts: { beacon: Uint8Array; functionCid: CID; epoch: number; size: number }): Uint8Array {
  return hashCanonical('blockless/draw/1', facts)
}
