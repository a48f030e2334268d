import { CarError } from './car-error.ts'

/** Bytes of a CAR, at once or as they come. */
export type CarSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

// A length of 2^53 bytes takes eight bytes; nothing longer is a length.
const VARINT_SIZE_MAX = 8

/** Reads a stream by counts of bytes, and knows where it is. Holds no more than one read and one chunk. */
export class ByteReader implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  readonly #sizeMax: number
  #chunk: Uint8Array = new Uint8Array()
  #position = 0
  #offset = 0

  constructor(source: CarSource, sizeMax: number) {
    this.#source = openSource(source)
    this.#sizeMax = sizeMax
  }

  /** Bytes consumed. */
  get offset(): number {
    return this.#offset
  }

  /** Whether the stream has ended. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill())
  }

  /**
   * The next `size` bytes, maybe a view of the source's own chunk.
   *
   * @throws {CarError} `ERR_CAR_TRUNCATED` if there are fewer, `ERR_CAR_TOO_LARGE` if they exceed the stream's bound
   */
  async read(size: number): Promise<Uint8Array> {
    const offset = this.#offset
    if (offset + size > this.#sizeMax) {
      throw new CarError({ code: 'ERR_CAR_TOO_LARGE', offset, sizeMax: this.#sizeMax })
    }
    if (this.#chunk.length - this.#position >= size) return this.#take(size)
    // Grows with what arrives: a length alone, which anyone can claim, allocates nothing.
    const parts: Uint8Array[] = []
    let found = 0
    while (found < size) {
      if (!(await this.#fill())) throw new CarError({ code: 'ERR_CAR_TRUNCATED', offset, wanted: size, found })
      const part = this.#take(Math.min(size - found, this.#chunk.length - this.#position))
      parts.push(part)
      found += part.length
    }
    return join(parts, size)
  }

  /**
   * The next unsigned LEB128 number.
   *
   * @throws {CarError} `ERR_CAR_MALFORMED` if it is not minimal or above 2^53 - 1, `ERR_CAR_TRUNCATED`
   */
  async readVarint(): Promise<number> {
    const offset = this.#offset
    let value = 0
    for (let index = 0; index < VARINT_SIZE_MAX; index++) {
      const [byte = 0] = await this.read(1)
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte >= 0x80) continue
      if (byte === 0 && index > 0) break
      if (!Number.isSafeInteger(value)) break
      return value
    }
    throw new CarError({ code: 'ERR_CAR_MALFORMED', offset, problem: 'its length is no minimal number below 2^53' })
  }

  /** Tells the source that no more is wanted. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.()
  }

  #take(size: number): Uint8Array {
    const bytes = this.#chunk.subarray(this.#position, this.#position + size)
    this.#position += size
    this.#offset += size
    return bytes
  }

  async #fill(): Promise<boolean> {
    while (this.#position >= this.#chunk.length) {
      const next = await this.#source.next()
      if (next.done === true) return false
      this.#chunk = next.value
      this.#position = 0
    }
    return true
  }
}

function openSource(source: CarSource): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  if (source instanceof Uint8Array) return [source].values()
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]()
  return source[Symbol.iterator]()
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
