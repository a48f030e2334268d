import { type ByteReader, malformed, unsupported } from '../binary/byte-reader.ts'
import { readValueType, valueTypeName } from '../binary/value-type.ts'
import { ARITY_MAX, TYPE_VALUES_MAX } from '../limits.ts'
import type { FunctionType } from '../module.ts'
import { ModuleError } from '../module-error.ts'
import type { IndexSpaces } from './index-spaces.ts'

const FUNCTION = 0x60
/** Forms of types that only garbage collection brings: array, struct, recursive groups and subtypes. */
const GC_FORMS: ReadonlySet<number> = new Set([0x5e, 0x5f, 0x4e, 0x4f, 0x50])

interface ValueTypes {
  readonly types: readonly number[]
  readonly start: number
  readonly end: number
}

/** Reads function types, and finds those that are equal (Wasm core spec, 3.1.4: iso-recursive types). */
export class TypeReader {
  readonly #canonicalBySignature = new Map<string, number>()
  #valueCount = 0

  /** Reads one type and adds it to the index space. */
  read(reader: ByteReader, spaces: IndexSpaces): void {
    const at = reader.offset
    const form = reader.byte('a function type')
    if (GC_FORMS.has(form)) throw unsupported(at, 'garbage collection (gc)')
    if (form !== FUNCTION) throw malformed(at, 'a function type (0x60)')
    const self = spaces.types.length
    spaces.canonicalTypes.push(self) // a type may refer to itself
    const params = readTypes(reader, spaces, 'parameters')
    const results = readTypes(reader, spaces, 'results')
    this.#valueCount += params.types.length + results.types.length
    if (this.#valueCount > TYPE_VALUES_MAX) {
      const what = 'the number of parameters and results of all types'
      throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what, limit: TYPE_VALUES_MAX })
    }
    const paramNames = params.types.map(valueTypeName)
    const resultNames = results.types.map(valueTypeName)
    const signature = `(${paramNames.join(', ')}) -> (${resultNames.join(', ')})`
    const canonical = this.#canonicalIndex(signature, self)
    const equal = spaces.types[canonical]
    const type: FunctionType = {
      // An equal type names itself by its own index.
      params: equal?.params ?? paramNames,
      results: equal?.results ?? resultNames,
      paramTypes: equal?.paramTypes ?? params.types,
      resultTypes: equal?.resultTypes ?? results.types,
      paramsStart: params.start,
      paramsEnd: params.end,
      resultsStart: results.start,
      resultsEnd: results.end,
    }
    spaces.types.push(type)
    spaces.canonicalTypes[self] = canonical
    spaces.signatures.push(spaces.signatures[canonical] ?? signature)
  }

  /** The first type that equals type `self`, whose signature names types by their canonical index. */
  #canonicalIndex(signature: string, self: number): number {
    const key = signature.replaceAll(` ${self})`, ' self)')
    const known = this.#canonicalBySignature.get(key)
    if (known === undefined) this.#canonicalBySignature.set(key, self)
    return known ?? self
  }
}

function readTypes(reader: ByteReader, spaces: IndexSpaces, what: string): ValueTypes {
  const types: number[] = []
  const count = reader.count(what, ARITY_MAX)
  const start = reader.offset
  for (let index = 0; index < count; index++) types.push(readValueType(reader, spaces.canonicalTypes))
  return { types, start, end: reader.offset }
}
