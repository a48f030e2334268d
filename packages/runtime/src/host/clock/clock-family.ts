import type { HostFamily } from '../../host-call/host-family.ts'
import { ClockSession } from './clock-session.ts'

/** Host calls `clock.*`: the machine's time, for runs whose request asks for a real clock. */
export const clockFamily: HostFamily = { name: 'clock', open: (run) => new ClockSession(run.clock) }
