/**
 * The contract of rewritten modules, by the names and numbers of `@blockless/wasm` (`FUEL_EXPORT`, `STATUS`, …);
 * repeated here as guests' threads do not load that package, and compared with it by a test.
 */
export const FUEL_EXPORT = 'blockless:fuel'
/** @see FUEL_EXPORT */
export const STATUS_EXPORT = 'blockless:status'
/** @see FUEL_EXPORT */
export const START_EXPORT = 'blockless:start'
/** @see FUEL_EXPORT */
export const PROFILE_EXPORT = 'blockless:profile'
/** @see FUEL_EXPORT */
export const PROFILE_HOOK = { ENTER: 0, UNWIND: 1 } as const
/** @see FUEL_EXPORT */
export const STATUS = {
  NONE: 0,
  OUT_OF_FUEL: 1,
  CALL_DEPTH: 2,
  UNREACHABLE: 3,
  HOST_MEMORY: 4,
  REASON_MASK: 0xff,
  GROW_REFUSED: 0x100,
} as const
