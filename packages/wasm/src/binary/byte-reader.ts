import { NAME_SIZE_MAX } from '../limits.ts'
import { ModuleError } from '../module-error.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the primitive encodings of a module (Wasm core spec, 5.2) from `offset` up to `end`, and moves `offset` on.
 *
 * Every read past `end` and every overlong integer throws a {@link ModuleError} that names the byte.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  offset: number
  end: number

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  /** One byte. */
  byte(expected: string): number {
    if (this.offset >= this.end) throw malformed(this.offset, expected)
    return this.bytes[this.offset++] as number
  }

  /** An unsigned LEB128 integer below 2^32. */
  u32(expected: string): number {
    const bytes = this.bytes
    const start = this.offset
    if (start < this.end) {
      const first = bytes[start] as number
      if (first < 0x80) {
        this.offset = start + 1
        return first
      }
    }
    let value = 0
    for (let index = 0; index < 5; index++) {
      if (start + index >= this.end) throw malformed(start + index, expected)
      const byte = bytes[start + index] as number
      if (index === 4 && byte > 0x0f) break
      value |= (byte & 0x7f) << (7 * index)
      if (byte < 0x80) {
        this.offset = start + index + 1
        return value >>> 0
      }
    }
    throw malformed(start, `${expected} of at most 32 bits`)
  }

  /** An unsigned LEB128 integer of up to 64 bits, whose value must be below 2^32: offsets of 32-bit memories. */
  u32Wide(expected: string): number {
    const start = this.offset
    if (start < this.end && (this.bytes[start] as number) < 0x80) {
      this.offset = start + 1
      return this.bytes[start] as number
    }
    let value = 0
    for (let index = 0; index < 10; index++) {
      const byte = this.byte(expected)
      if (index === 9 && byte > 1) break
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte >= 0x80) continue
      if (value > 0xffff_ffff) throw malformed(start, `${expected} below 2^32`)
      return value
    }
    throw malformed(start, `${expected} of at most 64 bits`)
  }

  /** A signed LEB128 integer of 33 bits: block types and heap types. */
  s33(expected: string): number {
    const start = this.offset
    let value = 0
    for (let index = 0; index < 5; index++) {
      const byte = this.byte(expected)
      if (index === 4 && (byte & 0x70) !== 0 && byte !== (byte | 0x70)) break
      if (index === 4 && byte >= 0x80) break
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (7 * (index + 1)) : value
    }
    throw malformed(start, `${expected} of at most 33 bits`)
  }

  /** Passes over a signed LEB128 integer of 32 or 64 bits. */
  skipSigned(bits: 32 | 64, expected: string): void {
    const start = this.offset
    const sizeMax = bits === 32 ? 5 : 10
    const signBits = bits === 32 ? 0x78 : 0x7f
    for (let size = 1; size <= sizeMax; size++) {
      const byte = this.byte(expected)
      if (byte >= 0x80) continue
      if (size === sizeMax && (byte & signBits) !== 0 && (byte & signBits) !== signBits) break
      return
    }
    throw malformed(start, `${expected} of at most ${bits} bits`)
  }

  /** Passes over `size` bytes. */
  skip(size: number, expected: string): void {
    if (size > this.end - this.offset) throw malformed(this.end, expected)
    this.offset += size
  }

  /** The length of a vector whose entries take at least one byte each, so a lie about it allocates nothing. */
  count(what: string, limit: number): number {
    const at = this.offset
    const count = this.u32(`the number of ${what}`)
    if (count > limit) throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what: `the number of ${what}`, limit })
    if (count > this.end - this.offset) throw malformed(at, `a number of ${what} that fits the section`)
    return count
  }

  /** A name: length, then UTF-8. */
  name(what: string): string {
    const at = this.offset
    const size = this.u32(`the length of ${what}`)
    if (size > NAME_SIZE_MAX) {
      throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what: `the length of ${what}`, limit: NAME_SIZE_MAX })
    }
    const start = this.offset
    this.skip(size, what)
    try {
      return utf8.decode(this.bytes.subarray(start, this.offset))
    } catch {
      throw malformed(start, `${what} in UTF-8`)
    }
  }
}

/** The error for bytes that are not what the binary format needs at `at`. */
export function malformed(at: number, expected: string): ModuleError {
  return new ModuleError({ code: 'ERR_MODULE_MALFORMED', at, expected })
}

/** The error for what the binary format allows and the rules of validation do not. */
export function invalid(at: number, problem: string, functionIndex?: number): ModuleError {
  return new ModuleError({ code: 'ERR_MODULE_INVALID', at, problem, functionIndex })
}

/** The error for a proposal that this network does not run. */
export function unsupported(at: number, feature: string): ModuleError {
  return new ModuleError({ code: 'ERR_MODULE_FEATURE', at, feature })
}
