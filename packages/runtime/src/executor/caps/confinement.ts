import type { Clock, Logger } from '@blockless/core'
import type { Cgroups, ProcessCaps } from './cgroup.ts'
import { MemoryWatch, type ResidentBytes } from './memory-watch.ts'

/** Collaborators of a {@link Confinement}. */
export interface ConfinementComponents {
  readonly clock: Clock
  readonly log: Logger
  readonly measure: ResidentBytes
  /** If absent, only memory is bounded, by looking at it. */
  readonly cgroups: Cgroups | undefined
}

/** What a confinement needs of the process it bounds. */
export interface ConfinedProcess {
  readonly pid: number | undefined
  kill(why: string): void
}

/**
 * Keeps one executor process within its operator's caps.
 *
 * With control groups the kernel does it, processor time included. Without, its memory is looked at ten times a second
 * while it works, and a process that has too much is ended: its runs are faults of this node and are tried again.
 */
export class Confinement {
  readonly #components: ConfinementComponents
  readonly #caps: ProcessCaps
  #watch: MemoryWatch | undefined
  #leaveGroup: (() => void) | undefined

  constructor(components: ConfinementComponents, caps: ProcessCaps) {
    this.#components = components
    this.#caps = caps
  }

  /** Takes in a process that has just been started. */
  enter(child: ConfinedProcess): void {
    const { clock, log, measure, cgroups } = this.#components
    const { pid } = child
    if (pid === undefined) return
    const { memoryBytes } = this.#caps
    const onExceeded = (bytes: number): void => {
      child.kill(`the executor used ${megabytes(bytes)} of memory, its operator allows ${megabytes(memoryBytes)}`)
    }
    this.#watch = new MemoryWatch({ clock, measure }, { pid, bytesMax: memoryBytes, onExceeded })
    try {
      this.#leaveGroup = cgroups?.confine(pid, this.#caps)
    } catch (error) {
      log.warn('executor runs without a control group', { why: error instanceof Error ? error.message : String(error) })
    }
  }

  /** There is work: memory may grow. */
  begin(): void {
    this.#watch?.start()
  }

  /** There is no work now. */
  rest(): void {
    this.#watch?.pause()
  }

  /** The process is gone. */
  leave(): void {
    this.#watch?.stop()
    this.#watch = undefined
    const leave = this.#leaveGroup
    this.#leaveGroup = undefined
    try {
      leave?.()
    } catch (error) {
      // an empty group costs nothing, and the next executor gets one of its own
      this.#components.log.debug('control group left behind', { why: String(error) })
    }
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`
}
