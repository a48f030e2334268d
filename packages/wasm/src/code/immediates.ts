import { type ByteReader, invalid, malformed, unsupported } from '../binary/byte-reader.ts'
import { readHeapType, readValueType, V128 } from '../binary/value-type.ts'
import { BRANCH_TABLE_MAX } from '../limits.ts'
import type { Module } from '../module.ts'
import { ModuleError } from '../module-error.ts'
import { readIndex } from '../validate/index-spaces.ts'
import { IMMEDIATE, MISC_OP, RELAXED_SIMD_FIRST, SIMD_OPCODES } from './opcodes.ts'

/** An alignment with this bit is followed by a memory index. */
const MULTI_MEMORY_BIT = 0x40
const EMPTY_BLOCK = 0x40
/** Block type without parameters and with one result. */
const BLOCK_ONE_RESULT = -1
/** Block type without parameters and results. */
export const BLOCK_EMPTY = -2

/** Passes over the catch clauses of a `try_table`. */
export function skipCatches(reader: ByteReader): void {
  for (let count = reader.u32('catch clauses'); count > 0; count--) {
    if (reader.byte('a catch clause') < 2) reader.u32('a tag index')
    reader.u32('a label')
  }
}

/**
 * Passes over what follows an opcode and checks every index that the rewriting appends to or relies on.
 *
 * @param kind - an {@link IMMEDIATE} but not `SPECIAL`
 * @param localCount - parameters and locals of the function
 */
export function skipImmediate(reader: ByteReader, kind: number, module: Module, localCount: number): void {
  switch (kind) {
    case IMMEDIATE.NONE:
      return
    case IMMEDIATE.LOCAL:
      readIndex(reader, 'local', localCount)
      return
    case IMMEDIATE.S32:
      reader.skipSigned(32, 'an i32')
      return
    case IMMEDIATE.MEMORY:
      readMemoryArgument(reader)
      return
    case IMMEDIATE.GLOBAL:
      readIndex(reader, 'global', module.globalCount)
      return
    case IMMEDIATE.S64:
      reader.skipSigned(64, 'an i64')
      return
    case IMMEDIATE.BYTES_4:
      reader.skip(4, 'an f32')
      return
    case IMMEDIATE.BYTES_8:
      reader.skip(8, 'an f64')
      return
    case IMMEDIATE.BYTES_16:
      reader.skip(16, 'a v128')
      return
    case IMMEDIATE.LANE:
      reader.skip(1, 'a lane')
      return
    case IMMEDIATE.MEMORY_LANE:
      readMemoryArgument(reader)
      reader.skip(1, 'a lane')
      return
    case IMMEDIATE.MEMORY_INDEX:
      readMemoryIndex(reader)
      return
    case IMMEDIATE.TABLE:
      reader.u32('a table index')
      return
    case IMMEDIATE.HEAP_TYPE:
      readHeapType(reader, module.canonicalTypes)
      return
    case IMMEDIATE.FUNCTION:
      readIndex(reader, 'function', module.functionTypes.length)
      return
    default:
      throw malformed(reader.offset - 1, 'an instruction')
  }
}

/** Reads a memory index, which can only be 0. */
export function readMemoryIndex(reader: ByteReader): void {
  const at = reader.offset
  if (reader.u32('a memory index') !== 0) throw unsupported(at, 'more than one memory (multi-memory)')
}

/** Reads a block type: a type index, -1 for one result, or {@link BLOCK_EMPTY}. */
export function readBlockType(reader: ByteReader, module: Module): number {
  const type = readTypedBlockType(reader, module)
  return type >= BLOCK_EMPTY ? type : BLOCK_ONE_RESULT
}

/** Reads a block type: a type index, {@link BLOCK_EMPTY}, or the code of the one result's type, negated. */
export function readTypedBlockType(reader: ByteReader, module: Module): number {
  const code = reader.bytes[reader.offset] as number
  if (reader.offset < reader.end && (code & 0xc0) === 0x40) {
    if (code !== EMPTY_BLOCK) return -readValueType(reader, module.canonicalTypes)
    reader.offset++
    return BLOCK_EMPTY
  }
  const at = reader.offset
  const index = reader.s33('a block type')
  if (index < 0) throw malformed(at, 'a block type in one byte')
  if (index >= module.types.length) throw invalid(at, `unknown type ${index}, there are ${module.types.length}`)
  return index
}

/** Reads the opcode after 0xfd. */
export function readSimdOpcode(reader: ByteReader): number {
  const at = reader.offset
  const code = reader.u32('a SIMD opcode')
  if (code >= RELAXED_SIMD_FIRST && code < RELAXED_SIMD_FIRST + 0x20)
    throw unsupported(at, 'relaxed SIMD (relaxed-simd)')
  if (code > 0xff || SIMD_OPCODES.immediate[code] === IMMEDIATE.INVALID) throw malformed(at, 'a SIMD instruction')
  return code
}

/** Reads the opcode after 0xfc. */
export function readMiscOpcode(reader: ByteReader): number {
  const at = reader.offset
  const code = reader.u32('an opcode after 0xfc')
  if (code > MISC_OP.TABLE_FILL) {
    throw code >= 0x13 && code <= 0x16
      ? unsupported(at, 'wide arithmetic (wide-arithmetic)')
      : malformed(at, 'an instruction')
  }
  return code
}

/** Passes over what follows an opcode after 0xfc. */
export function skipMiscImmediate(reader: ByteReader, code: number): void {
  switch (code) {
    case MISC_OP.MEMORY_INIT:
      reader.u32('a data index')
      readMemoryIndex(reader)
      return
    case MISC_OP.MEMORY_COPY:
      readMemoryIndex(reader)
      readMemoryIndex(reader)
      return
    case MISC_OP.MEMORY_FILL:
      readMemoryIndex(reader)
      return
    case MISC_OP.TABLE_INIT:
    case MISC_OP.TABLE_COPY:
      reader.u32('a segment or table index')
      reader.u32('a table index')
      return
    case MISC_OP.DATA_DROP:
    case MISC_OP.ELEM_DROP:
    case MISC_OP.TABLE_GROW:
    case MISC_OP.TABLE_SIZE:
    case MISC_OP.TABLE_FILL:
      reader.u32('an index')
      return
    default:
      return
  }
}

/** Reads the number of targets of a `br_table`, without the default one. */
export function readTargetCount(reader: ByteReader): number {
  const at = reader.offset
  const count = reader.u32('the number of branch targets')
  if (count > BRANCH_TABLE_MAX) {
    throw new ModuleError({
      code: 'ERR_MODULE_LIMIT',
      at,
      what: 'the number of branch targets',
      limit: BRANCH_TABLE_MAX,
    })
  }
  return count
}

/** Reads the type of a `select` with types, of which there is one. */
export function readSelectType(reader: ByteReader, module: Module): number {
  const at = reader.offset
  if (reader.u32('the number of select types') !== 1) throw invalid(at, 'one select type is needed')
  return readValueType(reader, module.canonicalTypes)
}

/** Passes over the type of a `select` with types. */
export function skipSelectTypes(reader: ByteReader, module: Module): void {
  readSelectType(reader, module)
}

/** Declared locals: how many, in how many stack slots of 8 bytes, and where their groups stand. */
export interface LocalDeclarations {
  readonly groupCount: number
  readonly count: number
  readonly slots: number
  /** bytes of the groups, without their number */
  readonly start: number
  readonly end: number
}

/** What wants to know the types of locals. */
export interface LocalTypeSink {
  /** Takes the next `count` locals, all of one type. */
  add(count: number, type: number): void
}

/** Reads the declared locals of a function. */
export function readLocals(reader: ByteReader, module: Module, limit: number, sink?: LocalTypeSink): LocalDeclarations {
  const at = reader.offset
  const groupCount = reader.count('groups of locals', limit)
  const start = reader.offset
  let count = 0
  let slots = 0
  for (let group = 0; group < groupCount; group++) {
    const size = reader.u32('the number of locals')
    count += size
    if (count > limit) throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what: 'the number of locals', limit })
    const type = readValueType(reader, module.canonicalTypes)
    slots += type === V128 ? 2 * size : size
    sink?.add(size, type)
  }
  return { groupCount, count, slots, start, end: reader.offset }
}

/** Passes over alignment and offset, and returns the alignment, as a power of two. */
export function readMemoryArgument(reader: ByteReader): number {
  const at = reader.offset
  const alignment = reader.u32('an alignment')
  if (alignment >= MULTI_MEMORY_BIT) {
    if (alignment < 2 * MULTI_MEMORY_BIT) throw unsupported(at, 'more than one memory (multi-memory)')
    throw malformed(at, 'an alignment below 64')
  }
  reader.u32Wide('a memory offset')
  return alignment
}
