import type { Guest } from '../guest/guest.ts'
import { COPIED_BYTES_PER_FUEL, JSON_BYTE_FUEL, JSON_SIZE_MAX } from '../limits.ts'

// How Blockless host functions take and give values: pointer and length pairs, results through pointers behind the
// inputs. An argument outside the guest's memory is the guest's own fault and ends the run as a trap would.

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A view of the guest's bytes, valid until the guest runs again. Ends the run if they are outside its memory. */
export function readBytes(guest: Guest, address: number, size: number): Uint8Array {
  const start = address >>> 0
  const length = size >>> 0
  checkInside(guest, start, length)
  guest.charge(Math.floor(length / COPIED_BYTES_PER_FUEL))
  return guest.memory.bytes.subarray(start, start + length)
}

/** A text argument; undefined if it is not UTF-8. Ends the run if it is outside the guest's memory. */
export function readText(guest: Guest, address: number, size: number): string | undefined {
  const bytes = readBytes(guest, address, size)
  try {
    // a copy, as a shared memory cannot be decoded
    return text.decode(bytes.slice())
  } catch {
    return undefined
  }
}

/** A JSON text argument, charged for being parsed; undefined if it is too long or not UTF-8. */
export function readJsonText(guest: Guest, address: number, size: number): string | undefined {
  checkInside(guest, address, size)
  if (size >>> 0 > JSON_SIZE_MAX) return undefined
  guest.charge((size >>> 0) * JSON_BYTE_FUEL)
  return readText(guest, address, size)
}

/** Writes an u32 result. Ends the run if it is outside the guest's memory. */
export function writeU32(guest: Guest, address: number, value: number): void {
  checkInside(guest, address >>> 0, 4)
  guest.memory.view.setUint32(address >>> 0, value, true)
}

/** Writes as much of `bytes` as a buffer of `size` takes. Ends the run if the buffer is outside the guest's memory. */
export function writeBytes(guest: Guest, address: number, size: number, bytes: Uint8Array): number {
  checkInside(guest, address >>> 0, size >>> 0)
  const kept = bytes.subarray(0, size >>> 0)
  guest.charge(Math.floor(kept.length / COPIED_BYTES_PER_FUEL))
  guest.memory.bytes.set(kept, address >>> 0)
  return kept.length
}

/** Ends the run as a trap unless the range is inside; to check result pointers before the world is touched. */
export function checkInside(guest: Guest, address: number, size: number): void {
  if (!guest.memory.has(address >>> 0, size >>> 0)) guest.finish({ kind: 'memory-out-of-bounds', code: 0 })
}
