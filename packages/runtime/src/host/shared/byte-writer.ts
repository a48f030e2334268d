import type { Writable } from 'node:stream'
import { waitFor } from '../../executor/wait-for.ts'

/** Writes to a stream one piece after the other, each only when the one before it is out. */
export class ByteWriter {
  readonly #sink: Writable
  #pending: Promise<void> = Promise.resolve()
  #isBusy = false

  constructor(sink: Writable) {
    this.#sink = sink
    // told by the write that meets it
    sink.on('error', () => {})
  }

  /** Whether a piece is still on its way, because the other side does not read. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /**
   * Writes all of `bytes` and waits until they have left this process.
   *
   * A caller that gives up leaves at most one piece behind: it goes out if it can, and the next write waits for it.
   *
   * @throws the stream's error; rejects with the signal's reason
   */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await waitFor(this.#pending, signal)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#isBusy = true
    this.#sink.write(bytes, (error) => {
      this.#isBusy = false
      if (error) reject(error)
      else resolve()
    })
    this.#pending = promise
    promise.catch(() => {})
    await waitFor(promise, signal)
  }

  /** Tells the other side that nothing more comes. */
  end(): void {
    this.#sink.end()
  }
}
