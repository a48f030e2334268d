import { ByteReader } from '../binary/byte-reader.ts'
import { decodeModule } from '../decode-module.ts'
import { namePlaces } from '../fuel/name-section.ts'
import { type Module, SECTION } from '../module.ts'
import { ModuleError } from '../module-error.ts'
import { placeWithin, readSourceMap } from './source-map.ts'

const FUNCTION_NAMES = 1
const KIND_FUNCTION = 0

/**
 * Names for people of all functions of a module, by index: from its name section, else `file:line` or what the source map
 * calls it, else as it is exported, else `func[12]`. Imported functions are `module.name`.
 *
 * @param sourceMap - text of the module's source map; ignored if it cannot be read
 * @throws {ModuleError} if the module is malformed
 */
export function functionNames(bytes: Uint8Array, sourceMap?: string): readonly string[] {
  const module = decodeModule(bytes, { threads: true })
  const names = Array.from(module.functionTypes, (_, index) => `func[${index}]`)
  const give = (index: number, name: string): void => {
    if (index < names.length && name !== '') names[index] = name
  }
  ifReadable(() => exportedNames(module, give))
  if (sourceMap !== undefined) mappedNames(module, sourceMap, give)
  ifReadable(() => sectionNames(module, give))
  const imported = module.imports.filter(({ kind }) => kind === 'function')
  for (const [index, found] of imported.entries()) names[index] = `${found.module}.${found.name}`
  return names
}

/** What the module says of where its source map is, as a URL; undefined if it says nothing. @throws {ModuleError} */
export function sourceMapUrl(bytes: Uint8Array): string | undefined {
  const module = decodeModule(bytes, { threads: true })
  const section = module.customSections.find(({ name }) => name === 'sourceMappingURL')
  if (section === undefined) return undefined
  // longer than a name may be if the whole map is in it
  const reader = new ByteReader(bytes, section.start, section.end)
  let url: string | undefined
  ifReadable(() => {
    const size = reader.u32('the length of a URL')
    const start = reader.offset
    reader.skip(size, 'a URL')
    url = new TextDecoder().decode(bytes.subarray(start, start + size))
  })
  return url
}

type Give = (index: number, name: string) => void

function sectionNames(module: Module, give: Give): void {
  const section = module.customSections.find(({ name }) => name === 'name')
  if (section === undefined) return
  const reader = new ByteReader(module.bytes, section.start, section.end)
  while (reader.offset < reader.end) {
    const id = reader.byte('a subsection')
    const size = reader.u32('the size of a subsection')
    const start = reader.offset
    reader.skip(size, 'a subsection')
    if (id !== FUNCTION_NAMES) continue
    const places = namePlaces(module, new ByteReader(module.bytes, start, start + size))
    const decoder = new TextDecoder()
    for (let index = 0; index < module.functionTypes.length; index++) {
      give(index, decoder.decode(module.bytes.subarray(places[index * 2], places[index * 2 + 1])))
    }
  }
}

function exportedNames(module: Module, give: Give): void {
  const section = module.sections.get(SECTION.EXPORT)
  if (section === undefined) return
  const reader = new ByteReader(module.bytes, section.start, section.end)
  for (let count = reader.u32('exports'); count > 0; count--) {
    const name = reader.name('an export')
    const kind = reader.byte('a kind')
    const index = reader.u32('an index')
    if (kind === KIND_FUNCTION) give(index, name)
  }
}

function mappedNames(module: Module, text: string, give: Give): void {
  const map = readSourceMap(text)
  if (map === undefined) return
  for (let index = 0; index * 2 < module.bodies.length; index++) {
    const place = placeWithin(map, module.bodies[index * 2] as number, module.bodies[index * 2 + 1] as number)
    if (place === undefined) continue
    give(module.importedFunctionCount + index, place.name ?? `${place.source}:${place.line + 1}`)
  }
}

/** Names are no more than a help, so what is wrong with them is not an error. */
function ifReadable(read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error
  }
}
