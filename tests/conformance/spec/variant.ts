import { decodeModule, FUEL_EXPORT, type InstrumentOptions, instrument } from '@blockless/wasm'

/** One way to run a script's modules: as they are, or rewritten with these options. */
export interface Variant {
  readonly name: string
  readonly options: InstrumentOptions | undefined
  /** whether every NaN that arithmetic makes has to be the canonical one */
  readonly hasCanonicalNan: boolean
}

/** A module that is ready for the engine. */
export interface Prepared {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** of the exported functions, by name */
  readonly signatures: ReadonlyMap<string, string>
}

/** Name under which {@link prepare} exports the remaining call depth, which a run of one entry never has to restore. */
export const DEPTH_EXPORT = 'blockless:depth'
/** Units of call depth: the default, so that the engine's default stack holds it. */
export const CALL_DEPTH = 5_000
const MEMORY_PAGES_MAX = 65_536
const SECTION_EXPORT = 7
const KIND_GLOBAL = 3

/** The module as it is, which is what every rewriting is measured by. */
export const PLAIN: Variant = { name: 'plain', options: undefined, hasCanonicalNan: false }
/** What a run goes through first. */
export const FAST: Variant = rewriting('fast', { precise: false, canonicalNan: true })
/** What a run goes through a second time if it trapped; its count is exact there too. */
export const PRECISE: Variant = rewriting('precise', { precise: true, canonicalNan: true })
/** The first again, with the fuel that the precise one used and not a unit more: that has to be enough. */
export const TIGHT: Variant = { ...FAST, name: 'fast, no fuel to spare' }
/** For those who want speed more than the same NaN everywhere. */
export const ANY_NAN: Variant = rewriting('fast, any NaN', { precise: false, canonicalNan: false })

function rewriting(name: string, choice: { precise: boolean; canonicalNan: boolean }): Variant {
  const options = { memoryPagesMax: MEMORY_PAGES_MAX, callDepthMax: CALL_DEPTH, threads: true, ...choice }
  return { name, options, hasCanonicalNan: choice.canonicalNan }
}

/**
 * The module that a variant runs. The rewritten ones also export their remaining call depth, since a script goes on with an
 * instance after a trap, and a run does not.
 *
 * @throws {ModuleError} if it is refused
 */
export function prepare(bytes: Uint8Array<ArrayBuffer>, variant: Variant): Prepared {
  const rewritten = variant.options === undefined ? undefined : instrument(bytes, variant.options)
  const exports = rewritten?.exports ?? decodeModule(bytes, { threads: true }).exports
  const signatures = new Map(exports.flatMap(({ name, signature }) => (signature ? [[name, signature]] : [])))
  return { bytes: rewritten === undefined ? bytes : exportDepth(rewritten.bytes), signatures }
}

/** Adds one entry to the export section: the depth stands behind the fuel in the globals. */
function exportDepth(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  for (let at = 8; at < bytes.length; ) {
    const size = readU32(bytes, at + 1)
    const end = size.next + size.value
    if (bytes[at] === SECTION_EXPORT) {
      const count = readU32(bytes, size.next)
      const entries = bytes.subarray(count.next, end)
      const name = [...new TextEncoder().encode(DEPTH_EXPORT)]
      const depth = [name.length, ...name, KIND_GLOBAL, ...u32(fuelIndex(bytes, count) + 1)]
      const header = u32(count.value + 1)
      const contents = [...u32(header.length + entries.length + depth.length), ...header]
      return new Uint8Array(
        Buffer.concat([
          bytes.subarray(0, at + 1),
          Uint8Array.from(contents),
          entries,
          Uint8Array.from(depth),
          bytes.subarray(end),
        ]),
      )
    }
    at = end
  }
  throw new TypeError('Cannot export the call depth: the module has no exports')
}

function fuelIndex(bytes: Uint8Array, count: { value: number; next: number }): number {
  const decoder = new TextDecoder()
  let at = count.next
  for (let entry = 0; entry < count.value; entry++) {
    const size = readU32(bytes, at)
    const kindAt = size.next + size.value
    const index = readU32(bytes, kindAt + 1)
    if (bytes[kindAt] === KIND_GLOBAL && decoder.decode(bytes.subarray(size.next, kindAt)) === FUEL_EXPORT) {
      return index.value
    }
    at = index.next
  }
  throw new TypeError(`Cannot export the call depth: there is no export "${FUEL_EXPORT}"`)
}

function readU32(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0
  for (let index = 0; index < 5; index++) {
    const byte = bytes[at + index] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value, next: at + index + 1 }
  }
  throw new TypeError('Cannot read a number: it is wider than 32 bits')
}

function u32(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...u32(value >>> 7)]
}
