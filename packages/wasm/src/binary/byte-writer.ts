/** Below this many bytes a loop beats a call of `TypedArray.set` (measured: the two meet near 32 bytes). */
const LOOP_COPY_MAX = 32

/** Appends the primitive encodings of a module (Wasm core spec, 5.2) to a buffer that grows by doubling. */
export class ByteWriter {
  bytes: Uint8Array
  size = 0

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(Math.max(capacity, 16))
  }

  byte(value: number): void {
    if (this.size + 1 > this.bytes.length) this.#grow(1)
    this.bytes[this.size++] = value
  }

  /** An unsigned LEB128 integer below 2^32. */
  u32(value: number): void {
    if (this.size + 5 > this.bytes.length) this.#grow(5)
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.bytes[this.size++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.size++] = rest
  }

  /** A signed LEB128 integer below 2^31 in size; the encoding is the same for every wider type. */
  s32(value: number): void {
    if (this.size + 5 > this.bytes.length) this.#grow(5)
    let rest = value | 0
    while (rest < -0x40 || rest > 0x3f) {
      this.bytes[this.size++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.bytes[this.size++] = rest & 0x7f
  }

  /** The bytes `[start, end)` of `source`. */
  copy(source: Uint8Array, start = 0, end: number = source.length): void {
    const size = end - start
    if (this.size + size > this.bytes.length) this.#grow(size)
    if (size > LOOP_COPY_MAX) {
      this.bytes.set(source.subarray(start, end), this.size)
    } else {
      const target = this.bytes
      const base = this.size
      for (let index = 0; index < size; index++) target[base + index] = source[start + index] as number
    }
    this.size += size
  }

  /** A name: length, then UTF-8. */
  name(value: string): void {
    const encoded = new TextEncoder().encode(value)
    this.u32(encoded.length)
    this.copy(encoded)
  }

  /** What was written so far; a view, valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.size)
  }

  #grow(size: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.size + size))
    larger.set(this.bytes.subarray(0, this.size))
    this.bytes = larger
  }
}
