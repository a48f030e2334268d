import type { CID } from 'multiformats/cid'
import { hashCanonical } from '../hash.ts'
import * as limits from '../limits.ts'
import { dictionary, list, struct } from '../schema/compounds.ts'
import { blob, bytes, cid, integer, literal, text } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { type Agreement, agreementSchema } from './agreement.ts'

/** What one run may use. */
export interface Limits {
  /** Instructions, as the fuel table counts them. */
  readonly fuel: number
  /** Linear memory, rounded down to pages of 64 KiB. */
  readonly memoryBytes: number
  /** stdout and stderr together. */
  readonly outputBytes: number
  /** Wall time on one node. */
  readonly deadlineMs: number
}

/** What the guest sees: hashed into the request, so that nodes cannot be given different inputs. */
export interface ExecutionInput {
  /** Arguments after the program's name. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly stdin: Uint8Array
}

/**
 * A request as it is hashed and kept in receipts: everything that decides the result, with the input by its hash.
 *
 * The request's id is the hash of its canonical bytes, so whoever holds the request can check the id, and whoever
 * holds the input can check that this was the request.
 */
export interface ExecutionRequest {
  readonly version: 1
  readonly chainId: string
  readonly functionCid: CID
  /** Exported function to call; `_start` for WASI commands. */
  readonly entry: string
  readonly inputHash: Uint8Array
  readonly limits: Limits
  /** What the run may do beyond computing: entries of the manifest. */
  readonly permissions: readonly string[]
  readonly agreement: Agreement
  /** When the head accepted it; the guest's clock starts here. */
  readonly timestampMs: number
  /** 16 random bytes: the same call made twice is two requests. */
  readonly nonce: Uint8Array
}

/** Schema of {@link Limits}. */
export const limitsSchema: Schema<Limits> = struct({
  fuel: integer(1, limits.FUEL_MAX),
  memoryBytes: integer(limits.PAGE_SIZE, limits.MEMORY_SIZE_MAX),
  outputBytes: integer(0, limits.OUTPUT_SIZE_MAX),
  deadlineMs: integer(1, limits.DEADLINE_MS_MAX),
})

/** Names of environment variables: any but empty ones, `=` and NUL, which the guest could not tell apart. */
const ENV_NAME = /^[^=\0]{1,256}$/
/** NUL would end the text early inside the guest. */
const NO_NUL = /^[^\0]*$/

/** What one run may use if neither the manifest nor the caller says. */
export const DEFAULT_LIMITS: Limits = {
  fuel: 5_000_000_000, // a few seconds of computing
  memoryBytes: 134_217_728, // 128 MiB, as the common platforms give
  outputBytes: 1_048_576,
  deadlineMs: 10_000,
}

/** Schema of {@link ExecutionInput}. */
export const executionInputSchema: Schema<ExecutionInput> = struct({
  args: list(text(limits.ARGUMENT_LENGTH_MAX, NO_NUL, 'text without NUL'), limits.ARGUMENTS_COUNT_MAX),
  env: dictionary(text(limits.ARGUMENT_LENGTH_MAX, NO_NUL, 'text without NUL'), limits.ARGUMENTS_COUNT_MAX, ENV_NAME),
  stdin: blob(limits.STDIN_SIZE_MAX),
})

/** Chain ids as Cosmos writes them. */
export const chainIdSchema: Schema<string> = text(50, /^[a-z0-9][a-z0-9-]*$/, 'a chain id (a-z, 0-9, -)')

/** Schema of {@link ExecutionRequest}. */
export const executionRequestSchema: Schema<ExecutionRequest> = struct({
  version: literal(1),
  chainId: chainIdSchema,
  functionCid: cid(),
  entry: text(256),
  inputHash: bytes(32),
  limits: limitsSchema,
  permissions: list(text(2048), 64),
  agreement: agreementSchema,
  timestampMs: integer(0, 8_640_000_000_000_000),
  nonce: bytes(16),
})

/** The first limit in which `wanted` goes beyond `bound`, and by what; undefined if it stays within all. */
export function exceededLimit(
  wanted: Limits,
  bound: Limits,
): { readonly name: keyof Limits; readonly wanted: number; readonly allowed: number } | undefined {
  const name = (['fuel', 'memoryBytes', 'outputBytes', 'deadlineMs'] as const).find((key) => wanted[key] > bound[key])
  return name === undefined ? undefined : { name, wanted: wanted[name], allowed: bound[name] }
}

/** The id of a request: 32 bytes. */
export function requestIdOf(request: ExecutionRequest): Uint8Array {
  return hashCanonical('blockless/request/1', request)
}

/** The hash of a run's input: 32 bytes. */
export function inputHashOf(input: ExecutionInput): Uint8Array {
  return hashCanonical('blockless/input/1', input)
}

/** The seed of a run's randomness: the same on every node, unknown before the request is made. */
export function randomSeedOf(requestId: Uint8Array): Uint8Array {
  return hashCanonical('blockless/seed/1', requestId)
}
