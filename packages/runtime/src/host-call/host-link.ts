import type { HostAnswer, HostCall } from './host-call.ts'

/** A guest's way out: to the process that owns the executor, which decides, performs and records each call. */
export interface HostLink {
  /**
   * Makes the run's next call; one at a time. The promise never settles if the run is over before the answer comes, so
   * that no code of the guest runs any more.
   */
  call(call: HostCall): Promise<HostAnswer>
}
