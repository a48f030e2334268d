import { type ByteReader, invalid, malformed, unsupported } from './byte-reader.ts'

/** Code of the value type i32, as in the binary format; so are the next four. */
export const I32 = 0x7f
/** Code of the value type i64. */
export const I64 = 0x7e
/** Code of the value type f32. */
export const F32 = 0x7d
/** Code of the value type f64. */
export const F64 = 0x7c
/** Code of the value type v128. */
export const V128 = 0x7b
/** An operand of unreachable code, which may stand for any type. */
export const BOTTOM = 0

/** Heap types in the codes of references; a defined type is {@link HEAP_DEFINED} plus its canonical index. */
const HEAP = { FUNC: 0, NOFUNC: 1, EXTERN: 2, NOEXTERN: 3, EXN: 4, NOEXN: 5, BOTTOM: 6 } as const
const HEAP_NAMES: readonly string[] = ['func', 'nofunc', 'extern', 'noextern', 'exn', 'noexn', 'bot']
const SHORT_NAMES: readonly string[] = ['funcref', 'nullfuncref', 'externref', 'nullexternref', 'exnref', 'nullexnref']
const HEAP_DEFINED = 8

/** Codes of references start here: `REFERENCE_FIRST + 2 * heap`, plus 1 if it may be null. */
export const REFERENCE_FIRST = 256
/** Code of funcref. */
export const FUNCREF: number = referenceType(HEAP.FUNC, true)
/** Code of exnref. */
export const EXNREF: number = referenceType(HEAP.EXN, true)
/** A reference in unreachable code, which may stand for any reference. */
export const REFERENCE_BOTTOM: number = referenceType(HEAP.BOTTOM, false)

const NUMERIC_NAMES: ReadonlyMap<number, string> = new Map([
  [I32, 'i32'],
  [I64, 'i64'],
  [F32, 'f32'],
  [F64, 'f64'],
  [V128, 'v128'],
])
/** Abstract heap types of reference types and exception handling, by their code in the binary format. */
const HEAP_BY_CODE: ReadonlyMap<number, number> = new Map([
  [0x70, HEAP.FUNC],
  [0x73, HEAP.NOFUNC],
  [0x6f, HEAP.EXTERN],
  [0x72, HEAP.NOEXTERN],
  [0x69, HEAP.EXN],
  [0x74, HEAP.NOEXN],
])
/** Heap types that only garbage collection brings: any, eq, i31, struct, array, none. */
const GC_HEAP: ReadonlySet<number> = new Set([0x6e, 0x6d, 0x6c, 0x6b, 0x6a, 0x71])
const REF = 0x64
const REF_NULL = 0x63

/**
 * Reads one value type and returns its code: that of the binary format for numbers and vectors, and from
 * {@link REFERENCE_FIRST} for references.
 *
 * @param canonicalTypes - for each function type the first one that equals it
 * @throws {ModuleError} if there is none, or it belongs to garbage collection or shared-everything threads
 */
export function readValueType(reader: ByteReader, canonicalTypes: ArrayLike<number>): number {
  const at = reader.offset
  const code = reader.byte('a value type')
  if (code >= V128 && code <= I32) return code
  if (code === REF || code === REF_NULL) return referenceType(readHeapType(reader, canonicalTypes), code === REF_NULL)
  const heap = HEAP_BY_CODE.get(code)
  if (heap !== undefined) return referenceType(heap, true)
  throw GC_HEAP.has(code) ? unsupported(at, 'garbage collection (gc)') : malformed(at, 'a value type')
}

/** Reads one reference type and returns its code. */
export function readReferenceType(reader: ByteReader, canonicalTypes: ArrayLike<number>): number {
  const at = reader.offset
  const type = readValueType(reader, canonicalTypes)
  if (type < REFERENCE_FIRST) throw malformed(at, 'a reference type')
  return type
}

/** Reads one heap type, for {@link referenceType}. */
export function readHeapType(reader: ByteReader, canonicalTypes: ArrayLike<number>): number {
  const at = reader.offset
  const value = reader.s33('a heap type')
  if (value >= 0) {
    const canonical = canonicalTypes[value]
    if (canonical === undefined) throw invalid(at, `unknown type ${value}, there are ${canonicalTypes.length}`)
    return HEAP_DEFINED + canonical
  }
  const code = value + 0x80
  const heap = HEAP_BY_CODE.get(code)
  if (heap !== undefined && reader.offset === at + 1) return heap
  if (GC_HEAP.has(code)) throw unsupported(at, 'garbage collection (gc)')
  throw malformed(at, heap === undefined ? 'a heap type' : 'a heap type in one byte')
}

/** Code of the reference type to `heap`. */
export function referenceType(heap: number, isNullable: boolean): number {
  return REFERENCE_FIRST + 2 * heap + (isNullable ? 1 : 0)
}

/** Code of the reference to functions of the type with this canonical index. */
export function functionReference(canonicalIndex: number, isNullable: boolean): number {
  return referenceType(HEAP_DEFINED + canonicalIndex, isNullable)
}

/** The same reference without null. */
export function withoutNull(type: number): number {
  return type & ~1
}

/** Whether locals and tables of this type start without a value. */
export function isDefaultable(type: number): boolean {
  return type < REFERENCE_FIRST || (type & 1) === 1
}

/** Whether a value of type `actual` can stand where `expected` is needed (Wasm core spec, 3.3). */
export function isSubtype(actual: number, expected: number): boolean {
  if (actual === expected || actual === BOTTOM) return true
  if (actual < REFERENCE_FIRST || expected < REFERENCE_FIRST) return false
  if ((actual & 1) === 1 && (expected & 1) === 0) return false
  return isHeapSubtype((actual - REFERENCE_FIRST) >> 1, (expected - REFERENCE_FIRST) >> 1)
}

function isHeapSubtype(actual: number, expected: number): boolean {
  if (actual === expected || actual === HEAP.BOTTOM) return true
  if (expected === HEAP.FUNC) return actual === HEAP.NOFUNC || actual >= HEAP_DEFINED
  if (expected === HEAP.EXTERN) return actual === HEAP.NOEXTERN
  if (expected === HEAP.EXN) return actual === HEAP.NOEXN
  return expected >= HEAP_DEFINED && actual === HEAP.NOFUNC
}

/** The name of a type, as the text format spells it. */
export function valueTypeName(type: number): string {
  if (type < REFERENCE_FIRST) return NUMERIC_NAMES.get(type) ?? 'any type'
  const heap = (type - REFERENCE_FIRST) >> 1
  const isNullable = (type & 1) === 1
  const short = isNullable ? SHORT_NAMES[heap] : undefined
  if (short !== undefined) return short
  return `(ref ${isNullable ? 'null ' : ''}${HEAP_NAMES[heap] ?? heap - HEAP_DEFINED})`
}

/** Whether this is a reference to exceptions. */
export function isExceptionReference(type: number): boolean {
  const heap = (type - REFERENCE_FIRST) >> 1
  return heap === HEAP.EXN || heap === HEAP.NOEXN
}
