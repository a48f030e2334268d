import type { Clock } from '@blockless/core'
import type { Awaitable } from '../awaitable.ts'

/** Configures a {@link WhileWorking}. */
export interface WhileWorkingInit {
  readonly intervalMs: number
  /** What is done at the end of each interval; the signal says that it is not wanted any more. */
  readonly tick: (signal: AbortSignal) => Awaitable<void>
}

/**
 * Does something again and again while there is work.
 *
 * Work that ends and soon begins anew finds it still running: runs that come alone would else pay for timers each time.
 */
export class WhileWorking {
  readonly #clock: Clock
  readonly #init: WhileWorkingInit
  #running: AbortController | undefined
  #isPaused = false

  constructor(clock: Clock, init: WhileWorkingInit) {
    this.#clock = clock
    this.#init = init
  }

  /** There is work. @returns whether it was not running */
  start(): boolean {
    this.#isPaused = false
    if (this.#running !== undefined) return false
    this.#running = new AbortController()
    // it ends when it is aborted, which is no error
    this.#repeat(this.#running.signal).catch(() => {})
    return true
  }

  /** There is no work now: it ends at the end of its interval unless there is work again. */
  pause(): void {
    this.#isPaused = true
  }

  /** Ends it at once. */
  stop(): void {
    this.#running?.abort()
    this.#running = undefined
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(this.#init.intervalMs, signal)
      if (this.#isPaused) break
      await this.#init.tick(signal)
      signal.throwIfAborted()
    }
    this.#running = undefined
  }
}
