import { type ByteReader, invalid, unsupported } from '../binary/byte-reader.ts'
import {
  F32,
  F64,
  functionReference,
  I32,
  I64,
  isSubtype,
  readHeapType,
  referenceType,
  V128,
  valueTypeName,
} from '../binary/value-type.ts'
import { OP } from '../code/opcodes.ts'
import { type IndexSpaces, readIndex } from './index-spaces.ts'

const F32_CONST = 0x43
const F64_CONST = 0x44
const V128_CONST = 0x0c
/** `add`, `sub` and `mul`: the extended constant expressions, with the type that they take and give. */
const ARITHMETIC: ReadonlyMap<number, number> = new Map([
  [0x6a, I32],
  [0x6b, I32],
  [0x6c, I32],
  [0x7c, I64],
  [0x7d, I64],
  [0x7e, I64],
])

/**
 * Reads a constant expression and checks that it leaves one value of type `expected`.
 *
 * @throws {ModuleError} if it holds anything but constants, references, arithmetic and `global.get` of an immutable
 * global defined before, or leaves anything else
 * @see https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
 */
export function validateConstExpression(reader: ByteReader, spaces: IndexSpaces, expected: number): void {
  const start = reader.offset
  const operands: number[] = []
  for (;;) {
    const at = reader.offset
    const opcode = reader.byte('a constant expression')
    if (opcode === OP.END) break
    const type = ARITHMETIC.get(opcode)
    if (type === undefined) {
      operands.push(readConstant(reader, spaces, opcode, at))
      continue
    }
    if (operands.at(-1) !== type || operands.at(-2) !== type) {
      const found = operands.slice(-2).map(valueTypeName).join(' ') || 'nothing'
      const name = valueTypeName(type)
      throw invalid(at, `type mismatch: the constant operator needs ${name} ${name}, found ${found}`)
    }
    operands.pop()
  }
  const found = operands[0]
  if (operands.length === 1 && found !== undefined && isSubtype(found, expected)) return
  const names = operands.map(valueTypeName).join(' ') || 'nothing'
  throw invalid(start, `type mismatch: the constant expression needs ${valueTypeName(expected)}, found ${names}`)
}

function readConstant(reader: ByteReader, spaces: IndexSpaces, opcode: number, at: number): number {
  switch (opcode) {
    case OP.I32_CONST:
      reader.skipSigned(32, 'an i32')
      return I32
    case OP.I64_CONST:
      reader.skipSigned(64, 'an i64')
      return I64
    case F32_CONST:
      reader.skip(4, 'an f32')
      return F32
    case F64_CONST:
      reader.skip(8, 'an f64')
      return F64
    case OP.GLOBAL_GET:
      return readGlobal(reader, spaces)
    case OP.REF_NULL:
      return referenceType(readHeapType(reader, spaces.canonicalTypes), true)
    case OP.REF_FUNC: {
      const type = spaces.functionTypes[spaces.referredFunction(reader)] as number
      return functionReference(spaces.canonicalTypes[type] as number, false)
    }
    case OP.SIMD:
      if (reader.u32('a SIMD opcode') !== V128_CONST) throw invalid(at, 'a constant instruction is needed')
      reader.skip(16, 'a v128')
      return V128
    case OP.GC:
      throw unsupported(at, 'garbage collection (gc)')
    default:
      throw invalid(at, 'a constant instruction is needed')
  }
}

function readGlobal(reader: ByteReader, spaces: IndexSpaces): number {
  const at = reader.offset
  const index = readIndex(reader, 'global', spaces.globalTypes.length)
  if (spaces.globalIsMutable[index] === true) {
    throw invalid(at, `global ${index} is mutable, a constant expression needs an immutable one`)
  }
  return spaces.globalTypes[index] as number
}
