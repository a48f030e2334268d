import { OP } from '../code/opcodes.ts'

/**
 * Opcodes that cost nothing, as in wasmtime's table; every other instruction costs one unit. The markers of the older
 * exception proposal, which wasmtime does not run, are free as `else` is.
 */
const FREE: readonly number[] = [
  OP.UNREACHABLE,
  OP.NOP,
  OP.BLOCK,
  OP.LOOP,
  OP.ELSE,
  OP.END,
  OP.RETURN,
  OP.DROP,
  OP.CATCH,
  OP.CATCH_ALL,
  OP.DELEGATE,
]

/** Fuel of one instruction, by opcode; prefixed instructions go by their prefix. */
export const FUEL_BY_OPCODE: Uint8Array = new Uint8Array(256).fill(1)
for (const opcode of FREE) FUEL_BY_OPCODE[opcode] = 0

/** `memory.copy`, `memory.fill` and `memory.init` cost one more unit for each 64 bytes, rounded down: 2^6. */
export const BULK_BYTES_SHIFT = 6
/** Table operations cost one more unit for each 8 entries, rounded down: an entry moves 8 bytes, 2^3. */
export const BULK_ENTRIES_SHIFT = 3
/** A page that `memory.grow` adds costs as much as filling it: 65,536 bytes / 64. Growth that fails is free. */
export const GROW_PAGE_FUEL = 1024

/**
 * Straight-line fuel that a function without calls and loops may use before anything checks it. Small, so that a run
 * can overshoot only by (calls between two checks) * 256 units, which is still bounded by the size of one body.
 */
export const UNCHECKED_FUEL_MAX = 256

/** Stack slots of 8 bytes that one frame takes beside its locals and operands: 64 to 80 bytes in V8's baseline tier. */
const FRAME_BASE_SLOTS = 8
/** Slots of one unit of call depth: 128 bytes, which no frame of V8's baseline tier exceeded per unit (README). */
const FRAME_UNIT_SLOTS = 16
/** A function without calls is only counted against the depth if its frame is larger than this. */
export const LEAF_UNITS_MAX = 16

/** Units of call depth that a frame counts: one for a small function, more for one with many locals. */
export function frameUnits(slots: number): number {
  return Math.ceil((FRAME_BASE_SLOTS + slots) / FRAME_UNIT_SLOTS)
}

/** Units that a call of an import takes, for the host's own frames if it calls the guest again: 1 KB each, measured. */
export const HOST_CALL_UNITS = 16

/** Units of call depth unless the caller names another bound: 640 of the 984 KB of V8's default stack. */
export const CALL_DEPTH_DEFAULT = 5_000
