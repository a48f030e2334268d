import type { Awaitable } from '../awaitable.ts'

/**
 * A function a guest imports; i32 arrive signed, i64 as bigint.
 *
 * It may answer with a promise if its import module is in `WAITING_MODULES`; the guest then gives up its thread.
 */
export type HostFunction = (...values: never[]) => Awaitable<number | undefined>
/** Functions of one import module, by name. */
export type HostFunctions = Record<string, HostFunction>
