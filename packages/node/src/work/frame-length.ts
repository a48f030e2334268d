/** Bytes of the longest length that a frame may announce: 28 bits, and the largest frame needs 24. */
const LENGTH_SIZE_MAX = 4

/** A length that goes on for longer than any frame's. */
export class FrameLengthError extends Error {}

/**
 * Reads an unsigned varint; a decoder for `lpStream`, whose own takes an endless length for one that is still coming
 * and keeps all of its bytes.
 *
 * @throws {RangeError} if more bytes are needed
 * @throws {FrameLengthError} if it does not end within four bytes
 */
export function frameLength(bytes: { readonly byteLength: number; get(index: number): number }): number {
  let value = 0
  for (let index = 0; index < bytes.byteLength; index++) {
    const byte = bytes.get(index)
    value |= (byte & 0x7f) << (7 * index)
    if (byte < 0x80) return value
    if (index + 1 === LENGTH_SIZE_MAX) throw new FrameLengthError('the length does not end')
  }
  throw new RangeError('Cannot read length: more bytes are needed')
}
