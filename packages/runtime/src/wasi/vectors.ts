import type { Guest } from '../guest/guest.ts'
import { GATHERED_SIZE_MAX, IO_VECTORS_MAX } from '../limits.ts'
import { fail } from './answering.ts'
import { ERRNO } from './errno.ts'

const VECTOR_SIZE = 8
/** Vectors are charged for by the eight, so that the one or two of an ordinary call cost nothing. Part of the fuel table. */
const VECTORS_CHARGED = 8
/** What eight vectors cost: each takes the host as long as a dozen instructions. Part of the fuel table. */
const VECTORS_FUEL = 64
/** A read of more than this is shortened, as Linux does: sums of sizes then stay exact small integers. */
const READ_SIZE_MAX = 0x7fff_f000

/** Scatter-gather vectors in the guest's memory: `count` pairs of an address and a size. */
export interface Vectors {
  readonly address: number
  readonly count: number
}

/** Bytes of all vectors together, at most the largest read. Overlapping vectors count each time. */
export function sizeOfVectors(guest: Guest, vectors: Vectors): number {
  const { view } = guest.memory
  let total = 0
  for (let index = 0; index < vectors.count; index++) {
    total += view.getUint32(vectors.address + index * VECTOR_SIZE + 4, true)
  }
  return Math.min(total, READ_SIZE_MAX)
}

/** Copies `bytes` into the vectors, one after the other; they are at least that large together. */
export function scatter(guest: Guest, vectors: Vectors, bytes: Uint8Array): void {
  const { bytes: memory, view } = guest.memory
  let start = 0
  for (let index = 0; index < vectors.count && start < bytes.length; index++) {
    const vector = vectors.address + index * VECTOR_SIZE
    const end = Math.min(bytes.length, start + view.getUint32(vector + 4, true))
    memory.set(bytes.subarray(start, end), view.getUint32(vector, true))
    start = end
  }
}

/**
 * The bytes that the vectors name: a view if only one holds any, else a copy of as many as may be gathered.
 *
 * @returns bytes, valid until the guest runs again
 */
export function gather(guest: Guest, vectors: Vectors): Uint8Array {
  const { bytes: memory, view } = guest.memory
  let gathered: Uint8Array = memory.subarray(0, 0)
  let parts: Uint8Array[] | undefined
  let total = 0
  for (let index = 0; index < vectors.count && total < GATHERED_SIZE_MAX; index++) {
    const vector = vectors.address + index * VECTOR_SIZE
    const address = view.getUint32(vector, true)
    const part = memory.subarray(address, address + view.getUint32(vector + 4, true))
    if (part.length === 0) continue
    if (total === 0) gathered = part
    else {
      parts ??= [gathered]
      parts.push(part)
    }
    total += part.length
  }
  return parts === undefined ? gathered : concatenate(parts, Math.min(total, GATHERED_SIZE_MAX))
}

/** The first `size` bytes of all parts together. */
export function concatenate(parts: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    const kept = part.subarray(0, size - at)
    bytes.set(kept, at)
    at += kept.length
  }
  return bytes
}

/**
 * Charges for vectors, and checks each before any is used, so that a faulty call has no effect.
 *
 * @throws {FileError} `inval` if they are too many, `fault` if one of them or the result is outside the memory
 */
export function checkVectors(guest: Guest, vectors: Vectors, result: number): void {
  if (vectors.count > IO_VECTORS_MAX) fail(ERRNO.inval)
  guest.charge(Math.floor(vectors.count / VECTORS_CHARGED) * VECTORS_FUEL)
  const { memory } = guest
  if (!memory.has(vectors.address, vectors.count * VECTOR_SIZE) || !memory.has(result, 4)) fail(ERRNO.fault)
  const view = memory.view
  for (let index = 0; index < vectors.count; index++) {
    const vector = vectors.address + index * VECTOR_SIZE
    if (!memory.has(view.getUint32(vector, true), view.getUint32(vector + 4, true))) fail(ERRNO.fault)
  }
}
