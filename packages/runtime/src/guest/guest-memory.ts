/**
 * A guest's linear memory as host functions see it: every access is checked first, with {@link GuestMemory.has}.
 *
 * Growing a memory replaces its buffer, so the views are made again whenever the buffer is another one.
 */
export class GuestMemory {
  #memory: WebAssembly.Memory | undefined
  #buffer: ArrayBuffer = EMPTY
  #bytes: Uint8Array = new Uint8Array(EMPTY)
  #view: DataView = new DataView(EMPTY)

  /** Points at another guest's memory; without one, no address is in range. */
  attach(memory: WebAssembly.Memory | undefined): void {
    this.#memory = memory
    if (memory === undefined) this.#adopt(EMPTY)
  }

  /** The whole memory; valid until the guest runs again. */
  get bytes(): Uint8Array {
    this.#refresh()
    return this.#bytes
  }

  /** The whole memory, for multi-byte values; valid until the guest runs again. */
  get view(): DataView {
    this.#refresh()
    return this.#view
  }

  /** Bytes in the memory. */
  get size(): number {
    this.#refresh()
    return this.#bytes.length
  }

  /** Whether `size` bytes at `address` are inside; both are unsigned 32-bit, so their sum cannot overflow. */
  has(address: number, size: number): boolean {
    return address + size <= this.size
  }

  /** A copy of bytes that are inside; what decodes text takes no view of a shared memory. */
  copy(address: number, size: number): Uint8Array {
    return this.bytes.slice(address, address + size)
  }

  #refresh(): void {
    if (this.#memory !== undefined && this.#memory.buffer !== this.#buffer) this.#adopt(this.#memory.buffer)
  }

  #adopt(buffer: ArrayBuffer): void {
    this.#buffer = buffer
    this.#bytes = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
  }
}

const EMPTY = new ArrayBuffer(0)
