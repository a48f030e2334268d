import { type Clock, systemClock } from '@blockless/core'

/** The machine's clock with a wall time that a test can set forward; sockets go on in real time. */
export class MovedClock implements Clock {
  #aheadMs = 0

  moveBy(ms: number): void {
    this.#aheadMs += ms
  }

  now(): number {
    return systemClock.now() + this.#aheadMs
  }

  monotonic(): number {
    return systemClock.monotonic()
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await systemClock.sleep(ms, signal)
  }

  schedule(ms: number, task: () => void): () => void {
    return systemClock.schedule(ms, task)
  }
}
