import type { Readable } from 'node:stream'
import { type Changing, nextChange } from './next-change.ts'

const NO_BYTES: Uint8Array = new Uint8Array()

/**
 * Reads a stream piece by piece, as a guest asks for it.
 *
 * What nobody has asked for stays in the stream's own bounded buffer and then with whoever sends, and a reader who gives
 * up takes nothing along.
 */
export class ByteReader implements Changing {
  readonly #source: Readable
  readonly #listeners = new Set<() => void>()
  #failure: unknown

  constructor(source: Readable) {
    this.#source = source
    const changed = (): void => {
      for (const listener of [...this.#listeners]) listener()
    }
    source.on('readable', changed).on('end', changed).on('close', changed)
    source.on('error', (error) => {
      this.#failure = error
      changed()
    })
  }

  /** Bytes that are there now. */
  get size(): number {
    return this.#source.readableLength
  }

  /** Whether no byte will come any more. */
  get isEnd(): boolean {
    return this.size === 0 && (this.#source.readableEnded || this.#source.destroyed)
  }

  /** @see Changing */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Waits for bytes.
   *
   * @returns 1 to `size` bytes; none at the end
   * @throws the stream's error once all that came before it was read; rejects with the signal's reason
   */
  async read(size: number, signal: AbortSignal): Promise<Uint8Array> {
    if (size === 0) return NO_BYTES
    for (;;) {
      signal.throwIfAborted()
      const chunk = this.#take(size)
      if (chunk !== undefined) return chunk
      if (this.isEnd) {
        if (this.#failure !== undefined) throw this.#failure
        return NO_BYTES
      }
      await nextChange([this], signal)
    }
  }

  #take(size: number): Uint8Array | undefined {
    // reading nothing from an empty buffer is what makes a stream tell its end
    const chunk: unknown = this.#source.read(Math.min(this.#source.readableLength, size))
    return chunk instanceof Uint8Array ? chunk : undefined
  }
}
