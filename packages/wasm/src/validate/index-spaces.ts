import { type ByteReader, invalid } from '../binary/byte-reader.ts'
import type { ExportDescriptor, FunctionType, ImportDescriptor, MemoryType, TableType } from '../module.ts'

/** The definitions of a module as its sections build them up; types are codes of `binary/value-type.ts`. */
export class IndexSpaces {
  readonly types: FunctionType[] = []
  /** for each type the first one that equals it */
  readonly canonicalTypes: number[] = []
  readonly signatures: string[] = []
  readonly imports: ImportDescriptor[] = []
  readonly exports: ExportDescriptor[] = []
  readonly functionTypes: number[] = []
  readonly tables: TableType[] = []
  readonly tableTypes: number[] = []
  readonly globalTypes: number[] = []
  readonly globalIsMutable: boolean[] = []
  readonly tagTypes: number[] = []
  readonly elementTypes: number[] = []
  memory: MemoryType | undefined
  dataCount: number | undefined
  startFunction: number | undefined
  #escapes: Uint8Array | undefined
  #declared: Uint8Array | undefined

  /** 1 for each function that something other than a direct call can reach. */
  get escapes(): Uint8Array {
    // Allocated with the first use: every section that can use it comes after the functions are known.
    this.#escapes ??= new Uint8Array(this.functionTypes.length)
    return this.#escapes
  }

  /** 1 for each function that `ref.func` may name in a body. */
  get declared(): Uint8Array {
    this.#declared ??= new Uint8Array(this.functionTypes.length)
    return this.#declared
  }

  /** Reads the index of a type. */
  typeIndex(reader: ByteReader): number {
    return readIndex(reader, 'type', this.types.length)
  }

  /** Reads the index of a function that code may then refer to, and notes that it can be reached indirectly. */
  referredFunction(reader: ByteReader): number {
    const index = readIndex(reader, 'function', this.functionTypes.length)
    this.escapes[index] = 1
    this.declared[index] = 1
    return index
  }
}

/** Reads an index and checks that it is below `count`. */
export function readIndex(reader: ByteReader, what: string, count: number, functionIndex?: number): number {
  const at = reader.offset
  const index = reader.u32(`the index of a ${what}`)
  if (index >= count) throw invalid(at, `unknown ${what} ${index}, there are ${count}`, functionIndex)
  return index
}
