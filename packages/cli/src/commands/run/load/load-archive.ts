import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { posix } from 'node:path'
import { type CID, isCodedError } from '@blockless/core'
import { ConfigError } from '../../../config/config-error.ts'
import { MODULE_SIZE_MAX } from '../../../defaults.ts'
import { CliError, FileError } from '../../../errors/cli-error.ts'
import type { Io } from '../../../io/io.ts'
import type { ConfigPlace } from './config-place.ts'
import { loadConfig } from './load-config.ts'
import type { LoadedRun } from './loaded-run.ts'

/** Bytes of an archive: the files of a run, a module, and room. */
const ARCHIVE_SIZE_MAX = 268_435_456
const CONFIG_SIZE_MAX = 1_048_576
/** Bytes of the files that a run can be given in memory. */
const FILES_SIZE_MAX = 67_108_864
/** Stands for the folder into which the existing runtime unpacks archives. */
const ROOTS = '/roots'

/** The files of an archive's root, by their paths. */
interface Archive {
  readonly path: string
  readonly root: CID
  readonly files: ReadonlyMap<string, number>
  readonly config: string
  read(file: string, sizeMax: number): Promise<Uint8Array>
}

/**
 * Reads a CAR with a `config.json` in it. Nothing is unpacked: its files are given to the run in memory, to be read only.
 *
 * @throws {CliError} saying what is wrong with the archive, and where
 */
export async function loadArchive(io: Io, path: string): Promise<LoadedRun> {
  try {
    const archive = await openArchive(io, path)
    const text = new TextDecoder().decode(await archive.read(archive.config, CONFIG_SIZE_MAX))
    const replaced = text
      .replaceAll('$ROOT', () => `$ENV_ROOT_PATH/${archive.root}`)
      .replaceAll('$ENV_ROOT_PATH', () => ROOTS)
    const layerOf = await readLayers(archive)
    return await loadConfig(archivePlace(archive, layerOf), new TextEncoder().encode(replaced))
  } catch (cause) {
    if (cause instanceof CliError || !isCodedError(cause) || cause.code === 'ERR_CANCELLED') throw cause
    const hint = 'is it whole? make it again with the tool that made it'
    throw new ConfigError({ path, problem: `it is no usable archive: ${cause.message}`, hint }, { cause })
  }
}

async function openArchive(io: Io, path: string): Promise<Archive> {
  const { importCar, listFiles, MemoryBlockStore, readFile } = await import('@blockless/storage')
  const { size } = await stat(path)
  if (size > ARCHIVE_SIZE_MAX) {
    const why = new RangeError(`it has ${size} bytes, at most ${ARCHIVE_SIZE_MAX} are allowed`)
    throw new FileError('read', path, why)
  }
  const options = { signal: io.signal }
  const store = new MemoryBlockStore({ sizeMax: 2 * ARCHIVE_SIZE_MAX })
  const { roots } = await importCar(store, createReadStream(path), { ...options, sizeMax: ARCHIVE_SIZE_MAX })
  const listings = await Promise.all(
    roots.map(async (root) => ({ root, files: await listFiles(store, root, options) })),
  )
  const depth = (file: string): number => file.split('/').length
  const found = listings
    .flatMap(({ root, files }) => files.map((file) => ({ root, files, config: file.path })))
    .filter(({ config }) => posix.basename(config) === 'config.json')
    .sort((a, b) => depth(a.config) - depth(b.config))[0]
  if (found === undefined) {
    const hint = 'put one beside the module, and make the archive of the folder of both'
    throw new ConfigError({ path, problem: 'no file in it is called "config.json"', hint })
  }
  const { root, config } = found
  return {
    path,
    root,
    config,
    files: new Map(found.files.map((file) => [file.path, file.size])),
    read: async (file, sizeMax) => await readFile(store, root, file, { ...options, sizeMax }),
  }
}

/** The files below a folder of the archive as a layer, under `prefix`. */
type LayerOf = (inside: string, prefix?: string) => Uint8Array

/** Reads all files, as those that a run is given must fit anyway. */
async function readLayers(archive: Archive): Promise<LayerOf> {
  const { encodeFileLayer } = await import('@blockless/runtime')
  const contents = new Map<string, Uint8Array>()
  let size = 0
  for (const [path, bytes] of archive.files) {
    size += bytes
    if (size > FILES_SIZE_MAX) {
      const problem = `its files have more than ${FILES_SIZE_MAX} bytes together`
      throw new ConfigError({ path: archive.path, problem, hint: 'unpack it, and give the folder with --dir' })
    }
    contents.set(path, await archive.read(path, FILES_SIZE_MAX))
  }
  return (inside, prefix = '') => {
    const folder = inside === '' ? '' : `${inside}/`
    const below = [...contents].filter(([path]) => path.startsWith(folder))
    return encodeFileLayer(below.map(([path, bytes]) => ({ path: prefix + path.slice(folder.length), bytes })))
  }
}

function archivePlace(archive: Archive, layerOf: LayerOf): ConfigPlace {
  const own = `${ROOTS}/${archive.root}`
  /** Paths begin at the folder of config.json. */
  const absoluteOf = (path: string): string => posix.resolve(own, posix.dirname(archive.config), path)
  const insideOf = (path: string): string | undefined => {
    const absolute = absoluteOf(path)
    if (absolute === own) return ''
    return absolute.startsWith(`${own}/`) ? absolute.slice(own.length + 1) : undefined
  }
  return {
    path: `${archive.path}:${archive.config}`,
    kind: 'archive',
    async readModule(file) {
      const inside = insideOf(file)
      if (inside !== undefined && archive.files.has(inside)) return await archive.read(inside, MODULE_SIZE_MAX)
      const hint = `it has ${[...archive.files.keys()]
        .slice(0, 8)
        .map((name) => `"${name}"`)
        .join(', ')}`
      throw new ConfigError({ path: archive.path, problem: `there is no module "${inside ?? file}" in it`, hint })
    },
    async mount(host, path) {
      const inside = insideOf(host)
      if (inside === undefined && absoluteOf(host) !== ROOTS) {
        return { warning: `the folder "${host}" is outside the archive: give it with --dir` }
      }
      const files = inside === undefined ? layerOf('', `${archive.root}/`) : layerOf(inside)
      return { kind: 'memory', path, files, isReadOnly: true }
    },
    output: async () => ({ warning: 'nothing is written into an archive' }),
    logFile: async () => ({ warning: 'nothing is written into an archive' }),
  }
}
