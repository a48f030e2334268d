// What each instruction does with the bits of a NaN: which operands it looks at, and where the bits of its result are from.
// Source: WebAssembly core spec, 4.3.3 (floating-point operations) and 4.3.4 (vectors).
import { MAIN_OPCODES, OP, type OpcodeTable, SIMD_OPCODES } from '../code/opcodes.ts'

/** Kinds of values, as bits; also the shapes of lanes in a vector. */
export const KIND = {
  /** may hold a NaN that an instruction on f32 made, with the bits of this machine */
  MADE_F32: 1,
  /** the same of an f64 instruction */
  MADE_F64: 2,
  /** may hold a NaN whose bits the specification preserves */
  RAW: 4,
} as const

/** A use that sees all bits, whichever instruction made them. */
export const ALL_MADE = 3

/** Where the result of an instruction comes from. */
export const RESULT = {
  NONE: 0,
  /** is no NaN, or no float */
  NUMBER: 1,
  RAW: 2,
  MADE_F32: 3,
  MADE_F64: 4,
  /** the operand, with bits that stay canonical if they were */
  SAME: 5,
  /** the first operand, with other sign bits */
  SIGNED: 6,
  /** one of the two operands, or lanes of both */
  EITHER: 7,
  /** one lane of the operand */
  LANE: 8,
  CONST_F32: 9,
  CONST_F64: 10,
  CONST_V128: 11,
} as const

/** One table entry per opcode, in parallel arrays. */
export interface EffectTable {
  readonly pops: Uint8Array
  /** which made values the instruction sees through, in any operand: {@link KIND} bits */
  readonly sees: Uint8Array
  /** a {@link RESULT} */
  readonly result: Uint8Array
}

type Row = readonly [first: number, last: number, result: number, sees?: number]
const { NONE, NUMBER, RAW, MADE_F32, MADE_F64, SAME, SIGNED, EITHER, LANE } = RESULT
/** An f32 instruction cannot tell one NaN of f32 from another, but sees f64 values as pairs of words; and the reverse. */
const AS_F32 = KIND.MADE_F64
const AS_F64 = KIND.MADE_F32

const MAIN_ROWS: readonly Row[] = [
  [OP.DROP, OP.DROP, NONE],
  [0x26, 0x26, NONE],
  [0x2a, 0x2b, RAW],
  [0x36, 0x37, NONE],
  [0x38, 0x39, NONE, ALL_MADE],
  [0x3a, 0x3e, NONE],
  [0x43, 0x43, RESULT.CONST_F32],
  [0x44, 0x44, RESULT.CONST_F64],
  [0x8b, 0x8b, SAME],
  [0x8c, 0x8c, SIGNED],
  [0x8d, 0x97, MADE_F32],
  [0x98, 0x98, SIGNED],
  [0x99, 0x99, SAME],
  [0x9a, 0x9a, SIGNED],
  [0x9b, 0xa5, MADE_F64],
  [0xa6, 0xa6, SIGNED],
  [0xb6, 0xb6, MADE_F32],
  [0xbb, 0xbb, MADE_F64],
  [0xbc, 0xbd, NUMBER, ALL_MADE],
  [0xbe, 0xbf, RAW],
]

/** Whatever is not listed works on the bits of its operands: integers, logic, shuffles, memory. */
const SIMD_ROWS: readonly Row[] = [
  [0x00, 0xff, RAW, ALL_MADE],
  [0x0b, 0x0b, NONE, ALL_MADE],
  [0x0c, 0x0c, RESULT.CONST_V128],
  [0x13, 0x14, SAME],
  [0x1f, 0x1f, LANE, AS_F32],
  [0x20, 0x20, EITHER, AS_F32],
  [0x21, 0x21, LANE, AS_F64],
  [0x22, 0x22, EITHER, AS_F64],
  [0x41, 0x46, RAW, AS_F32],
  [0x47, 0x4c, RAW, AS_F64],
  [0x58, 0x5b, NONE, ALL_MADE],
  [0x5e, 0x5e, MADE_F32, AS_F64],
  [0x5f, 0x5f, MADE_F64, AS_F32],
  [0x67, 0x6a, MADE_F32, AS_F32],
  [0x74, 0x75, MADE_F64, AS_F64],
  [0x7a, 0x7a, MADE_F64, AS_F64],
  [0x94, 0x94, MADE_F64, AS_F64],
  [0xe0, 0xe1, SIGNED, AS_F32],
  [0xe3, 0xe9, MADE_F32, AS_F32],
  [0xea, 0xeb, EITHER, AS_F32],
  [0xec, 0xed, SIGNED, AS_F64],
  [0xef, 0xf5, MADE_F64, AS_F64],
  [0xf6, 0xf7, EITHER, AS_F64],
  [0xf8, 0xf9, RAW, AS_F32],
  [0xfc, 0xfd, RAW, AS_F64],
]

/** Single-byte opcodes; those that depend on types or labels are not in it. */
export const MAIN_EFFECTS: EffectTable = buildTable(MAIN_OPCODES, NUMBER, MAIN_ROWS)
/** Opcodes after the prefix 0xfd. */
export const SIMD_EFFECTS: EffectTable = buildTable(SIMD_OPCODES, RAW, SIMD_ROWS)

/** 1 for each single-byte opcode that makes NaNs. */
export const MAIN_MAKES_NAN: Uint8Array = MAIN_EFFECTS.result.map(isMade)
/** 1 for each opcode after the prefix 0xfd that makes NaNs. */
export const SIMD_MAKES_NAN: Uint8Array = SIMD_EFFECTS.result.map(isMade)

function isMade(result: number): number {
  return result === MADE_F32 || result === MADE_F64 ? 1 : 0
}

function buildTable({ stack }: OpcodeTable, unlisted: number, rows: readonly Row[]): EffectTable {
  const table = {
    pops: new Uint8Array(256),
    sees: new Uint8Array(256),
    result: new Uint8Array(256).fill(unlisted),
  }
  for (const [first, last, result, sees] of rows) {
    table.result.fill(result, first, last + 1)
    table.sees.fill(sees ?? 0, first, last + 1)
  }
  for (let code = 0; code < 256; code++) {
    table.pops[code] = (table.result[code] === NONE ? 0 : 1) - (stack[code] as number)
  }
  return table
}
