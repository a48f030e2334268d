import { abortable } from './abortable.ts'

const NEVER = new AbortController().signal

/** A number of places that work can hold; who finds none free waits in line. */
export class Slots {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Takes a place until disposed. @throws the signal's reason */
  async acquire(signal: AbortSignal = NEVER): Promise<Disposable> {
    signal.throwIfAborted()
    if (this.#free > 0) this.#free -= 1
    else await this.#wait(signal)
    return { [Symbol.dispose]: () => this.#release() }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#line.push(resolve)
    try {
      await abortable(promise, signal)
    } catch (error) {
      const position = this.#line.indexOf(resolve)
      if (position >= 0) this.#line.splice(position, 1)
      // The place was handed over in the same moment, so it goes to the next in line.
      else this.#release()
      throw error
    }
  }

  #release(): void {
    const next = this.#line.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
