import type { Awaitable } from '../../../src/awaitable.ts'
import { FileError } from '../../../src/fs/file-error.ts'
import type { OpenDirectory, OpenFile, OpenOptions } from '../../../src/fs/file-system.ts'
import type { LayerDirectory } from '../../../src/fs/layers/file-layer.ts'
import { FileBudget } from '../../../src/fs/memory/file-budget.ts'
import { MemoryDirectory } from '../../../src/fs/memory/memory-directory.ts'
import { MemoryTree } from '../../../src/fs/memory/memory-tree.ts'
import { ERRNO, type ErrnoName } from '../../../src/wasi/errno.ts'

/** The same methods, answering at once. */
type AtHand<T> = {
  [Name in keyof T]: T[Name] extends (...values: infer Values) => Awaitable<infer Value>
    ? (...values: Values) => Value
    : T[Name]
}
/** An open file that answers at once. */
export type FileAtHand = AtHand<OpenFile>
/** An open directory that answers at once. */
export type DirectoryAtHand = AtHand<OpenDirectory>

/** A tree whose clock a test moves, and which says what it charged. */
export interface TreeBench {
  readonly root: MemoryDirectory
  readonly world: { nowNs: bigint; fuel: number; charge(fuel: number): void }
  /** Opens a file, making it if it is not there. */
  readonly file: (path: string, options?: Partial<OpenOptions>) => FileAtHand
}

/** How a path is opened unless a test says otherwise. */
export const PLAIN: OpenOptions = {
  read: true,
  write: false,
  create: false,
  exclusive: false,
  truncate: false,
  directory: false,
  followSymlink: true,
}

/** A tree of its own. */
export function createTree(
  options: { bytesMax?: number; entriesMax?: number; layer?: LayerDirectory } = {},
): TreeBench {
  const { bytesMax = 1 << 20, entriesMax = 1000, layer } = options
  const world = {
    nowNs: 1000n,
    fuel: 0,
    charge(fuel: number): void {
      this.fuel += fuel
    },
  }
  const budget = new FileBudget(bytesMax, entriesMax)
  const root = new MemoryDirectory(new MemoryTree(world, { device: 1n, budget, ...(layer && { layer }) }))
  return { root, world, file: (path, more) => openFile(root, path, { create: true, ...more }) }
}

/** Opens a file. */
export function openFile(
  directory: OpenDirectory | DirectoryAtHand,
  path: string,
  options: Partial<OpenOptions> = {},
): FileAtHand {
  const opened = directory.open(path, { ...PLAIN, ...options })
  if (opened instanceof Promise || opened.kind !== 'file') throw new TypeError(`"${path}" is no file at hand`)
  return opened as FileAtHand
}

/** Opens a directory. */
export function openDirectory(directory: OpenDirectory | DirectoryAtHand, path: string): DirectoryAtHand {
  const opened = directory.open(path, { ...PLAIN, directory: true })
  if (opened instanceof Promise || opened.kind !== 'directory') throw new TypeError(`"${path}" is no directory at hand`)
  return opened as DirectoryAtHand
}

/** Contents of a file as text. */
export function contentsOf(directory: OpenDirectory | DirectoryAtHand, path: string): string {
  const file = openFile(directory, path)
  const bytes = file.read(0n, 0x7fff_ffff)
  file.close()
  return new TextDecoder().decode(bytes)
}

/** Writes text at an offset. */
export function put(file: FileAtHand, text: string, offset = 0n): void {
  file.write(offset, new TextEncoder().encode(text))
}

/** Names in a directory. */
export function namesIn(directory: OpenDirectory | DirectoryAtHand): string[] {
  return (directory as DirectoryAtHand)
    .list()
    .slice(2)
    .map(({ name }) => name)
}

const NAMES = new Map<number, ErrnoName>(Object.entries(ERRNO).map(([name, errno]) => [errno, name as ErrnoName]))

/** The name of the errno that a call fails with; `success` if it does not. */
export function errnoOf(call: () => unknown): ErrnoName | 'unknown' {
  try {
    call()
    return 'success'
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    return NAMES.get(error.errno) ?? 'unknown'
  }
}
