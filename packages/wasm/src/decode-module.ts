import { ByteReader, malformed } from './binary/byte-reader.ts'
import { MODULE_SIZE_MAX } from './limits.ts'
import { type CustomSection, type Module, type ModuleFeatures, SECTION, SECTION_ORDER, type Section } from './module.ts'
import { ModuleError } from './module-error.ts'
import { SectionDecoder } from './section-decoder.ts'

const MAGIC_AND_VERSION: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/**
 * Decodes a module section by section and validates all but its function bodies, which it only locates: call
 * `validateModule` for these.
 *
 * @param bytes - a module in the binary format, at most {@link MODULE_SIZE_MAX} bytes; borrowed, not copied
 * @param features - proposals that are only run on demand
 * @returns its sections, types, imports, exports and the place of every body
 * @throws {ModuleError} `ERR_MODULE_MALFORMED`, `_INVALID`, `_FEATURE` or `_LIMIT`, with the byte offset
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 * @example
 * ```ts
 * import { decodeModule } from '@blockless/wasm'
 * const empty = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
 * assert.deepEqual(decodeModule(empty).exports, [])
 * ```
 */
export function decodeModule(bytes: Uint8Array, features: ModuleFeatures = {}): Module {
  if (bytes.length > MODULE_SIZE_MAX) {
    throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at: 0, what: 'the size of the module', limit: MODULE_SIZE_MAX })
  }
  const reader = new ByteReader(bytes)
  for (const expected of MAGIC_AND_VERSION) {
    const at = reader.offset
    if (reader.byte('the magic number and version of a core module') !== expected) {
      throw malformed(at, 'the magic number and version of a core module')
    }
  }
  const { sections, customSections } = readSections(reader)
  const decoder = new SectionDecoder(bytes, features)
  for (const id of SECTION_ORDER) {
    const section = sections.get(id)
    if (section !== undefined) decoder.decode(section)
  }
  return decoder.finish(sections, customSections)
}

function readSections(reader: ByteReader): { sections: Map<number, Section>; customSections: CustomSection[] } {
  const sections = new Map<number, Section>()
  const customSections: CustomSection[] = []
  let rankBefore = -1
  while (reader.offset < reader.end) {
    const at = reader.offset
    const id = reader.byte('a section id')
    const size = reader.u32('the size of a section')
    const start = reader.offset
    reader.skip(size, `${size} bytes of section ${id}`)
    const end = reader.offset
    if (id === SECTION.CUSTOM) {
      const inner = new ByteReader(reader.bytes, start, end)
      customSections.push({ name: inner.name('the name of a custom section'), start: inner.offset, end })
      continue
    }
    const rank = SECTION_ORDER.indexOf(id)
    if (rank < 0) throw malformed(at, 'a section id from 0 to 13')
    if (rank <= rankBefore) throw malformed(at, 'sections in their order, each at most once')
    rankBefore = rank
    sections.set(id, { id, start, end })
  }
  return { sections, customSections }
}
