import { silentLogger, systemClock, type Transcript } from '@blockless/core'
import { answered, type HostAnswer, type HostCall, type HostFamily, RunHost } from '@blockless/runtime'
import { CLOSED_GATE } from '../../src/policy/gate.ts'

/** A world that answers when it is told to. */
export class World {
  readonly seen: HostCall[] = []
  closed = 0
  readonly #waiting: (() => void)[] = []
  isOpen: boolean

  constructor(init: { readonly isOpen: boolean } = { isOpen: true }) {
    this.isOpen = init.isOpen
  }

  readonly family: HostFamily = {
    name: 'ipfs',
    open: () => ({
      call: async (call, signal) => await this.#answer(call, signal),
      close: async () => {
        this.closed++
      },
    }),
  }

  async #answer(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    this.seen.push(call)
    const number = this.seen.length
    if (!this.isOpen) {
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        this.#waiting.push(resolve)
      })
    }
    return answered({ handle: number, status: 200 + number })
  }

  /** Answers one call that waits, or the next one. */
  release(count = 1): void {
    for (const resolve of this.#waiting.splice(0, count)) resolve()
  }

  host(init: { readonly replay?: Transcript } = {}): RunHost {
    return new RunHost(
      { families: [this.family], clock: systemClock, log: silentLogger },
      { functionCid: 'bafy', gate: CLOSED_GATE, ...init },
    )
  }

  /** Waits until so many calls have been made. */
  async calls(count: number): Promise<void> {
    while (this.seen.length < count) await new Promise((resolve) => setImmediate(resolve))
  }
}
