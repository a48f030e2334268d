import { MISC_OP } from './opcodes.ts'

/** What a function's body does, as bits. */
export const TRAIT = {
  CALLS: 1,
  LOOPS: 2,
  /** has a path that does not run every instruction once: branches, `if`, `return`, exceptions */
  BRANCHES: 4,
  /** has an instruction other than `unreachable` that can trap */
  TRAPS: 8,
  TAIL_CALLS: 16,
  /** has a branch to the function's own label */
  BODY_LABEL: 32,
  SIMD: 64,
  /** costs that depend on operands */
  BULK: 128,
  GROWS: 256,
  /** has an instruction whose result may be a NaN that it made */
  MAKES_NAN: 512,
} as const

/** What a block's label needs, as bits. */
export const MARK = {
  /**
   * target of a `br_table` that other branches reach before it: nothing can be charged on one edge of a `br_table`
   * alone, so all its labels must carry the same, and these carry nothing
   */
  PINNED: 1,
  /** target of a `catch` clause: fuel comes in through the global */
  CATCHES: 2,
  HAS_ELSE: 4,
  /** has been branched to; only of use while scanning */
  BRANCHED: 8,
} as const

/** How other functions call a function, as bits. */
export const CALLED = { DIRECTLY: 1, BY_TAIL: 2 } as const

/** What one pass over all bodies finds out. Arrays are by defined function unless they say otherwise. */
export interface CodeScan {
  /** {@link TRAIT} bits */
  readonly traits: Uint16Array
  /** fuel of all instructions, each counted once */
  readonly straightFuel: Uint32Array
  /** stack slots of 8 bytes that parameters, locals and operands take at most */
  readonly slots: Uint32Array
  /** position of the function's own label among all labels */
  readonly firstLabel: Uint32Array
  /** {@link MARK} bits by label, in file order */
  readonly marks: Uint8Array
  /** {@link CALLED} bits by function, imported ones included */
  readonly called: Uint8Array
}

/** Whether an instruction after 0xfc costs more for more operands. */
export function isBulk(code: number): boolean {
  return (
    (code >= MISC_OP.MEMORY_INIT &&
      code !== MISC_OP.DATA_DROP &&
      code <= MISC_OP.TABLE_GROW &&
      code !== MISC_OP.ELEM_DROP) ||
    code === MISC_OP.TABLE_FILL
  )
}
