import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

/** Lowercase hexadecimal of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  return bytesToHex(bytes)
}

/**
 * Bytes of a hexadecimal text.
 *
 * @throws {RangeError} if it is not hexadecimal or of odd length
 */
export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new RangeError('Cannot read hexadecimal: not pairs of 0-9 and a-f')
  return hexToBytes(text)
}

/** UTF-8 bytes of a text. */
export function toUtf8(text: string): Uint8Array {
  return utf8ToBytes(text)
}

/** A fresh array with the parts one after another. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  return concatBytes(...parts)
}

/** Whether both hold the same bytes; not constant in time, so not for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

/** Orders as unsigned bytes, shorter first on a tie; for sorting. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length)
  for (let index = 0; index < size; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
