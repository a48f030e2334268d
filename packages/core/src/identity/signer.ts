import { ecdsa } from '#ecdsa'
import { compareBytes, equalBytes, fromHex } from '../bytes.ts'
import { HASH_SIZE } from '../hash.ts'
import { type NodeId, nodeIdOf, publicKeyOf } from './node-id.ts'

/** Size of a signature `r ‖ s ‖ recovery id`, in bytes. */
export const SIGNATURE_SIZE = 65

/** Half of the group's order: a larger `s` is the other spelling of the same signature and is refused everywhere. */
const S_MAX = fromHex('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')

/** Holds a node's key and signs with it. */
export interface Signer {
  readonly nodeId: NodeId
  readonly publicKey: Uint8Array
  /** @param digest - 32 bytes @returns 65 bytes, low-S, deterministic */
  sign(digest: Uint8Array): Uint8Array
}

/**
 * A signer of a private key.
 *
 * @param privateKey - 32 bytes, `1 <= key < n`; kept, not copied
 * @throws {RangeError} if the key is out of range
 */
export function createSigner(privateKey: Uint8Array): Signer {
  const publicKey = privateKey.length === HASH_SIZE ? ecdsa.publicKey(privateKey) : undefined
  if (publicKey === undefined) throw new RangeError('Cannot create signer: the private key is not 32 bytes in [1, n)')
  return {
    nodeId: nodeIdOf(publicKey),
    publicKey,
    sign(digest) {
      if (digest.length !== HASH_SIZE) throw new RangeError(`Cannot sign: digest of ${digest.length} bytes, 32 needed`)
      return ecdsa.sign(digest, privateKey)
    },
  }
}

/**
 * Whether `nodeId` signed `digest`.
 *
 * Recovers the key instead of checking against it: the same cost, and every bit of the 65 bytes then matters, so a
 * signature has one spelling, as in Solidity's `ecrecover`.
 */
export function verifySignature(nodeId: NodeId, digest: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_SIZE || digest.length !== HASH_SIZE) return false
  if (compareBytes(signature.subarray(32, 64), S_MAX) > 0) return false
  const expected = publicKeyOf(nodeId)
  const recovered = expected === undefined ? undefined : ecdsa.recover(digest, signature)
  return expected !== undefined && recovered !== undefined && equalBytes(expected, recovered)
}
