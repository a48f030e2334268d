import type { Clock } from '@blockless/core'

interface Sleeper {
  readonly wakeMs: number
  readonly wake: () => void
}

/** Where a {@link ManualClock}'s wall time starts: 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000

/**
 * A clock that stands still until it is advanced.
 *
 * @example
 * ```ts
 * import { ManualClock } from '@blockless/testing'
 * const clock = new ManualClock()
 * const woken: number[] = []
 * for (const ms of [20, 10]) clock.sleep(ms).then(() => woken.push(ms))
 * await clock.advance(15)
 * assert.deepEqual(woken, [10])
 * ```
 */
export class ManualClock implements Clock {
  readonly #startMs: number
  #elapsedMs = 0
  #sleepers: Sleeper[] = []

  /** @param startMs - wall time of the first moment, milliseconds since the Unix epoch */
  constructor(startMs: number = START_MS) {
    this.#startMs = startMs
  }

  now(): number {
    return this.#startMs + Math.floor(this.#elapsedMs)
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const sleeper: Sleeper = { wakeMs: this.#elapsedMs + Math.max(0, ms), wake: resolve }
    const abort = (): void => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#sleepers.push(sleeper)
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  schedule(ms: number, task: () => void): () => void {
    const sleeper: Sleeper = { wakeMs: this.#elapsedMs + Math.max(0, ms), wake: task }
    this.#sleepers.push(sleeper)
    return () => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
    }
  }

  /** How many sleeps and scheduled tasks have not ended. */
  get pendingCount(): number {
    return this.#sleepers.length
  }

  /**
   * Lets `ms` milliseconds pass. Sleeps end in the order of their times, those of one time in the order in which they
   * began; what follows from one, and sleeps it starts within the span, runs before the next ends.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`Cannot advance the clock by ${ms} ms: time does not go back`)
    const targetMs = this.#elapsedMs + ms
    await settle()
    for (let next = this.#takeNext(targetMs); next !== undefined; next = this.#takeNext(targetMs)) {
      this.#elapsedMs = next.wakeMs
      next.wake()
      await settle()
    }
    this.#elapsedMs = targetMs
  }

  #takeNext(untilMs: number): Sleeper | undefined {
    let next: Sleeper | undefined
    for (const sleeper of this.#sleepers) {
      if (sleeper.wakeMs <= untilMs && (next === undefined || sleeper.wakeMs < next.wakeMs)) next = sleeper
    }
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next)
    return next
  }
}

/** Lets every promise that can settle do so: an immediate runs after all of them. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
