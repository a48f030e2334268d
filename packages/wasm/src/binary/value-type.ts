import { type ByteReader, malformed, unsupported } from './byte-reader.ts'

const NUMERIC: ReadonlyMap<number, string> = new Map([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
])
/** Abstract heap types, by their one-byte code, of reference types and exception handling. */
const HEAP: ReadonlyMap<number, string> = new Map([
  [0x70, 'func'],
  [0x6f, 'extern'],
  [0x69, 'exn'],
  [0x73, 'nofunc'],
  [0x72, 'noextern'],
  [0x74, 'noexn'],
])
/** Heap types that only garbage collection brings: any, eq, i31, struct, array, none. */
const GC_HEAP: ReadonlySet<number> = new Set([0x6e, 0x6d, 0x6c, 0x6b, 0x6a, 0x71])
const REF = 0x64
const REF_NULL = 0x63

/** Code of the value type i32. */
export const I32 = 0x7f
/** Code of the value type i64. */
export const I64 = 0x7e

/**
 * Reads one value type and returns its name, as the text format spells it.
 *
 * @throws {ModuleError} if there is none, or it belongs to garbage collection or shared-everything threads
 */
export function readValueType(reader: ByteReader, typeCount: number): string {
  const at = reader.offset
  const code = reader.byte('a value type')
  const numeric = NUMERIC.get(code)
  if (numeric !== undefined) return numeric
  if (code === REF || code === REF_NULL) {
    const heap = readHeapType(reader, typeCount)
    return code === REF ? `(ref ${heap})` : `(ref null ${heap})`
  }
  const heap = HEAP.get(code)
  if (heap !== undefined) return `${heap}ref`
  throw GC_HEAP.has(code) ? unsupported(at, 'garbage collection (gc)') : malformed(at, 'a value type')
}

/** Reads one reference type and returns its name. */
export function readReferenceType(reader: ByteReader, typeCount: number): string {
  const at = reader.offset
  const name = readValueType(reader, typeCount)
  if (!name.endsWith('ref') && !name.startsWith('(')) throw malformed(at, 'a reference type')
  return name
}

/** Reads one heap type and returns its name; a defined type is named by its index. */
export function readHeapType(reader: ByteReader, typeCount: number): string {
  const at = reader.offset
  const value = reader.s33('a heap type')
  if (value >= 0) {
    if (value >= typeCount) throw malformed(at, `a type index below ${typeCount}`)
    return String(value)
  }
  const code = value + 0x80
  const heap = HEAP.get(code)
  if (heap !== undefined) return heap
  throw GC_HEAP.has(code) ? unsupported(at, 'garbage collection (gc)') : malformed(at, 'a heap type')
}
