import { FILE_ENTRIES_MAX, FILES_BYTES_MAX, MOUNTED_BYTES_MAX, MOUNTS_MAX, PATH_SIZE_MAX } from '../limits.ts'
import type { OpenDirectory } from './file-system.ts'
import type { Asker } from './host/guest/ask-folder.ts'
import { HostDirectory } from './host/guest/host-directory.ts'
import { decodeFileLayer } from './layers/file-layer.ts'
import { ReadOnlyDirectory } from './layers/read-only-directory.ts'
import { FileBudget } from './memory/file-budget.ts'
import { MemoryDirectory } from './memory/memory-directory.ts'
import { MemoryTree, type TreeWorld } from './memory/memory-tree.ts'

/** A directory in memory, fresh for each run. */
export interface MemoryMount {
  readonly kind: 'memory'
  /** The guest's path of it, such as `/`. */
  readonly path: string
  /** Files that are in it, made with `encodeFileLayer`; without them it is empty. */
  readonly files?: Uint8Array
  /** Whether the guest can only read it. */
  readonly isReadOnly?: boolean
}

/** A folder of the node's machine, which the node offers with a `HostFolderFamily`; its owner says whether it is read-only. */
export interface HostMount {
  readonly kind: 'host'
  /** The guest's path of it, such as `/data`. */
  readonly path: string
  /** The folder's id. */
  readonly folder: string
}

/** A directory that a guest has from the beginning. */
export type Mount = MemoryMount | HostMount

/** What a guest has unless its run says otherwise: one empty directory to write to, as its root. */
export const DEFAULT_MOUNTS: readonly Mount[] = [{ kind: 'memory', path: '/' }]

/** A preopened directory. */
export interface MountedDirectory {
  readonly path: string
  readonly directory: OpenDirectory
}

/** The files that a mount brings. */
export function filesOf(mount: Mount): Uint8Array | undefined {
  return mount.kind === 'memory' ? mount.files : undefined
}

/** Checks what mounts a run may have. @throws {RangeError} saying what is wrong with them */
export function checkMounts(mounts: readonly Mount[]): void {
  if (mounts.length > MOUNTS_MAX)
    throw new RangeError(`Cannot run: it has ${mounts.length} mounts, at most ${MOUNTS_MAX} may be`)
  const paths = new Set(mounts.map(({ path }) => path))
  if (paths.size < mounts.length) throw new RangeError('Cannot run: two of its mounts have the same path')
  for (const path of paths) {
    const isPlain = path !== '' && path.length <= PATH_SIZE_MAX && !path.includes('\0') && path.isWellFormed()
    if (!isPlain) throw new RangeError(`Cannot run: "${path}" is no path for a mount`)
  }
  const size = mounts.reduce((sum, mount) => sum + (filesOf(mount)?.length ?? 0), 0)
  if (size > MOUNTED_BYTES_MAX)
    throw new RangeError(`Cannot run: its mounts bring ${size} bytes, at most ${MOUNTED_BYTES_MAX} may be`)
}

/** The directories of a run's mounts, in their order; those in memory are fresh and share one bound. */
export function openMounts(mounts: readonly Mount[], world: TreeWorld & Asker): MountedDirectory[] {
  const budget = new FileBudget(FILES_BYTES_MAX, FILE_ENTRIES_MAX)
  return mounts.map((mount, index) => {
    if (mount.kind === 'host') return { path: mount.path, directory: new HostDirectory(world, mount.folder) }
    const { path, files, isReadOnly } = mount
    const layer = files === undefined ? {} : { layer: decodeFileLayer(files) }
    // device 0 is that of the standard streams
    const directory = new MemoryDirectory(new MemoryTree(world, { device: BigInt(index + 1), budget, ...layer }))
    return { path, directory: isReadOnly === true ? new ReadOnlyDirectory(directory) : directory }
  })
}
