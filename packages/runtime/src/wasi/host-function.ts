/** A function a guest imports; i32 arrive signed, i64 as bigint. */
export type HostFunction = (...values: never[]) => number | undefined
/** Functions of one import module, by name. */
export type HostFunctions = Record<string, HostFunction>
