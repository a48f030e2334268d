import { ByteReader, invalid, malformed, unsupported } from './binary/byte-reader.ts'
import { isDefaultable, readReferenceType, readValueType, valueTypeName } from './binary/value-type.ts'
import { DEFINITIONS_MAX, PAGES_MAX, TABLE_INITIAL_MAX, TABLES_MAX } from './limits.ts'
import type { CustomSection, ExternalKind, FunctionType, Module, ModuleFeatures, Section } from './module.ts'
import { SECTION } from './module.ts'
import { ModuleError } from './module-error.ts'
import { validateConstExpression } from './validate/const-expression.ts'
import { IndexSpaces, readIndex } from './validate/index-spaces.ts'
import { checkDataCount, readBodies, readDataCount, readDataSegments, readElements } from './validate/segments.ts'
import { TypeReader } from './validate/type-reader.ts'

const KINDS: readonly ExternalKind[] = ['function', 'table', 'memory', 'global', 'tag']
/** Bits of the flags of limits. */
const LIMITS = { HAS_MAX: 1, SHARED: 2, WIDE: 4, PAGE_SIZE: 8, ALL: 15 } as const

interface Limits {
  readonly initial: number
  readonly max: number | undefined
  readonly isShared: boolean
}

/** Decodes the contents of the known sections in file order, checks them, and keeps the index spaces they build up. */
export class SectionDecoder {
  readonly #bytes: Uint8Array
  readonly #features: ModuleFeatures
  #reader: ByteReader
  readonly #spaces = new IndexSpaces()
  readonly #types = new TypeReader()
  readonly #exportNames = new Set<string>()
  #importedFunctionCount = 0
  #importedTableCount = 0
  #bodies = new Uint32Array(0)

  constructor(bytes: Uint8Array, features: ModuleFeatures) {
    this.#bytes = bytes
    this.#features = features
    this.#reader = new ByteReader(bytes, 0, 0)
  }

  /** Decodes one section; must be called in file order. */
  decode(section: Section): void {
    const reader = new ByteReader(this.#bytes, section.start, section.end)
    this.#reader = reader
    switch (section.id) {
      case SECTION.TYPE:
        this.#each('types', DEFINITIONS_MAX, () => this.#types.read(reader, this.#spaces))
        break
      case SECTION.IMPORT:
        this.#each('imports', DEFINITIONS_MAX, () => this.#readImport())
        this.#importedFunctionCount = this.#spaces.functionTypes.length
        break
      case SECTION.FUNCTION:
        this.#each('functions', DEFINITIONS_MAX, () => this.#spaces.functionTypes.push(this.#spaces.typeIndex(reader)))
        break
      case SECTION.TABLE:
        this.#each('tables', TABLES_MAX, () => this.#readTable())
        break
      case SECTION.MEMORY:
        this.#each('memories', DEFINITIONS_MAX, () => this.#readMemory(false))
        break
      case SECTION.GLOBAL:
        this.#each('globals', DEFINITIONS_MAX, () => this.#readGlobal())
        break
      case SECTION.EXPORT:
        this.#each('exports', DEFINITIONS_MAX, () => this.#readExport())
        break
      case SECTION.START:
        this.#readStart()
        break
      case SECTION.ELEMENT:
        this.#each('element segments', DEFINITIONS_MAX, () => readElements(reader, this.#spaces))
        break
      case SECTION.TAG:
        this.#each('tags', DEFINITIONS_MAX, () => this.#readTag())
        break
      case SECTION.CODE:
        this.#bodies = readBodies(reader)
        break
      case SECTION.DATA_COUNT:
        readDataCount(reader, this.#spaces)
        break
      default:
        readDataSegments(reader, this.#spaces)
    }
    if (reader.offset !== section.end) throw malformed(reader.offset, 'the end of the section')
  }

  /** The decoded module, after the checks that span sections. */
  finish(sections: ReadonlyMap<number, Section>, customSections: readonly CustomSection[]): Module {
    const spaces = this.#spaces
    const functionCount = spaces.functionTypes.length
    const bodyCount = this.#bodies.length / 2
    if (bodyCount !== functionCount - this.#importedFunctionCount) {
      const at = sections.get(SECTION.CODE)?.start ?? this.#bytes.length
      throw malformed(at, `one body for each of ${functionCount - this.#importedFunctionCount} functions`)
    }
    if (!sections.has(SECTION.DATA)) checkDataCount(spaces, 0, this.#bytes.length)
    return {
      bytes: this.#bytes,
      sections,
      customSections,
      types: spaces.types,
      canonicalTypes: spaces.canonicalTypes,
      imports: spaces.imports,
      exports: spaces.exports,
      functionTypes: Uint32Array.from(spaces.functionTypes),
      importedFunctionCount: this.#importedFunctionCount,
      escapes: spaces.escapes,
      declared: spaces.declared,
      bodies: this.#bodies,
      tables: spaces.tables,
      importedTableCount: this.#importedTableCount,
      tableTypes: spaces.tableTypes,
      memory: spaces.memory,
      globalCount: spaces.globalTypes.length,
      globalTypes: spaces.globalTypes,
      globalIsMutable: spaces.globalIsMutable,
      elementTypes: spaces.elementTypes,
      dataCount: spaces.dataCount,
      tagTypes: spaces.tagTypes,
      startFunction: spaces.startFunction,
    }
  }

  #each(what: string, limit: number, read: () => void): void {
    const count = this.#reader.count(what, limit)
    for (let index = 0; index < count; index++) read()
  }

  #readImport(): void {
    const reader = this.#reader
    const spaces = this.#spaces
    const module = reader.name('the module of an import')
    const name = reader.name('the name of an import')
    const at = reader.offset
    const kind = KINDS[reader.byte('the kind of an import')]
    if (kind === undefined) throw malformed(at, 'the kind of an import, from 0 to 4')
    if (kind === 'function') {
      const type = spaces.typeIndex(reader)
      spaces.functionTypes.push(type)
      spaces.imports.push({ module, name, kind, signature: spaces.signatures[type] as string })
      return
    }
    if (kind === 'table') {
      spaces.tableTypes.push(readReferenceType(reader, spaces.canonicalTypes))
      this.#readTableLimits()
      this.#importedTableCount++
    } else if (kind === 'memory') {
      this.#readMemory(true)
    } else if (kind === 'global') {
      this.#readGlobalType()
    } else {
      this.#readTag()
    }
    spaces.imports.push({ module, name, kind })
  }

  #readExport(): void {
    const reader = this.#reader
    const spaces = this.#spaces
    const nameAt = reader.offset
    const name = reader.name('the name of an export')
    if (this.#exportNames.has(name)) throw invalid(nameAt, `duplicate export name ${JSON.stringify(name)}`)
    this.#exportNames.add(name)
    const at = reader.offset
    const kind = KINDS[reader.byte('the kind of an export')]
    if (kind === undefined) throw malformed(at, 'the kind of an export, from 0 to 4')
    if (kind === 'function') {
      const type = spaces.functionTypes[spaces.referredFunction(reader)] as number
      spaces.exports.push({ name, kind, signature: spaces.signatures[type] as string })
      return
    }
    readIndex(reader, kind, this.#count(kind))
    spaces.exports.push({ name, kind })
  }

  #count(kind: Exclude<ExternalKind, 'function'>): number {
    const { tableTypes, globalTypes, tagTypes, memory } = this.#spaces
    if (kind === 'memory') return memory === undefined ? 0 : 1
    return (kind === 'table' ? tableTypes : kind === 'global' ? globalTypes : tagTypes).length
  }

  #readTable(): void {
    const reader = this.#reader
    const spaces = this.#spaces
    const at = reader.offset
    const hasInitialValue = reader.bytes[reader.offset] === 0x40 && reader.offset < reader.end
    if (hasInitialValue) {
      reader.byte('a table')
      if (reader.byte('0x00') !== 0) throw malformed(reader.offset - 1, '0x00')
    }
    const type = readReferenceType(reader, spaces.canonicalTypes)
    const start = reader.offset
    const { initial, max } = this.#readTableLimits()
    spaces.tables.push({ entriesInitial: initial, entriesMax: max, start, end: reader.offset })
    if (hasInitialValue) validateConstExpression(reader, spaces, type)
    else if (!isDefaultable(type)) throw invalid(at, `a table of ${valueTypeName(type)} needs an initial value`)
    spaces.tableTypes.push(type)
  }

  #readTableLimits(): Limits {
    const at = this.#reader.offset
    const limits = this.#readLimits('table')
    if (limits.initial > TABLE_INITIAL_MAX) {
      const what = 'the initial size of a table'
      throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what, limit: TABLE_INITIAL_MAX })
    }
    if (limits.initial > (limits.max ?? limits.initial)) throw invalid(at, 'the size of a table is above its maximum')
    return limits
  }

  #readMemory(isImported: boolean): void {
    const start = this.#reader.offset
    if (this.#spaces.memory !== undefined) throw unsupported(start, 'more than one memory (multi-memory)')
    const { initial, max, isShared } = this.#readLimits('memory')
    const pagesMax = max ?? PAGES_MAX
    if (initial > PAGES_MAX || pagesMax > PAGES_MAX) throw invalid(start, 'the size of a memory is above 65536 pages')
    if (initial > pagesMax) throw invalid(start, 'the size of a memory is above its maximum')
    if (isShared && max === undefined) throw invalid(start, 'a shared memory needs a maximum')
    this.#spaces.memory = { pagesInitial: initial, pagesMax, isImported, isShared, start, end: this.#reader.offset }
  }

  #readLimits(what: 'table' | 'memory'): Limits {
    const reader = this.#reader
    const at = reader.offset
    const flags = reader.byte(`the limits of a ${what}`)
    if (flags > LIMITS.ALL) throw malformed(at, `the flags of limits, from 0 to 7`)
    if (flags >= LIMITS.PAGE_SIZE) throw unsupported(at, 'custom page sizes (custom-page-sizes)')
    if (flags >= LIMITS.WIDE) throw unsupported(at, `a 64-bit ${what} (memory64)`)
    const isShared = (flags & LIMITS.SHARED) !== 0
    const canShare = what === 'memory' && this.#features.threads === true
    if (isShared && !canShare) throw unsupported(at, `a shared ${what} (threads)`)
    const initial = reader.u32(`the initial size of a ${what}`)
    const max = (flags & LIMITS.HAS_MAX) !== 0 ? reader.u32(`the maximum size of a ${what}`) : undefined
    return { initial, max, isShared }
  }

  #readGlobal(): void {
    const spaces = this.#spaces
    // The global itself is not defined yet where its value is computed.
    const { type, isMutable } = this.#parseGlobalType()
    validateConstExpression(this.#reader, spaces, type)
    spaces.globalTypes.push(type)
    spaces.globalIsMutable.push(isMutable)
  }

  #readGlobalType(): void {
    const { type, isMutable } = this.#parseGlobalType()
    this.#spaces.globalTypes.push(type)
    this.#spaces.globalIsMutable.push(isMutable)
  }

  #parseGlobalType(): { type: number; isMutable: boolean } {
    const reader = this.#reader
    const type = readValueType(reader, this.#spaces.canonicalTypes)
    const at = reader.offset
    const mutability = reader.byte('the mutability of a global')
    if (mutability > 3) throw malformed(at, 'the mutability of a global, 0 or 1')
    if (mutability > 1) throw unsupported(at, 'a shared global (threads)')
    return { type, isMutable: mutability === 1 }
  }

  #readTag(): void {
    const reader = this.#reader
    const spaces = this.#spaces
    const at = reader.offset
    if (reader.byte('a tag') !== 0) throw malformed(at, 'a tag of the exception kind, 0')
    const typeAt = reader.offset
    const index = spaces.typeIndex(reader)
    const type = spaces.types[index] as FunctionType
    if (type.results.length > 0) throw invalid(typeAt, 'the type of a tag has results, it needs none')
    spaces.tagTypes.push(index)
  }

  #readStart(): void {
    const reader = this.#reader
    const spaces = this.#spaces
    const at = reader.offset
    const index = readIndex(reader, 'function', spaces.functionTypes.length)
    const type = spaces.types[spaces.functionTypes[index] as number] as FunctionType
    if (type.params.length > 0 || type.results.length > 0) {
      throw invalid(at, 'the start function has parameters or results, it needs none')
    }
    spaces.escapes[index] = 1
    spaces.startFunction = index
  }
}
