import { type ByteReader, invalid, malformed } from '../binary/byte-reader.ts'
import { FUNCREF, I32, isSubtype, readReferenceType, valueTypeName, withoutNull } from '../binary/value-type.ts'
import { BODY_SIZE_MAX, DATA_SEGMENTS_MAX, DEFINITIONS_MAX } from '../limits.ts'
import { ModuleError } from '../module-error.ts'
import { validateConstExpression } from './const-expression.ts'
import { type IndexSpaces, readIndex } from './index-spaces.ts'

/** Bits of an element segment's flags. */
const ELEMENTS = { NOT_ACTIVE: 1, EXPLICIT: 2, EXPRESSIONS: 4, ALL: 7 } as const
const DATA_KIND = { ACTIVE: 0, PASSIVE: 1, WITH_MEMORY: 2 } as const

/** Reads an element segment. */
export function readElements(reader: ByteReader, spaces: IndexSpaces): void {
  const at = reader.offset
  const flags = reader.u32('the flags of an element segment')
  if (flags > ELEMENTS.ALL) throw malformed(at, 'the flags of an element segment, from 0 to 7')
  const isActive = (flags & ELEMENTS.NOT_ACTIVE) === 0
  const hasExpressions = (flags & ELEMENTS.EXPRESSIONS) !== 0
  let tableType: number | undefined
  if (isActive) {
    const hasTable = (flags & ELEMENTS.EXPLICIT) !== 0
    const table = hasTable ? readIndex(reader, 'table', spaces.tableTypes.length) : 0
    tableType = spaces.tableTypes[table]
    if (tableType === undefined) throw invalid(at, 'unknown table 0, there are 0')
    validateConstExpression(reader, spaces, I32)
  }
  const typeAt = reader.offset
  let type = hasExpressions ? FUNCREF : withoutNull(FUNCREF)
  if ((flags & (ELEMENTS.NOT_ACTIVE | ELEMENTS.EXPLICIT)) !== 0) {
    if (hasExpressions) type = readReferenceType(reader, spaces.canonicalTypes)
    else if (reader.byte('an element kind') !== 0) throw malformed(typeAt, 'the element kind of functions, 0')
  }
  if (tableType !== undefined && !isSubtype(type, tableType)) {
    throw invalid(at, `type mismatch: the table holds ${valueTypeName(tableType)}, found ${valueTypeName(type)}`)
  }
  const count = reader.count('elements', 10 * DEFINITIONS_MAX)
  for (let index = 0; index < count; index++) {
    if (hasExpressions) validateConstExpression(reader, spaces, type)
    else spaces.referredFunction(reader)
  }
  spaces.elementTypes.push(type)
}

/** Reads the data section. */
export function readDataSegments(reader: ByteReader, spaces: IndexSpaces): void {
  const at = reader.offset
  const count = reader.count('data segments', DATA_SEGMENTS_MAX)
  checkDataCount(spaces, count, at)
  for (let index = 0; index < count; index++) {
    const flagsAt = reader.offset
    const flags = reader.u32('the flags of a data segment')
    if (flags > DATA_KIND.WITH_MEMORY) throw malformed(flagsAt, 'the flags of a data segment, from 0 to 2')
    if (flags === DATA_KIND.WITH_MEMORY) readIndex(reader, 'memory', spaces.memory === undefined ? 0 : 1)
    if (flags !== DATA_KIND.PASSIVE) {
      if (spaces.memory === undefined) throw invalid(flagsAt, 'unknown memory 0, there are 0')
      validateConstExpression(reader, spaces, I32)
    }
    const size = reader.u32('the size of a data segment')
    reader.skip(size, `${size} bytes of a data segment`)
  }
}

/** Reads the data count section. */
export function readDataCount(reader: ByteReader, spaces: IndexSpaces): void {
  const at = reader.offset
  const limit = DATA_SEGMENTS_MAX
  spaces.dataCount = reader.u32('the number of data segments')
  if (spaces.dataCount <= limit) return
  throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what: 'the number of data segments', limit })
}

/** Checks the data count section against the number of data segments. */
export function checkDataCount(spaces: IndexSpaces, count: number, at: number): void {
  if (spaces.dataCount === undefined || spaces.dataCount === count) return
  throw malformed(at, `the number of data segments that the data count section says, ${spaces.dataCount},`)
}

/** Reads where each body starts and ends. */
export function readBodies(reader: ByteReader): Uint32Array<ArrayBuffer> {
  const count = reader.count('function bodies', DEFINITIONS_MAX)
  const bodies = new Uint32Array(count * 2)
  for (let index = 0; index < count; index++) {
    const at = reader.offset
    const size = reader.u32('the size of a function body')
    if (size > BODY_SIZE_MAX) {
      const what = 'the size of a function body'
      throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what, limit: BODY_SIZE_MAX })
    }
    bodies[index * 2] = reader.offset
    reader.skip(size, `${size} bytes of a function body`)
    bodies[index * 2 + 1] = reader.offset
  }
  return bodies
}
