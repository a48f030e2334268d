import { base58btc } from 'multiformats/bases/base58'
import { compareBytes } from '../bytes.ts'
import { text } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { SchemaError } from '../schema/schema-error.ts'

/**
 * A node's name: its libp2p peer id, which spells its compressed secp256k1 public key, so that a signature can be
 * checked with nothing but the name. Starts with `16Uiu2HA`, 53 characters.
 */
export type NodeId = string

/** Identity multihash of the libp2p `PublicKey` message: identity, 37 bytes, key type secp256k1, 33 bytes of data. */
const PREFIX = Uint8Array.of(0x00, 0x25, 0x08, 0x02, 0x12, 0x21)
const PUBLIC_KEY_SIZE = 33
const NODE_ID_LENGTH_MAX = 60

/**
 * The node id of a public key.
 *
 * @param publicKey - compressed secp256k1 point, 33 bytes
 * @throws {RangeError} if it is not 33 bytes starting with 2 or 3
 * @see https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
 */
export function nodeIdOf(publicKey: Uint8Array): NodeId {
  if (!isCompressedPoint(publicKey)) throw new RangeError('Cannot name node: the key is not a compressed point')
  const bytes = new Uint8Array(PREFIX.length + PUBLIC_KEY_SIZE)
  bytes.set(PREFIX)
  bytes.set(publicKey, PREFIX.length)
  return base58btc.baseEncode(bytes)
}

/** The compressed public key that a node id spells, or undefined if the text is not a secp256k1 node id. */
export function publicKeyOf(nodeId: NodeId): Uint8Array | undefined {
  if (nodeId.length > NODE_ID_LENGTH_MAX) return undefined
  const bytes = tryDecode(nodeId)
  if (bytes === undefined || bytes.length !== PREFIX.length + PUBLIC_KEY_SIZE) return undefined
  if (compareBytes(bytes.subarray(0, PREFIX.length), PREFIX) !== 0) return undefined
  const publicKey = bytes.subarray(PREFIX.length)
  return isCompressedPoint(publicKey) ? publicKey : undefined
}

/** Orders node ids by their characters' codes; for sorting, the same in every locale. */
export function compareNodeIds(a: NodeId, b: NodeId): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Schema of a node id. */
export const nodeIdSchema: Schema<NodeId> = createNodeIdSchema()

function createNodeIdSchema(): Schema<NodeId> {
  const plain = text(NODE_ID_LENGTH_MAX)
  const check = (value: unknown, path: string): NodeId => {
    const nodeId = plain.check(value, path)
    if (publicKeyOf(nodeId) === undefined) throw new SchemaError(path, 'a secp256k1 node id (16Uiu2HA…)', value)
    return nodeId
  }
  return { ...plain, check, fromJson: check }
}

function isCompressedPoint(bytes: Uint8Array): boolean {
  return bytes.length === PUBLIC_KEY_SIZE && (bytes[0] === 2 || bytes[0] === 3)
}

function tryDecode(source: string): Uint8Array | undefined {
  try {
    return base58btc.baseDecode(source)
  } catch {
    return undefined
  }
}
