import { FileError } from '../fs/file-error.ts'
import type { Guest } from '../guest/guest.ts'
import { ERRNO } from './errno.ts'

const NANOSECONDS_PER_MS = 1_000_000n
/** What one call of the host sleeps at most; longer sleeps take several. */
const SLICE_MS = 10_000

/** The machine's time in nanoseconds: since the Unix epoch, or since some start that never goes back. */
export async function askNow(guest: Guest, isMonotonic: boolean): Promise<bigint> {
  const { status, fields } = await guest.ask('clock.now', { isMonotonic })
  const { ns } = fields
  if (status !== 'ok' || typeof ns !== 'string') throw new FileError(ERRNO.io)
  return BigInt(ns)
}

/** Waits until so much time has gone by. */
export async function askSleep(guest: Guest, durationNs: bigint): Promise<void> {
  // a sleep beyond this ends with the run's deadline
  let leftMs = Math.min(Number((durationNs + NANOSECONDS_PER_MS - 1n) / NANOSECONDS_PER_MS), Number.MAX_SAFE_INTEGER)
  while (leftMs > 0) {
    const ms = Math.min(leftMs, SLICE_MS)
    const { status } = await guest.ask('clock.sleep', { ms })
    if (status !== 'ok') throw new FileError(ERRNO.io)
    leftMs -= ms
  }
}
