import { posix } from 'node:path'
import type { HostFolderInit, MemoryMount, Mount } from '@blockless/runtime'
import { UsageError } from '../../../errors/cli-error.ts'
import type { Io } from '../../../io/io.ts'
import { resolvePath } from '../../options.ts'
import type { FolderMount } from '../load/loaded-run.ts'
import type { RunFlags } from '../run-flags.ts'

/** The directories of a run. */
export interface RunMounts {
  readonly mounts: readonly Mount[]
  /** Folders of this machine that are mounted. */
  readonly folders: readonly HostFolderInit[]
  /** Permissions that naming a folder gives. */
  readonly granted: readonly string[]
}

/** A run's directories: those of its input, and of the flags, which go before them; an empty one as `/` if none is. */
export function mountsOf(io: Io, loaded: readonly (MemoryMount | FolderMount)[], flags: RunFlags): RunMounts {
  const given = (flags.dir ?? []).map((value) => parseDir(io, value))
  const root = flags.fsRootPath === undefined ? [] : [folderMount(resolvePath(io, flags.fsRootPath), '/', false)]
  const byPath = new Map([...loaded, ...root, ...given].map((mount) => [mount.path, mount]))
  const all = byPath.has('/') ? [...byPath.values()] : [{ kind: 'memory', path: '/' } as const, ...byPath.values()]
  const folders = all.filter((mount) => mount.kind === 'folder')
  return {
    mounts: all.map((mount) =>
      mount.kind === 'folder' ? { kind: 'host', path: mount.path, folder: mount.path } : mount,
    ),
    folders: folders.map(({ path, folder, isReadOnly }) => ({
      id: path,
      path: folder,
      guestPath: absoluteGuestPath(path),
      readOnly: isReadOnly,
    })),
    granted: folders.filter(({ isGranted }) => isGranted).flatMap(permissionsOf),
  }
}

/** The path by which permissions name a place of the guest, also where it is mounted under a relative one. */
function absoluteGuestPath(path: string): string {
  return posix.resolve('/', path)
}

function permissionsOf({ path, isReadOnly }: FolderMount): readonly string[] {
  const guestPath = absoluteGuestPath(path)
  return isReadOnly ? [`read:${guestPath}`] : [`read:${guestPath}`, `write:${guestPath}`]
}

/** `HOST[::GUEST][:ro]`; without a guest's path, the folder has the same as here. */
function parseDir(io: Io, value: string): FolderMount {
  const isReadOnly = value.endsWith(':ro')
  const [host = '', guest = host, ...more] = (isReadOnly ? value.slice(0, -3) : value).split('::')
  if (host === '' || guest === '' || more.length > 0) {
    throw new UsageError(
      `Cannot use --dir "${value}": HOST[::GUEST][:ro] is needed`,
      'such as --dir ./texts::/texts:ro',
    )
  }
  return folderMount(resolvePath(io, host), guest, isReadOnly)
}

function folderMount(folder: string, path: string, isReadOnly: boolean): FolderMount {
  return { kind: 'folder', path, folder, isReadOnly, isGranted: true }
}
