import type { Guest } from '../guest/guest.ts'
import { ERRNO, type Errno } from './errno.ts'

/** Numbers of `$eventtype` and `$eventrwflags`. */
export const FD_READ = 1
/** @see FD_READ */
export const FD_WRITE = 2
/** @see FD_READ */
export const HANGUP = 1

/** What a guest is told of one subscription. */
export interface PollEvent {
  readonly userdata: bigint
  readonly error: Errno
  readonly type: number
  readonly size: number
  readonly flags: number
}

/** A subscription to a stream that the host holds. */
export interface HostSubscription {
  readonly userdata: bigint
  readonly type: number
  /** The host's number of the stream. */
  readonly handle: number
}

const NANOSECONDS_PER_MS = 1_000_000n
/** What one call of the host waits for at most; longer waits take several. */
const SLICE_MS = 10_000

/**
 * Waits for streams of the host.
 *
 * @param waitNs - how long at most; for ever if undefined
 * @returns what is ready; nothing when the time is over
 */
export async function pollHost(
  guest: Guest,
  waiting: readonly HostSubscription[],
  waitNs: bigint | undefined,
): Promise<PollEvent[]> {
  const handles = (type: number): number[] => waiting.flatMap((each) => (each.type === type ? [each.handle] : []))
  const [reads, writes] = [handles(FD_READ), handles(FD_WRITE)]
  let leftMs = waitNs === undefined ? Number.POSITIVE_INFINITY : Number(ceilMs(waitNs))
  for (;;) {
    const answer = await guest.ask('stream.poll', { reads, writes, timeoutMs: Math.min(leftMs, SLICE_MS) })
    const { fields, status } = answer
    if (status !== 'ok') return waiting.map((each) => eventOf(each, ERRNO.io, 0, 0))
    const found = waiting.flatMap((each) => readyEvent(each, fields['reads'], fields['writes']))
    leftMs -= Math.max(1, Number(fields['waitedMs']))
    if (found.length > 0 || leftMs <= 0) return found
  }
}

function ceilMs(ns: bigint): bigint {
  return (ns + NANOSECONDS_PER_MS - 1n) / NANOSECONDS_PER_MS
}

function readyEvent(each: HostSubscription, reads: unknown, writes: unknown): PollEvent[] {
  if (each.type === FD_WRITE) {
    return Array.isArray(writes) && writes.includes(each.handle) ? [eventOf(each, ERRNO.success, 0, 0)] : []
  }
  const list: readonly unknown[] = Array.isArray(reads) ? reads : []
  const found = list.find((read): read is Readiness => isReadiness(read) && read.handle === each.handle)
  return found === undefined ? [] : [eventOf(each, ERRNO.success, found.size, found.isEnd ? HANGUP : 0)]
}

interface Readiness {
  readonly handle: number
  readonly size: number
  readonly isEnd: boolean
}

function isReadiness(value: unknown): value is Readiness {
  return typeof value === 'object' && value !== null && 'handle' in value && 'size' in value && 'isEnd' in value
}

function eventOf({ userdata, type }: HostSubscription, error: Errno, size: number, flags: number): PollEvent {
  return { userdata, error, type, size, flags }
}
