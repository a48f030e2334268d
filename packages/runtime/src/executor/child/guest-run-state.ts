import type { StoredModule } from './module-store.ts'

/** A run inside the executor, from its frame to its answer. */
export interface GuestRunState {
  readonly id: number
  readonly module: StoredModule
  readonly memoryPages: number
  readonly deadlineMs: number
  /** Whether it may wait for host calls. */
  readonly waits: boolean
  /** Whether it tells where its fuel went, which takes a rewriting of its own. */
  readonly isProfiled: boolean
  /** Payload of its frame in a buffer of its own; empty while a thread has it, as nothing can make the run begin again. */
  payload: Uint8Array<ArrayBuffer>
  /** When its frame came, on the process's monotonic clock. */
  readonly receivedMs: number
  /** Milliseconds until a thread took it. */
  queueMs: number
  /** Ends it at its deadline; set when it first begins, and not again when it begins again. */
  deadlineTimer: NodeJS.Timeout | undefined
  /** Whether it is off its thread: it waits for a host call, or for the module that counts exactly. */
  isParked: boolean
  /** Its guest's memory when it was last parked; 0 before. */
  memoryBytes: number
  /** Number of the host call that it waits for. */
  asked: number | undefined
  /** Times that it had to begin again because its thread ended by itself. */
  restarts: number
}
