import { ByteReader, malformed, unsupported } from './binary/byte-reader.ts'
import { readReferenceType, readValueType } from './binary/value-type.ts'
import { skipConstExpression } from './const-expression.ts'
import { ARITY_MAX, BODY_SIZE_MAX, DEFINITIONS_MAX, PAGES_MAX, TABLES_MAX, TYPE_VALUES_MAX } from './limits.ts'
import type {
  CustomSection,
  ExportDescriptor,
  ExternalKind,
  FunctionType,
  ImportDescriptor,
  MemoryType,
  Module,
  Section,
  TableType,
} from './module.ts'
import { SECTION } from './module.ts'
import { ModuleError } from './module-error.ts'

const KINDS: readonly ExternalKind[] = ['function', 'table', 'memory', 'global', 'tag']

/** Decodes the contents of the known sections in file order, and keeps the index spaces that they build up. */
export class SectionDecoder {
  readonly #bytes: Uint8Array
  #reader: ByteReader
  readonly #types: FunctionType[] = []
  readonly #signatures: string[] = []
  readonly #imports: ImportDescriptor[] = []
  readonly #exports: ExportDescriptor[] = []
  readonly #functionTypes: number[] = []
  readonly #tables: TableType[] = []
  readonly #tagTypes: number[] = []
  /** Allocated with the first use: every section that can use it comes after the functions are known. */
  #escapes: Uint8Array | undefined
  #typeValueCount = 0
  #importedFunctionCount = 0
  #importedTableCount = 0
  #globalCount = 0
  #memory: MemoryType | undefined
  #startFunction: number | undefined
  #bodies = new Uint32Array(0)

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#reader = new ByteReader(bytes, 0, 0)
  }

  /** Decodes one section; must be called in file order. */
  decode(section: Section): void {
    this.#reader = new ByteReader(this.#bytes, section.start, section.end)
    switch (section.id) {
      case SECTION.TYPE:
        this.#each('types', DEFINITIONS_MAX, () => this.#readType())
        break
      case SECTION.IMPORT:
        this.#each('imports', DEFINITIONS_MAX, () => this.#readImport())
        this.#importedFunctionCount = this.#functionTypes.length
        break
      case SECTION.FUNCTION:
        this.#each('functions', DEFINITIONS_MAX, () => this.#functionTypes.push(this.#typeIndex()))
        break
      case SECTION.TABLE:
        this.#each('tables', TABLES_MAX, () => this.#readTable())
        break
      case SECTION.MEMORY:
        this.#each('memories', DEFINITIONS_MAX, () => this.#readMemory(false))
        break
      case SECTION.GLOBAL:
        this.#each('globals', DEFINITIONS_MAX, () => {
          this.#readGlobalType()
          this.#skipConstExpression()
        })
        break
      case SECTION.EXPORT:
        this.#each('exports', DEFINITIONS_MAX, () => this.#readExport())
        break
      case SECTION.START:
        this.#readStart()
        break
      case SECTION.ELEMENT:
        this.#each('element segments', DEFINITIONS_MAX, () => this.#readElements())
        break
      case SECTION.TAG:
        this.#each('tags', DEFINITIONS_MAX, () => this.#readTag())
        break
      case SECTION.CODE:
        this.#readBodies()
        break
      default: // The rewriting relies on nothing in the data sections, so the engine alone checks them.
        return
    }
    if (this.#reader.offset !== section.end) throw malformed(this.#reader.offset, 'the end of the section')
  }

  /** The decoded module, after the checks that span sections. */
  finish(sections: ReadonlyMap<number, Section>, customSections: readonly CustomSection[]): Module {
    const functionCount = this.#functionTypes.length
    const bodyCount = this.#bodies.length / 2
    if (bodyCount !== functionCount - this.#importedFunctionCount) {
      const at = sections.get(SECTION.CODE)?.start ?? this.#bytes.length
      throw malformed(at, `one body for each of ${functionCount - this.#importedFunctionCount} functions`)
    }
    return {
      bytes: this.#bytes,
      sections,
      customSections,
      types: this.#types,
      imports: this.#imports,
      exports: this.#exports,
      functionTypes: Uint32Array.from(this.#functionTypes),
      importedFunctionCount: this.#importedFunctionCount,
      escapes: this.#escapes ?? new Uint8Array(functionCount),
      bodies: this.#bodies,
      tables: this.#tables,
      importedTableCount: this.#importedTableCount,
      memory: this.#memory,
      globalCount: this.#globalCount,
      tagTypes: this.#tagTypes,
      startFunction: this.#startFunction,
    }
  }

  #each(what: string, limit: number, read: () => void): void {
    const count = this.#reader.count(what, limit)
    for (let index = 0; index < count; index++) read()
  }

  #readType(): void {
    const reader = this.#reader
    const at = reader.offset
    const form = reader.byte('a function type')
    if (form === 0x5e || form === 0x5f || form === 0x4e || form === 0x4f || form === 0x50) {
      throw unsupported(at, 'garbage collection (gc)')
    }
    if (form !== 0x60) throw malformed(at, 'a function type (0x60)')
    const params: string[] = []
    const paramCount = reader.count('parameters', ARITY_MAX)
    const paramsStart = reader.offset
    for (let index = 0; index < paramCount; index++) params.push(readValueType(reader, this.#types.length + 1))
    const paramsEnd = reader.offset
    const results: string[] = []
    const resultCount = reader.count('results', ARITY_MAX)
    const resultsStart = reader.offset
    for (let index = 0; index < resultCount; index++) results.push(readValueType(reader, this.#types.length + 1))
    this.#typeValueCount += params.length + results.length
    if (this.#typeValueCount > TYPE_VALUES_MAX) {
      const what = 'the number of parameters and results of all types'
      throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what, limit: TYPE_VALUES_MAX })
    }
    this.#types.push({ params, results, paramsStart, paramsEnd, resultsStart, resultsEnd: reader.offset })
    this.#signatures.push(`(${params.join(', ')}) -> (${results.join(', ')})`)
  }

  #readImport(): void {
    const reader = this.#reader
    const module = reader.name('the module of an import')
    const name = reader.name('the name of an import')
    const at = reader.offset
    const kind = KINDS[reader.byte('the kind of an import')]
    if (kind === 'function') {
      const type = this.#typeIndex()
      this.#functionTypes.push(type)
      this.#imports.push({ module, name, kind, signature: this.#signatures[type] as string })
      return
    }
    if (kind === 'table') {
      readReferenceType(reader, this.#types.length)
      this.#readLimits('table')
      this.#importedTableCount++
    } else if (kind === 'memory') {
      this.#readMemory(true)
    } else if (kind === 'global') {
      this.#readGlobalType()
    } else if (kind === 'tag') {
      this.#readTag()
    } else {
      throw malformed(at, 'the kind of an import, from 0 to 4')
    }
    this.#imports.push({ module, name, kind })
  }

  #readExport(): void {
    const reader = this.#reader
    const name = reader.name('the name of an export')
    const at = reader.offset
    const kind = KINDS[reader.byte('the kind of an export')]
    if (kind === undefined) throw malformed(at, 'the kind of an export, from 0 to 4')
    const index = reader.u32('the index of an export')
    if (kind === 'global' && index >= this.#globalCount)
      throw malformed(at + 1, `a global index below ${this.#globalCount}`)
    if (kind !== 'function') {
      this.#exports.push({ name, kind })
      return
    }
    this.#escape(at + 1, index)
    const type = this.#functionTypes[index] as number
    this.#exports.push({ name, kind, signature: this.#signatures[type] as string })
  }

  #readTable(): void {
    const reader = this.#reader
    const hasInitialValue = reader.bytes[reader.offset] === 0x40
    if (hasInitialValue) {
      reader.byte('a table')
      if (reader.byte('0x00') !== 0) throw malformed(reader.offset - 1, '0x00')
    }
    readReferenceType(reader, this.#types.length)
    const start = reader.offset
    const { initial, max } = this.#readLimits('table')
    this.#tables.push({ entriesInitial: initial, entriesMax: max, start, end: reader.offset })
    if (hasInitialValue) this.#skipConstExpression()
  }

  #readMemory(isImported: boolean): void {
    const start = this.#reader.offset
    if (this.#memory !== undefined) throw unsupported(start, 'more than one memory (multi-memory)')
    const { initial, max = PAGES_MAX } = this.#readLimits('memory')
    if (initial > PAGES_MAX || max > PAGES_MAX || initial > max) {
      throw malformed(start, 'memory limits in order and of at most 65536 pages')
    }
    this.#memory = { pagesInitial: initial, pagesMax: max, isImported, start, end: this.#reader.offset }
  }

  #readLimits(what: 'table' | 'memory'): { initial: number; max: number | undefined } {
    const at = this.#reader.offset
    const flags = this.#reader.u32(`the limits of a ${what}`)
    if (flags >= 8) throw unsupported(at, 'custom page sizes (custom-page-sizes)')
    if (flags >= 4) throw unsupported(at, `a 64-bit ${what} (memory64)`)
    if (flags >= 2) throw unsupported(at, `a shared ${what} (threads)`)
    const initial = this.#reader.u32(`the initial size of a ${what}`)
    const max = flags === 1 ? this.#reader.u32(`the maximum size of a ${what}`) : undefined
    return { initial, max }
  }

  #readGlobalType(): void {
    const reader = this.#reader
    readValueType(reader, this.#types.length)
    const at = reader.offset
    const mutability = reader.byte('the mutability of a global')
    if (mutability > 3) throw malformed(at, 'the mutability of a global, 0 or 1')
    if (mutability > 1) throw unsupported(at, 'a shared global (threads)')
    this.#globalCount++
  }

  #readTag(): void {
    const at = this.#reader.offset
    if (this.#reader.byte('a tag') !== 0) throw malformed(at, 'a tag of the exception kind, 0')
    this.#tagTypes.push(this.#typeIndex())
  }

  #readStart(): void {
    const at = this.#reader.offset
    const index = this.#reader.u32('the index of the start function')
    const type = this.#types[this.#functionTypes[index] ?? -1]
    if (type === undefined || type.params.length > 0 || type.results.length > 0) {
      throw malformed(at, 'the index of a start function without parameters and results')
    }
    this.#escape(at, index)
    this.#startFunction = index
  }

  #readElements(): void {
    const reader = this.#reader
    const at = reader.offset
    const flags = reader.u32('the flags of an element segment')
    if (flags > 7) throw malformed(at, 'the flags of an element segment, from 0 to 7')
    const isActive = (flags & 1) === 0
    if (isActive && (flags & 2) !== 0) reader.u32('a table index')
    if (isActive) this.#skipConstExpression()
    const hasExpressions = (flags & 4) !== 0
    if ((flags & 3) !== 0) {
      const kindAt = reader.offset
      if (hasExpressions) readReferenceType(reader, this.#types.length)
      else if (reader.byte('an element kind') !== 0) throw malformed(kindAt, 'the element kind of functions, 0')
    }
    const count = reader.count('elements', 10 * DEFINITIONS_MAX)
    for (let index = 0; index < count; index++) {
      if (hasExpressions) this.#skipConstExpression()
      else this.#escape(reader.offset, reader.u32('a function index'))
    }
  }

  #readBodies(): void {
    const reader = this.#reader
    const count = reader.count('function bodies', DEFINITIONS_MAX)
    this.#bodies = new Uint32Array(count * 2)
    for (let index = 0; index < count; index++) {
      const at = reader.offset
      const size = reader.u32('the size of a function body')
      if (size > BODY_SIZE_MAX) {
        throw new ModuleError({
          code: 'ERR_MODULE_LIMIT',
          at,
          what: 'the size of a function body',
          limit: BODY_SIZE_MAX,
        })
      }
      this.#bodies[index * 2] = reader.offset
      reader.skip(size, `${size} bytes of a function body`)
      this.#bodies[index * 2 + 1] = reader.offset
    }
  }

  #skipConstExpression(): void {
    const at = this.#reader.offset
    skipConstExpression(this.#reader, this.#types.length, (index) => this.#escape(at, index))
  }

  #escape(at: number, index: number): void {
    const functionCount = this.#functionTypes.length
    if (index >= functionCount) throw malformed(at, `a function index below ${functionCount}`)
    this.#escapes ??= new Uint8Array(functionCount)
    this.#escapes[index] = 1
  }

  #typeIndex(): number {
    const at = this.#reader.offset
    const index = this.#reader.u32('a type index')
    if (index >= this.#types.length) throw malformed(at, `a type index below ${this.#types.length}`)
    return index
  }
}
