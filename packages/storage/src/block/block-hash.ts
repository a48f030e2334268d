import { equalBytes } from '@blockless/core'
import { blake2b } from '@noble/hashes/blake2.js'
import { base32 } from 'multiformats/bases/base32'
import type { CID } from 'multiformats/cid'
import { from } from 'multiformats/hashes/hasher'
import { identity } from 'multiformats/hashes/identity'
import type { MultihashHasher } from 'multiformats/hashes/interface'
import { sha256 } from 'multiformats/hashes/sha2'
import { BlockError } from './block-error.ts'

const DIGEST_SIZE = 32

// Kubo's own bound: an inlined block must stay smaller than what a link to it would save.
const IDENTITY_SIZE_MAX = 128

const blake2b256: MultihashHasher = from({
  name: 'blake2b-256',
  code: 0xb220,
  encode: (bytes) => Uint8Array.from(blake2b(bytes, { dkLen: DIGEST_SIZE })),
})

const hashers = new Map<number, MultihashHasher>([
  [sha256.code, sha256],
  [blake2b256.code, blake2b256],
])

/** The hasher of a multihash code, if it is one of the two that blocks may use. */
export function findHasher(code: number): MultihashHasher | undefined {
  return hashers.get(code)
}

/**
 * The name under which a block is stored: base32 of its multihash, so that all CIDs of the same bytes share it.
 *
 * A digest must be whole: a truncated one is a valid multihash, but anyone can find other bytes that match it.
 *
 * @returns 55 or 57 characters of `a-z2-7`, or `undefined` for an identity CID, which carries its bytes itself
 * @throws {BlockError} `ERR_BLOCK_HASH` if the hash is neither sha2-256 nor blake2b-256 in full length
 */
export function blockKey(cid: CID): string | undefined {
  const { code, digest } = cid.multihash
  if (code === identity.code && digest.length <= IDENTITY_SIZE_MAX) return undefined
  if (!hashers.has(code) || digest.length !== DIGEST_SIZE) {
    throw new BlockError({ code: 'ERR_BLOCK_HASH', cid: cid.toString(), hashCode: code, digestSize: digest.length })
  }
  return base32.baseEncode(cid.multihash.bytes)
}

/**
 * Whether `bytes` are the block that `cid` names.
 *
 * @throws {BlockError} `ERR_BLOCK_HASH` if the CID's hash proves nothing
 */
export async function isBlock(cid: CID, bytes: Uint8Array): Promise<boolean> {
  if (blockKey(cid) === undefined) return equalBytes(cid.multihash.digest, bytes)
  const hasher = hashers.get(cid.multihash.code)
  const digest = await hasher?.digest(bytes)
  return digest !== undefined && equalBytes(digest.digest, cid.multihash.digest)
}

/**
 * Accepts bytes from outside as the block that `cid` names.
 *
 * @throws {BlockError} `ERR_BLOCK_MISMATCH` or `ERR_BLOCK_HASH`
 */
export async function verifyBlock(cid: CID, bytes: Uint8Array): Promise<void> {
  if (await isBlock(cid, bytes)) return
  throw new BlockError({ code: 'ERR_BLOCK_MISMATCH', cid: cid.toString(), size: bytes.length })
}
