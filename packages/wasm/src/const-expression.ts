import { type ByteReader, malformed, unsupported } from './binary/byte-reader.ts'
import { readHeapType } from './binary/value-type.ts'
import { OP } from './code/opcodes.ts'

/** i32 and i64 `add`, `sub`, `mul`: the extended constant expressions. */
const ARITHMETIC: ReadonlySet<number> = new Set([0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e])
const V128_CONST = 0x0c

/**
 * Passes over a constant expression and reports each function that it refers to.
 *
 * @throws {ModuleError} if the expression holds anything but constants, `global.get`, references and arithmetic
 */
export function skipConstExpression(reader: ByteReader, typeCount: number, onFunction: (index: number) => void): void {
  for (;;) {
    const at = reader.offset
    const opcode = reader.byte('a constant expression')
    switch (opcode) {
      case OP.END:
        return
      case OP.I32_CONST:
        reader.skipSigned(32, 'an i32')
        break
      case OP.I64_CONST:
        reader.skipSigned(64, 'an i64')
        break
      case 0x43:
        reader.skip(4, 'an f32')
        break
      case 0x44:
        reader.skip(8, 'an f64')
        break
      case OP.GLOBAL_GET:
        reader.u32('a global index')
        break
      case OP.REF_NULL:
        readHeapType(reader, typeCount)
        break
      case OP.REF_FUNC:
        onFunction(reader.u32('a function index'))
        break
      case OP.SIMD:
        if (reader.u32('a SIMD opcode') !== V128_CONST) throw malformed(at, 'a constant instruction')
        reader.skip(16, 'a v128')
        break
      case OP.GC:
        throw unsupported(at, 'garbage collection (gc)')
      default:
        if (!ARITHMETIC.has(opcode)) throw malformed(at, 'a constant instruction')
    }
  }
}
