const CAPACITY_MIN = 4096

/** The two streams a guest writes. */
export type OutputStream = 'stdout' | 'stderr'

/**
 * What a guest has written, bounded: both streams together hold at most the limit, however much the guest writes.
 *
 * The buffers are kept from run to run, so a warm run allocates only its answer.
 */
export class Output {
  #stdout: Uint8Array = new Uint8Array(CAPACITY_MIN)
  #stderr: Uint8Array = new Uint8Array(CAPACITY_MIN)
  #stdoutSize = 0
  #stderrSize = 0
  #sizeMax = 0

  /** Empties both streams for a run that may write `sizeMax` bytes. */
  reset(sizeMax: number): void {
    this.#stdoutSize = 0
    this.#stderrSize = 0
    this.#sizeMax = sizeMax
  }

  /**
   * Appends what fits.
   *
   * @returns whether all of it did
   */
  write(stream: OutputStream, bytes: Uint8Array): boolean {
    const free = this.#sizeMax - this.#stdoutSize - this.#stderrSize
    const kept = bytes.length <= free ? bytes : bytes.subarray(0, free)
    if (stream === 'stdout') {
      this.#stdout = append(this.#stdout, this.#stdoutSize, kept)
      this.#stdoutSize += kept.length
    } else {
      this.#stderr = append(this.#stderr, this.#stderrSize, kept)
      this.#stderrSize += kept.length
    }
    return kept === bytes
  }

  /** What is in stdout; valid until the next write. */
  get stdout(): Uint8Array {
    return this.#stdout.subarray(0, this.#stdoutSize)
  }

  /** What is in stderr; valid until the next write. */
  get stderr(): Uint8Array {
    return this.#stderr.subarray(0, this.#stderrSize)
  }
}

function append(buffer: Uint8Array, size: number, bytes: Uint8Array): Uint8Array {
  const needed = size + bytes.length
  let target = buffer
  if (needed > buffer.length) {
    target = new Uint8Array(Math.max(needed, buffer.length * 2))
    target.set(buffer.subarray(0, size))
  }
  target.set(bytes, size)
  return target
}
