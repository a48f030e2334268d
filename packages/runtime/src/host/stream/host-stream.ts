import type { HostAnswer } from '../../host-call/host-call.ts'
import type { Changing } from '../shared/next-change.ts'

/** What a stream has for a reader: bytes that are there, or that no more will come. */
export interface Readiness {
  /** Bytes there are; 0 if that is not known. */
  readonly size: number
  readonly isEnd: boolean
}

/** Something of the world outside that a guest holds as a file descriptor: a connection, a listener, a driver's handle. */
export interface HostStream extends Changing {
  /** Waits for bytes; an answer without bytes is the end. Rejects with the signal's reason. */
  read(size: number, signal: AbortSignal): Promise<HostAnswer>
  /** Writes all of the bytes; `size` says how many. Rejects with the signal's reason. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<HostAnswer>
  /** Waits for a connection. Rejects with the signal's reason. */
  accept(signal: AbortSignal): Promise<HostStream | HostAnswer>
  /** Gives up one direction or both. */
  shutdown(read: boolean, write: boolean): HostAnswer
  /** What a reader would get now; undefined if it would wait. */
  readable(): Readiness | undefined
  /** Whether a write would begin now. */
  writable(): boolean
  /** Gives it back; safe to call again. */
  close(): Promise<void>
}

/** Whether `accept` brought a connection. */
export function isStream(result: HostStream | HostAnswer): result is HostStream {
  return !('status' in result)
}
