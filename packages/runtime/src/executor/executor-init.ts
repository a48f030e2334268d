import type { Clock, Logger } from '@blockless/core'
import { DEFAULTS } from '../defaults.ts'
import { GUESTS_PER_THREAD_MAX } from '../limits.ts'
import type { Cgroups } from './caps/cgroup.ts'

/** Collaborators of an {@link Executor}. */
export interface ExecutorComponents {
  readonly log: Logger
  readonly clock: Clock
  /** Control groups, where the kernel lets this process make them. */
  readonly cgroups?: Cgroups
}

/** Configures an {@link Executor}; what is left out is in `DEFAULTS`. */
export interface ExecutorInit {
  /** Guests that compute at once, `>= 1`. */
  readonly threads?: number
  /** Bytes of modules, as given, that are kept ready. */
  readonly moduleCacheBytesMax?: number
  /** JavaScript heap of the executor's main thread, in megabytes. */
  readonly heapMegabytesMax?: number
  /** JavaScript heap of each of its other threads, in megabytes; guests' memories are bounded by their limits. */
  readonly threadHeapMegabytesMax?: number
  /** Runs that may wait for a thread. */
  readonly queueMax?: number
  /** Runs at once, with those that wait for a host call; at most 2,048 per thread. */
  readonly guestsMax?: number
  /** Memory of the executor with all its guests, in bytes. */
  readonly memoryBytesMax?: number
  /** Processor time per second of wall time, in cores; needs control groups. */
  readonly cpusMax?: number
}

/** The configuration with defaults for what was left out. @throws {RangeError} if a number is not one that works */
export function completeInit(init: ExecutorInit): Required<ExecutorInit> {
  const complete = { ...DEFAULTS, ...init }
  for (const [name, value] of Object.entries(complete)) {
    const min = name === 'queueMax' ? 0 : 1
    if (name === 'cpusMax' ? value > 0 : Number.isSafeInteger(value) && value >= min) continue
    throw new RangeError(
      `Cannot create executor: ${name} is ${value}, ${name === 'cpusMax' ? 'a number above 0' : `an integer of at least ${min}`} is needed`,
    )
  }
  // more would wait for a thread that can take none
  const guestsMax = Math.min(complete.guestsMax, complete.threads * GUESTS_PER_THREAD_MAX)
  return { ...complete, guestsMax }
}
