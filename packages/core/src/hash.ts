import { sha256 } from '#sha256'
import { concat, toUtf8 } from './bytes.ts'
import { encodeCanonical } from './codec.ts'

/** Size of every hash and word of the protocol, in bytes. */
export const HASH_SIZE = 32

/**
 * Hash of a canonical value under a domain tag, so that a hash made for one purpose never serves another.
 *
 * @param domain - a constant such as `blockless/request/1`
 * @returns `SHA-256(SHA-256(domain) ‖ DAG-CBOR(value))`
 */
export function hashCanonical(domain: string, value: unknown): Uint8Array {
  return sha256(concat(domainTag(domain), encodeCanonical(value)))
}

/** The 32-byte tag of a domain; equal-sized tags leave no way to shift bytes between tag and content. */
export function domainTag(domain: string): Uint8Array {
  const known = tags.get(domain)
  if (known !== undefined) return known
  const tag = sha256(toUtf8(domain))
  tags.set(domain, tag)
  return tag
}

// A pure function's memo: domains are constants of the program, so this holds a handful of entries.
const tags = new Map<string, Uint8Array>()
