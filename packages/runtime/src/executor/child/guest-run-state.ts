import type { StoredModule } from './module-store.ts'

/** A run inside the executor, from its frame to its answer. */
export interface GuestRunState {
  readonly id: number
  readonly module: StoredModule
  readonly memoryPages: number
  readonly deadlineMs: number
  /** Payload of its frame in a buffer of its own, to be transferred to the thread. */
  readonly payload: Uint8Array<ArrayBuffer>
  /** When its frame came, on the process's monotonic clock. */
  readonly receivedMs: number
  /** Milliseconds until a thread took it. */
  queueMs: number
}
