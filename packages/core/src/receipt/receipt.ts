import type { CID } from 'multiformats/cid'
import { cidOfCanonical, decodeCanonical, encodeCanonical } from '../codec.ts'
import { hashCanonical } from '../hash.ts'
import { type NodeId, nodeIdSchema } from '../identity/node-id.ts'
import { SIGNATURE_SIZE, type Signer } from '../identity/signer.ts'
import { FUEL_MAX } from '../limits.ts'
import { type ExecutionRequest, executionRequestSchema } from '../model/request.ts'
import { type ResultStatement, resultStatementSchema } from '../model/result.ts'
import { ORDER_COUNT_MAX } from '../model/subnet.ts'
import { type Vote, voteSchema } from '../model/vote.ts'
import { list, struct } from '../schema/compounds.ts'
import { bytes, cid, integer, literal, text } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'

/** A member of the subnet that did not serve this request, and the coded reason. */
export interface Replacement {
  readonly node: NodeId
  readonly reason: string
}

/**
 * What every invocation yields: who ran what, on which input, with which result, and each node's signed word.
 *
 * It stands alone: the request is inside, the id is its hash, node ids spell the keys that check the signatures.
 */
export interface Receipt {
  readonly version: 1
  readonly requestId: Uint8Array
  readonly request: ExecutionRequest
  /** The agreed result. */
  readonly result: ResultStatement
  /** What is billed: the agreed fuel of a pure run, else the lower median of the agreeing nodes' own. */
  readonly fuelUsed: number
  readonly epoch: number
  /** The draw's record by its CID, and the nodes that it let vote on this request, in the order drawn. */
  readonly subnet: { readonly cid: CID; readonly members: readonly NodeId[] }
  /** Sorted by node id; those for another result are the outvoted. */
  readonly votes: readonly Vote[]
  /** In the members' order; none of them voted. */
  readonly replaced: readonly Replacement[]
  readonly head: NodeId
  /** The head's signature over everything above. */
  readonly signature: Uint8Array
}

/** Schema of {@link Receipt}. */
export const receiptSchema: Schema<Receipt> = struct({
  version: literal(1),
  requestId: bytes(32),
  request: executionRequestSchema,
  result: resultStatementSchema,
  fuelUsed: integer(0, FUEL_MAX),
  epoch: integer(0, Number.MAX_SAFE_INTEGER),
  subnet: struct({ cid: cid(), members: list(nodeIdSchema, ORDER_COUNT_MAX) }),
  votes: list(voteSchema, ORDER_COUNT_MAX),
  replaced: list(
    struct({ node: nodeIdSchema, reason: text(64, /^ERR_[A-Z0-9_]+$/, 'an error code') }),
    ORDER_COUNT_MAX,
  ),
  head: nodeIdSchema,
  signature: bytes(SIGNATURE_SIZE),
})

/** What the head signs: 32 bytes. */
export function receiptDigest(receipt: Omit<Receipt, 'signature'>): Uint8Array {
  const { version, requestId, request, result, fuelUsed, epoch, subnet, votes, replaced, head } = receipt
  const body = { version, requestId, request, result, fuelUsed, epoch, subnet, votes, replaced, head }
  return hashCanonical('blockless/receipt/1', body)
}

/** Completes a receipt with the head's signature. */
export function signReceipt(signer: Signer, body: Omit<Receipt, 'signature' | 'head'>): Receipt {
  const receipt = { ...body, head: signer.nodeId }
  return { ...receipt, signature: signer.sign(receiptDigest(receipt)) }
}

/** The canonical DAG-CBOR bytes of a receipt. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  return encodeCanonical(receipt)
}

/**
 * Reads a receipt's canonical bytes; says nothing about whether it is true.
 *
 * @throws {CodecError} if the bytes are not canonical DAG-CBOR
 * @throws {SchemaError} if a field is missing, unknown or out of range
 */
export function decodeReceipt(encoded: Uint8Array): Receipt {
  return decodeCanonical(encoded, receiptSchema)
}

/** The CID that names a receipt. */
export function receiptCidOf(receipt: Receipt): CID {
  return cidOfCanonical(encodeReceipt(receipt))
}

/** The JSON form: bytes as hexadecimal, links as text. */
export function receiptToJson(receipt: Receipt): unknown {
  return receiptSchema.toJson(receipt)
}

/** Reads the JSON form. @throws {SchemaError} if a field is missing, unknown or out of range */
export function receiptFromJson(json: unknown): Receipt {
  return receiptSchema.fromJson(json, '')
}
