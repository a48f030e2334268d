import { readFile } from 'node:fs/promises'
import type { Clock } from '@blockless/core'

/** How often memory is looked at: a guest fills about 100 MB in this time. */
const INTERVAL_MS = 100
/** Linux on x86 and ARM servers; where pages are larger, the watch sees less than there is and cgroups see it all. */
const PAGE_SIZE = 4096

/** Bytes a process has in memory, undefined where the system does not say. */
export type ResidentBytes = (pid: number) => Promise<number | undefined>

/** @see ResidentBytes */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1])
    return Number.isSafeInteger(pages) ? pages * PAGE_SIZE : undefined
  } catch {
    return undefined
  }
}

/** Looks at the memory of an executor while it has work, and tells when it is more than its operator allows. */
export class MemoryWatch {
  readonly #clock: Clock
  readonly #measure: ResidentBytes
  readonly #bytesMax: number
  readonly #onExceeded: (bytes: number) => void
  #running: AbortController | undefined
  #isPaused = false

  constructor(
    components: { readonly clock: Clock; readonly measure: ResidentBytes },
    init: { readonly bytesMax: number; readonly onExceeded: (bytes: number) => void },
  ) {
    this.#clock = components.clock
    this.#measure = components.measure
    this.#bytesMax = init.bytesMax
    this.#onExceeded = init.onExceeded
  }

  /** Begins to watch a process unless one is watched already. */
  start(pid: number): void {
    this.#isPaused = false
    if (this.#running !== undefined) return
    this.#running = new AbortController()
    // it ends when it is aborted, which is no error
    this.#watch(pid, this.#running.signal).catch(() => {})
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

  async #watch(pid: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(INTERVAL_MS, signal)
      if (this.#isPaused) {
        this.#running = undefined
        return
      }
      const bytes = await this.#measure(pid)
      signal.throwIfAborted()
      if (bytes !== undefined && bytes > this.#bytesMax) this.#onExceeded(bytes)
    }
  }
}
