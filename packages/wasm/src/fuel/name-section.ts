import { ByteReader } from '../binary/byte-reader.ts'
import { ByteWriter } from '../binary/byte-writer.ts'
import type { CustomSection, Module } from '../module.ts'
import { ModuleError } from '../module-error.ts'

const MODULE_NAME = 0
const FUNCTION_NAMES = 1

/**
 * The `name` section of the rewritten module: the names of module and functions, with moved bodies under the name of
 * their function, so that stack traces read as before. Names of locals are left out, since locals move.
 *
 * @param moved - defined functions whose body moved behind all others, in order
 * @returns contents after the section's name; undefined if the section is malformed, as engines ignore it then
 */
export function rewriteNames(module: Module, section: CustomSection, moved: readonly number[]): Uint8Array | undefined {
  const writer = new ByteWriter(section.end - section.start + 16)
  const reader = new ByteReader(module.bytes, section.start, section.end)
  try {
    while (reader.offset < reader.end) {
      const id = reader.byte('a subsection')
      const size = reader.u32('the size of a subsection')
      const start = reader.offset
      reader.skip(size, 'a subsection')
      if (id !== MODULE_NAME && id !== FUNCTION_NAMES) continue
      writer.byte(id)
      if (id === MODULE_NAME) {
        writer.u32(size)
        writer.copy(module.bytes, start, start + size)
      } else {
        const names = functionNames(module, new ByteReader(module.bytes, start, start + size), moved)
        writer.u32(names.length)
        writer.copy(names)
      }
    }
  } catch (error) {
    if (error instanceof ModuleError) return undefined
    throw error
  }
  return writer.view()
}

/** Start and end of each function's name, by its index, in a subsection that the reader stands at. @throws {ModuleError} */
export function namePlaces(module: Module, reader: ByteReader): Uint32Array {
  const count = reader.count('function names', module.functionTypes.length)
  const places = new Uint32Array(module.functionTypes.length * 2)
  for (let entry = 0; entry < count; entry++) {
    const index = reader.u32('a function index')
    const size = reader.u32('the length of a name')
    if (index < module.functionTypes.length) {
      places[index * 2] = reader.offset
      places[index * 2 + 1] = reader.offset + size
    }
    reader.skip(size, 'a name')
  }
  return places
}

function functionNames(module: Module, reader: ByteReader, moved: readonly number[]): Uint8Array {
  const bytes = module.bytes
  const first = reader.offset
  const count = reader.count('function names', module.functionTypes.length)
  const start = reader.offset
  reader.offset = first
  const places = namePlaces(module, reader)
  const added = new ByteWriter(64)
  let addedCount = 0
  moved.forEach((defined, position) => {
    const index = module.importedFunctionCount + defined
    const from = places[index * 2] as number
    const to = places[index * 2 + 1] as number
    if (to === from) return
    addedCount++
    added.u32(module.functionTypes.length + position)
    added.u32(to - from)
    added.copy(bytes, from, to)
  })
  const writer = new ByteWriter(reader.offset - start + added.size + 5)
  writer.u32(count + addedCount)
  writer.copy(bytes, start, reader.offset)
  writer.copy(added.bytes, 0, added.size)
  return writer.view()
}
