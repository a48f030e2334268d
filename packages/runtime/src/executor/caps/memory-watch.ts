import { readFile } from 'node:fs/promises'
import type { Clock } from '@blockless/core'
import { WhileWorking } from '../while-working.ts'

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

/** What a {@link MemoryWatch} looks at, and what for. */
export interface MemoryWatchInit {
  readonly pid: number
  readonly bytesMax: number
  onExceeded(bytes: number): void
}

/** Looks at the memory of an executor while it has work, and tells when it is more than its operator allows. */
export class MemoryWatch {
  readonly #measure: ResidentBytes
  readonly #init: MemoryWatchInit
  readonly #repeat: WhileWorking

  constructor(components: { readonly clock: Clock; readonly measure: ResidentBytes }, init: MemoryWatchInit) {
    this.#measure = components.measure
    this.#init = init
    this.#repeat = new WhileWorking(components.clock, {
      intervalMs: INTERVAL_MS,
      tick: async (signal) => await this.#look(signal),
    })
  }

  /** There is work. */
  start(): void {
    this.#repeat.start()
  }

  /** There is no work now. */
  pause(): void {
    this.#repeat.pause()
  }

  /** There is nothing to watch any more. */
  stop(): void {
    this.#repeat.stop()
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { pid, bytesMax } = this.#init
    const bytes = await this.#measure(pid)
    signal.throwIfAborted()
    if (bytes !== undefined && bytes > bytesMax) this.#init.onExceeded(bytes)
  }
}
