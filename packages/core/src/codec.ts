import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { sha256 } from '#sha256'
import { equalBytes } from './bytes.ts'
import { CodedError } from './errors.ts'
import type { Schema } from './schema/schema.ts'

/** Multicodec of DAG-CBOR. */
export const DAG_CBOR_CODE = 0x71
const SHA2_256_CODE = 0x12

/** Bytes that are not the canonical encoding of anything. */
export class CodecError extends CodedError<'ERR_CODEC', { readonly size: number }> {}

/** The canonical DAG-CBOR bytes of a value in model form; equal values give equal bytes on every machine. */
export function encodeCanonical(value: unknown): Uint8Array {
  return dagCbor.encode(value)
}

/**
 * Reads canonical DAG-CBOR; anything that would not encode to the same bytes is refused, so a value has one form.
 *
 * @throws {CodecError} if the bytes are not canonical DAG-CBOR
 * @throws {SchemaError} if the value does not fit the schema
 */
export function decodeCanonical<T>(bytes: Uint8Array, schema: Schema<T>, path = ''): T {
  const value = decodeLoose(bytes)
  if (!equalBytes(dagCbor.encode(value), bytes)) {
    throw new CodecError('ERR_CODEC', 'Cannot decode DAG-CBOR: the encoding is not canonical', { size: bytes.length })
  }
  return schema.check(value, path)
}

/**
 * Reads DAG-CBOR from an authenticated link, where only the value matters and not its bytes.
 *
 * @throws {CodecError} if the bytes are not DAG-CBOR
 * @throws {SchemaError} if the value does not fit the schema
 */
export function decodeFrame<T>(bytes: Uint8Array, schema: Schema<T>, path = ''): T {
  return schema.check(decodeLoose(bytes), path)
}

/** The CID (version 1, DAG-CBOR, SHA-256) under which a canonical encoding is addressed. */
export function cidOfCanonical(bytes: Uint8Array): CID {
  return CID.createV1(DAG_CBOR_CODE, createDigest(SHA2_256_CODE, sha256(bytes)))
}

function decodeLoose(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CodecError('ERR_CODEC', `Cannot decode DAG-CBOR: ${reason}`, { size: bytes.length }, { cause })
  }
}
