import type { Clock } from '@blockless/core'
import { EXECUTOR_SILENCE_MS_MAX } from '../limits.ts'
import { WhileWorking } from './while-working.ts'

/** What a watch does. */
export interface SilenceWatchEvents {
  /** A sign of life is wanted. */
  ask(): void
  /** The other side owes too many. */
  silent(): void
}

/** Asks for signs of life while there is work, and tells when two are owed: one, a pause of this process explains. */
export class SilenceWatch {
  readonly #events: SilenceWatchEvents
  readonly #repeat: WhileWorking
  #unanswered = 0

  constructor(clock: Clock, events: SilenceWatchEvents) {
    this.#events = events
    this.#repeat = new WhileWorking(clock, { intervalMs: EXECUTOR_SILENCE_MS_MAX / 2, tick: () => this.#look() })
  }

  /** There is work. */
  start(): void {
    if (!this.#repeat.start()) return
    this.#unanswered = 0
    this.#look()
  }

  /** There was a sign of life. */
  heard(): void {
    this.#unanswered = 0
  }

  /** There is no work now. */
  pause(): void {
    this.#repeat.pause()
  }

  /** There is nothing to watch any more. */
  stop(): void {
    this.#repeat.stop()
  }

  #look(): void {
    if (this.#unanswered >= 2) this.#events.silent()
    this.#unanswered++
    this.#events.ask()
  }
}
