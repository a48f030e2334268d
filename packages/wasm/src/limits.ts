/** Bytes of a module: 64 MiB, four times the largest real one we measured, and rewritten in about two seconds. */
export const MODULE_SIZE_MAX: number = 64 * 1024 * 1024
/** Types, functions, imports, exports and globals, each: the engine's own limit (V8 `wasm-limits.h`). */
export const DEFINITIONS_MAX = 1_000_000
/** Parameters and results of all types together: real modules have 10,000, and each costs the host 8 bytes and a name. */
export const TYPE_VALUES_MAX = 1_000_000
/** Parameters or results of one function: the engine's own limit. */
export const ARITY_MAX = 1_000
/** Bytes of one function's body, also after rewriting: the engine's own limit. */
export const BODY_SIZE_MAX = 7_654_321
/** Locals of one function, parameters and ours included: the engine's own limit. */
export const LOCALS_MAX = 50_000
/** Targets of one `br_table`: the engine's own limit. */
export const BRANCH_TABLE_MAX = 65_520
/** Bytes of one name: the engine's own limit. */
export const NAME_SIZE_MAX = 100_000
/** Pages of 64 KiB that a 32-bit memory can have. */
export const PAGES_MAX = 65_536
/**
 * Entries of all tables together, growth included: an entry costs the host up to 32 bytes that no memory cap sees, so
 * this is 32 MB; the largest real tables we saw have 60,000.
 */
export const TABLE_ENTRIES_MAX = 1_000_000
/** Tables of one module: real ones have one, code generators with one per type a few dozen. */
export const TABLES_MAX = 1_000
/** Initial entries of one table: the engine's own limit. */
export const TABLE_INITIAL_MAX = 10_000_000
/** Data segments: the engine's own limit. */
export const DATA_SEGMENTS_MAX = 100_000
/**
 * Types that calls, blocks and branches with several values compare, of all bodies together. Two bytes of code can compare
 * 1,000 types, so a module of the largest size could take minutes. Real ones compare 0.03 to 0.04 per byte, and this is
 * ten times that for the largest size, in half a second.
 */
export const TYPES_COMPARED_MAX = 30_000_000
