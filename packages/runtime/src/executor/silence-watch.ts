import type { Clock } from '@blockless/core'
import { EXECUTOR_SILENCE_MS_MAX } from '../limits.ts'

/** What a watch does. */
export interface SilenceWatchEvents {
  /** A sign of life is wanted. */
  ask(): void
  /** The other side owes too many. */
  silent(): void
}

/** Asks for signs of life while there is work, and tells when two are owed: one, a pause of this process explains. */
export class SilenceWatch {
  readonly #clock: Clock
  readonly #events: SilenceWatchEvents
  #running: AbortController | undefined
  #isPaused = false
  #unanswered = 0

  constructor(clock: Clock, events: SilenceWatchEvents) {
    this.#clock = clock
    this.#events = events
  }

  /** Begins to watch unless it does already. */
  start(): void {
    this.#isPaused = false
    if (this.#running !== undefined) return
    this.#running = new AbortController()
    this.#unanswered = 0
    // it ends when it is aborted, which is no error
    this.#watch(this.#running.signal).catch(() => {})
  }

  /** There was a sign of life. */
  heard(): void {
    this.#unanswered = 0
  }

  /** There is no work now: the watch ends by itself, since work that comes soon again should not cost a timer each time. */
  pause(): void {
    this.#isPaused = true
  }

  /** There is nothing to watch any more. */
  stop(): void {
    this.#running?.abort()
    this.#running = undefined
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!this.#isPaused) {
      if (this.#unanswered >= 2) this.#events.silent()
      this.#unanswered++
      this.#events.ask()
      await this.#clock.sleep(EXECUTOR_SILENCE_MS_MAX / 2, signal)
    }
    this.#running = undefined
  }
}
