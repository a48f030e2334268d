import type { Clock, Logger } from '@blockless/core'
import type { Gate } from '../policy/gate.ts'
import type { HostAnswer, HostCall } from './host-call.ts'

/** What host calls of one run may use. */
export interface HostCallLimits {
  /** Calls of a run, all families together. */
  readonly callsMax: number
  /** Bytes of one call, and of one answer. */
  readonly bytesMax: number
  /** Bytes of all calls of a run: what it can send out at most. */
  readonly sentBytesMax: number
  /** Bytes of all answers of a run, which are kept until it ends. */
  readonly totalBytesMax: number
  /** Milliseconds one call may take. */
  readonly deadlineMs: number
  /** Open handles of a run in one family. */
  readonly handlesMax: number
}

/** What a family is given for one run. */
export interface HostRun {
  readonly functionCid: string
  /** Decides every action before it is taken. */
  readonly gate: Gate
  readonly limits: HostCallLimits
  readonly clock: Clock
  readonly log: Logger
  /** Aborted when the run is over, however it ended. */
  readonly signal: AbortSignal
}

/**
 * The calls of one run in one family: its handles and connections.
 *
 * It lives in the process that owns the executor. What arrives here comes from a guest by way of a process that may have
 * been taken over, so every field is checked.
 */
export interface HostSession {
  /**
   * Performs a call.
   *
   * @param signal - aborted at the call's deadline or when the run is over
   * @returns what the guest is told; failures of the outside world are answers too
   * @throws {TypeError} if the call is not one that the guest's side of this family makes; that ends the run
   */
  call(call: HostCall, signal: AbortSignal): Promise<HostAnswer>
  /** Gives back everything: connections, processes, files. */
  close(): Promise<void>
}

/** Host calls of one kind, such as all of `http.*`; configured once per node. */
export interface HostFamily {
  /** The part of a call's name before the dot. */
  readonly name: string
  /** Begins a run; called when it first calls the family. */
  open(run: HostRun): HostSession
}
