/** Name of the added global with the remaining fuel: mutable, i64. */
export const FUEL_EXPORT = 'blockless:fuel'
/** Name of the added global that says why a run stopped: mutable, i32, values in `STATUS`. */
export const STATUS_EXPORT = 'blockless:status'
/** Name of the added function that was the start function, if the module had one. */
export const START_EXPORT = 'blockless:start'
/** Name of the added table with the hooks of a profile, entries by `PROFILE_HOOK`. */
export const PROFILE_EXPORT = 'blockless:profile'
