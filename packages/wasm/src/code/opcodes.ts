// The instruction table: which bytes follow an opcode, how it moves the operand stack, and whether it can trap.
// Source: WebAssembly core spec 3.0 draft, appendix A.7 (index of instructions), and the relaxed-SIMD opcode table.

/** Opcodes that the rewriting looks at. */
export const OP = {
  UNREACHABLE: 0x00,
  NOP: 0x01,
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  ELSE: 0x05,
  TRY: 0x06,
  CATCH: 0x07,
  THROW: 0x08,
  RETHROW: 0x09,
  THROW_REF: 0x0a,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  BR_TABLE: 0x0e,
  RETURN: 0x0f,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  RETURN_CALL: 0x12,
  RETURN_CALL_INDIRECT: 0x13,
  CALL_REF: 0x14,
  RETURN_CALL_REF: 0x15,
  DELEGATE: 0x18,
  CATCH_ALL: 0x19,
  DROP: 0x1a,
  SELECT: 0x1b,
  SELECT_TYPED: 0x1c,
  TRY_TABLE: 0x1f,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  GLOBAL_GET: 0x23,
  GLOBAL_SET: 0x24,
  MEMORY_SIZE: 0x3f,
  MEMORY_GROW: 0x40,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  I32_EQZ: 0x45,
  I32_EQ: 0x46,
  I32_GT_U: 0x4b,
  I64_LT_S: 0x53,
  I32_ADD: 0x6a,
  I32_SUB: 0x6b,
  I32_OR: 0x72,
  I64_ADD: 0x7c,
  I64_SUB: 0x7d,
  I64_MUL: 0x7e,
  I64_OR: 0x84,
  I64_SHR_U: 0x88,
  I64_EXTEND_I32_U: 0xad,
  F64_CONVERT_I64_S: 0xb9,
  REF_NULL: 0xd0,
  REF_FUNC: 0xd2,
  BR_ON_NULL: 0xd5,
  BR_ON_NON_NULL: 0xd6,
  GC: 0xfb,
  MISC: 0xfc,
  SIMD: 0xfd,
  ATOMIC: 0xfe,
} as const

/** What follows the opcode. */
export const IMMEDIATE = {
  INVALID: 0,
  NONE: 1,
  /** control flow, calls and anything else that the scanner and the rewriter treat one by one */
  SPECIAL: 2,
  LOCAL: 3,
  GLOBAL: 4,
  TABLE: 5,
  /** alignment and offset */
  MEMORY: 6,
  /** memory index */
  MEMORY_INDEX: 7,
  S32: 8,
  S64: 9,
  BYTES_4: 10,
  BYTES_8: 11,
  HEAP_TYPE: 12,
  FUNCTION: 13,
  /** SIMD: alignment, offset and lane */
  MEMORY_LANE: 14,
  LANE: 15,
  BYTES_16: 16,
} as const

/** One table entry per opcode, in parallel arrays. */
export interface OpcodeTable {
  /** an {@link IMMEDIATE} */
  readonly immediate: Uint8Array
  /** operands pushed minus operands popped; 0 where it depends on types */
  readonly stack: Int8Array
  /** 1 if the instruction can trap */
  readonly traps: Uint8Array
}

type Row = readonly [first: number, last: number, immediate: number, stack: number, traps?: 1]
const { NONE, SPECIAL, LOCAL, GLOBAL, TABLE, MEMORY, MEMORY_INDEX, LANE, MEMORY_LANE, BYTES_16 } = IMMEDIATE

const MAIN_ROWS: readonly Row[] = [
  [OP.UNREACHABLE, OP.UNREACHABLE, SPECIAL, 0, 1],
  [OP.NOP, OP.NOP, NONE, 0],
  [OP.BLOCK, OP.RETURN_CALL_REF, SPECIAL, 0],
  [OP.DELEGATE, OP.CATCH_ALL, SPECIAL, 0],
  [OP.DROP, OP.DROP, NONE, -1],
  [OP.SELECT, OP.SELECT, NONE, -2],
  [OP.SELECT_TYPED, OP.SELECT_TYPED, SPECIAL, -2],
  [OP.TRY_TABLE, OP.TRY_TABLE, SPECIAL, 0],
  [OP.LOCAL_GET, OP.LOCAL_GET, LOCAL, 1],
  [OP.LOCAL_SET, OP.LOCAL_SET, LOCAL, -1],
  [OP.LOCAL_TEE, OP.LOCAL_TEE, LOCAL, 0],
  [OP.GLOBAL_GET, OP.GLOBAL_GET, GLOBAL, 1],
  [OP.GLOBAL_SET, OP.GLOBAL_SET, GLOBAL, -1],
  [0x25, 0x25, TABLE, 0, 1],
  [0x26, 0x26, TABLE, -2, 1],
  [0x28, 0x35, MEMORY, 0, 1],
  [0x36, 0x3e, MEMORY, -2, 1],
  [OP.MEMORY_SIZE, OP.MEMORY_SIZE, MEMORY_INDEX, 1],
  [OP.MEMORY_GROW, OP.MEMORY_GROW, SPECIAL, 0],
  [OP.I32_CONST, OP.I32_CONST, IMMEDIATE.S32, 1],
  [OP.I64_CONST, OP.I64_CONST, IMMEDIATE.S64, 1],
  [0x43, 0x43, IMMEDIATE.BYTES_4, 1],
  [0x44, 0x44, IMMEDIATE.BYTES_8, 1],
  [0x45, 0x45, NONE, 0],
  [0x46, 0x4f, NONE, -1],
  [0x50, 0x50, NONE, 0],
  [0x51, 0x66, NONE, -1],
  [0x67, 0x69, NONE, 0],
  [0x6a, 0x6c, NONE, -1],
  [0x6d, 0x70, NONE, -1, 1],
  [0x71, 0x78, NONE, -1],
  [0x79, 0x7b, NONE, 0],
  [0x7c, 0x7e, NONE, -1],
  [0x7f, 0x82, NONE, -1, 1],
  [0x83, 0x8a, NONE, -1],
  [0x8b, 0x91, NONE, 0],
  [0x92, 0x98, NONE, -1],
  [0x99, 0x9f, NONE, 0],
  [0xa0, 0xa6, NONE, -1],
  [0xa7, 0xa7, NONE, 0],
  [0xa8, 0xab, NONE, 0, 1],
  [0xac, 0xad, NONE, 0],
  [0xae, 0xb1, NONE, 0, 1],
  [0xb2, 0xc4, NONE, 0],
  [OP.REF_NULL, OP.REF_NULL, IMMEDIATE.HEAP_TYPE, 1],
  [0xd1, 0xd1, NONE, 0],
  [OP.REF_FUNC, OP.REF_FUNC, IMMEDIATE.FUNCTION, 1],
  [0xd4, 0xd4, NONE, 0, 1],
  [OP.BR_ON_NULL, OP.BR_ON_NON_NULL, SPECIAL, 0],
]

const SIMD_ROWS: readonly Row[] = [
  [0x00, 0x0a, MEMORY, 0, 1],
  [0x0b, 0x0b, MEMORY, -2, 1],
  [0x0c, 0x0c, BYTES_16, 1],
  [0x0d, 0x0d, BYTES_16, -1],
  [0x0e, 0x0e, NONE, -1],
  [0x0f, 0x14, NONE, 0],
  [0x15, 0x22, LANE, 0],
  ...[0x17, 0x1a, 0x1c, 0x1e, 0x20, 0x22].map((code): Row => [code, code, LANE, -1]),
  [0x23, 0x4c, NONE, -1],
  [0x4d, 0x4d, NONE, 0],
  [0x4e, 0x51, NONE, -1],
  [0x52, 0x52, NONE, -2],
  [0x53, 0x53, NONE, 0],
  [0x54, 0x57, MEMORY_LANE, -1, 1],
  [0x58, 0x5b, MEMORY_LANE, -2, 1],
  [0x5c, 0x5d, MEMORY, 0, 1],
  [0x5e, 0x5f, NONE, 0],
  [0x60, 0xff, NONE, -1],
  ...[
    [0x60, 0x64],
    [0x67, 0x6a],
    [0x74, 0x75],
    [0x7a, 0x7a],
    [0x7c, 0x81],
    [0x83, 0x84],
    [0x87, 0x8a],
    [0x94, 0x94],
    [0xa0, 0xa1],
    [0xa3, 0xa4],
    [0xa7, 0xaa],
    [0xc0, 0xc1],
    [0xc3, 0xc4],
    [0xc7, 0xca],
    [0xe0, 0xe1],
    [0xe3, 0xe3],
    [0xec, 0xed],
    [0xef, 0xef],
    [0xf8, 0xff],
  ].map(([first = 0, last = 0]): Row => [first, last, NONE, 0]),
  ...[0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2]
    .concat(0xee)
    .map((code): Row => [code, code, IMMEDIATE.INVALID, 0]),
]

/** Single-byte opcodes. */
export const MAIN_OPCODES: OpcodeTable = buildTable(MAIN_ROWS)
/** Opcodes after the prefix 0xfd, below {@link RELAXED_SIMD_FIRST}. */
export const SIMD_OPCODES: OpcodeTable = buildTable(SIMD_ROWS)
/** From here on an opcode after 0xfd is relaxed SIMD, whose results differ between machines. */
export const RELAXED_SIMD_FIRST = 0x100

/** Opcodes after the prefix 0xfc. */
export const MISC_OP = {
  TRUNC_SAT_LAST: 7,
  MEMORY_INIT: 8,
  DATA_DROP: 9,
  MEMORY_COPY: 10,
  MEMORY_FILL: 11,
  TABLE_INIT: 12,
  ELEM_DROP: 13,
  TABLE_COPY: 14,
  TABLE_GROW: 15,
  TABLE_SIZE: 16,
  TABLE_FILL: 17,
} as const

/** Opcodes after the prefix 0xfe that are not plain memory accesses. */
export const ATOMIC_OP = {
  /** `memory.atomic.notify`, `memory.atomic.wait32` and `memory.atomic.wait64` are the first three */
  WAIT_LAST: 2,
  FENCE: 3,
  LAST: 0x4e,
} as const

function buildTable(rows: readonly Row[]): OpcodeTable {
  const table = { immediate: new Uint8Array(256), stack: new Int8Array(256), traps: new Uint8Array(256) }
  for (const [first, last, immediate, stack, traps] of rows) {
    table.immediate.fill(immediate, first, last + 1)
    table.stack.fill(stack, first, last + 1)
    table.traps.fill(traps ?? 0, first, last + 1)
  }
  return table
}
