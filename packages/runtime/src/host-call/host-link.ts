import type { HostAnswer, HostCall } from './host-call.ts'

/** A guest's way out: to the process that owns the executor, which decides, performs and records each call. */
export interface HostLink {
  /**
   * Makes the run's next call; one at a time. If the run is over before the answer comes, the promise rejects
   * with a trap, which no guest catches: none of its code runs any more.
   */
  call(call: HostCall): Promise<HostAnswer>
}
