import type { Clock } from '@blockless/core'
import { answered, type Fields, type HostAnswer } from '../../host-call/host-call.ts'
import { nextChange } from '../shared/next-change.ts'
import type { HostStream } from './host-stream.ts'

/** What is waited for. */
export interface PollInit {
  readonly reads: ReadonlyMap<number, HostStream>
  readonly writes: ReadonlyMap<number, HostStream>
  /** Milliseconds after which nothing is an answer too; 0 only looks. */
  readonly timeoutMs: number
}

/**
 * Waits until a stream can be read or written, or the time is over.
 *
 * @returns `reads`, with size and end, and `writes` that are ready, by handle; both empty after `waitedMs`
 */
export async function pollStreams(init: PollInit, clock: Clock, signal: AbortSignal): Promise<HostAnswer> {
  const timer = new AbortController()
  const cancel = clock.schedule(init.timeoutMs, () => timer.abort())
  const either = AbortSignal.any([signal, timer.signal])
  const sources = [...init.reads.values(), ...init.writes.values()]
  try {
    for (;;) {
      const found = ready(init)
      if (found !== undefined) return answered(found)
      if (init.timeoutMs === 0) return nothing(init)
      await nextChange(sources, either)
    }
  } catch (error) {
    if (signal.aborted || !timer.signal.aborted) throw error
    return nothing(init)
  } finally {
    cancel()
  }
}

function ready({ reads, writes }: PollInit): Fields | undefined {
  const readable = [...reads].flatMap(([handle, stream]) => {
    const readiness = stream.readable()
    return readiness === undefined ? [] : [{ handle, size: readiness.size, isEnd: readiness.isEnd }]
  })
  const writable = [...writes].flatMap(([handle, stream]) => (stream.writable() ? [handle] : []))
  return readable.length + writable.length === 0 ? undefined : { reads: readable, writes: writable, waitedMs: 0 }
}

function nothing({ timeoutMs }: PollInit): HostAnswer {
  return answered({ reads: [], writes: [], waitedMs: timeoutMs })
}
