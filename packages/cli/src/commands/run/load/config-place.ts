import { lstat, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { MemoryMount } from '@blockless/runtime'
import type { Io } from '../../../io/io.ts'
import { readModule } from '../../../wasm/read-module.ts'
import type { FolderMount, OutputSetting } from './loaded-run.ts'
import { type PackedModules, readPackedModule } from './packed-module.ts'

/** Something that a configuration asks for and does not get. */
export interface Refusal {
  readonly warning: string
}

/** Where a configuration stands, and what its paths mean there. */
export interface ConfigPlace {
  /** For people. */
  readonly path: string
  readonly kind: 'file' | 'package' | 'archive'
  /** @throws {CliError} if there is no such module */
  readModule(file: string, packed?: PackedModules): Promise<Uint8Array>
  /** What the guest gets for a folder. */
  mount(folder: string, guestPath: string): Promise<MemoryMount | FolderMount | Refusal>
  /** The file for a stream, below `root`. */
  output(file: string, root: string | undefined): Promise<OutputSetting | Refusal>
  /** The absolute path of a log. */
  logFile(file: string): Promise<string | Refusal>
}

/**
 * Paths of a configuration begin at its folder. What lies below it is its own, whatever links say; all else needs a flag, as
 * a configuration can be a stranger's.
 *
 * @param path - of the configuration, absolute
 */
export function folderPlace(io: Io, path: string): ConfigPlace {
  const folder = dirname(path)
  const ownFile = async (absolute: string, what: string): Promise<string | Refusal> =>
    (await isBelow(folder, absolute)) ? absolute : { warning: `${what} is not in the folder of the configuration` }
  return {
    path,
    kind: basename(path) === 'manifest.json' ? 'package' : 'file',
    async readModule(file, packed) {
      const [beside, below] = [resolve(folder, file), resolve(io.cwd, file)]
      if (await isThere(beside)) return await readModule(beside)
      if (packed !== undefined) return await readPackedModule(path, packed, file)
      // existing tools start where the paths begin, which is usually the same folder
      return await readModule((await isThere(below)) ? below : beside)
    },
    async mount(host, guestPath) {
      const absolute = resolve(folder, host)
      const isGranted = await isBelow(folder, absolute)
      return { kind: 'folder', path: guestPath, folder: absolute, isReadOnly: false, isGranted }
    },
    async output(file, root) {
      const absolute = resolve(folder, root ?? '', file.replace(/^\/+/, ''))
      const found = await ownFile(absolute, `"${file}"`)
      return typeof found === 'string' ? { file: found } : found
    },
    logFile: async (file) => await ownFile(resolve(folder, file), `"${file}"`),
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Whether a path leads into a folder, or is the folder, once links are followed; also one that is not there yet. */
async function isBelow(folder: string, path: string): Promise<boolean> {
  const [outer, inner] = [await realPathOf(folder), await realPathOf(path)]
  if (outer === undefined || inner === undefined) return false
  const way = relative(outer, inner)
  return !isAbsolute(way) && way !== '..' && !/^\.\.[/\\]/.test(way)
}

/** Where a path leads; undefined if it is a link to nothing, which whoever creates the file would follow. */
async function realPathOf(path: string): Promise<string | undefined> {
  const found = await realpath(path).catch(() => undefined)
  if (found !== undefined) return found
  if ((await lstat(path).catch(() => undefined)) !== undefined || dirname(path) === path) return undefined
  const parent = await realPathOf(dirname(path))
  return parent === undefined ? undefined : join(parent, basename(path))
}
