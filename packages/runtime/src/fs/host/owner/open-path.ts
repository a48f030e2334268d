import { constants } from 'node:fs'
import { FileError } from '../../file-error.ts'
import type { OpenOptions } from '../../file-system.ts'
import { checkAllowed } from './folder-gate.ts'
import type { DirectoryHandle, FolderContext, FolderHandle } from './host-folder.ts'
import { entryPath, inodePath } from './kernel-path.ts'
import { failWith, systemCodeOf } from './system-errno.ts'
import { type Found, Walk } from './walk.ts'

/** How often somebody may make and remove the file that is to be created before it is given up. */
const CREATE_ATTEMPTS_MAX = 16
/** What the process's umask leaves of this is the mode of a new file. */
const FILE_MODE = 0o666

/**
 * Opens a path.
 *
 * What is there is looked at before it is opened, and what was looked at is what is opened: devices, pipes and sockets
 * are refused without being touched.
 *
 * @throws {FileError}
 * @throws {FolderDenied}
 */
export async function openPathAt(
  context: FolderContext,
  from: DirectoryHandle,
  path: string,
  options: OpenOptions,
): Promise<FolderHandle> {
  if (options.create && options.directory) failWith('inval')
  await using walk = new Walk(context, from, path)
  const isExclusive = options.create && options.exclusive
  for (let attempt = 0; attempt < CREATE_ATTEMPTS_MAX; attempt++) {
    const found = await findAllowed(context, from, walk, options.followSymlink && !isExclusive)
    if (found !== undefined) return await openFound(context, from, { walk, found, options })
    const { folder } = from
    for (const kind of kindsOf(options)) checkAllowed(context.gate, kind, { folder, names: walk.destination })
    if (!options.create) failWith('noent')
    checkAllowed(context.gate, 'write', { folder, names: walk.destination })
    const descriptor = await create(context, walk, options)
    if (descriptor !== undefined) {
      return { kind: 'file', folder, descriptor, names: walk.destination, isWritable: options.write }
    }
  }
  failWith('again')
}

/** Walks to the end; where that fails, the gate is asked whether the guest may know why. */
export async function findAllowed(
  context: FolderContext,
  { folder }: DirectoryHandle,
  walk: Walk,
  followLink: boolean,
): Promise<Found | undefined> {
  try {
    return await walk.find(followLink)
  } catch (error) {
    if (error instanceof FileError || systemCodeOf(error) !== undefined) {
      checkAllowed(context.gate, 'read', { folder, names: walk.destination })
    }
    throw error
  }
}

function kindsOf({ read, write, truncate }: OpenOptions): readonly ('read' | 'write')[] {
  if (!write && !truncate) return ['read']
  return read ? ['read', 'write'] : ['write']
}

interface Opening {
  readonly walk: Walk
  readonly found: Found
  readonly options: OpenOptions
}

async function openFound(
  { pool, gate }: FolderContext,
  { folder }: DirectoryHandle,
  { walk, found, options }: Opening,
): Promise<FolderHandle> {
  const { stat, names } = found
  for (const kind of kindsOf(options)) checkAllowed(gate, kind, { folder, names })
  if (options.create && options.exclusive) failWith('exist')
  if (stat.isSymbolicLink()) failWith('loop')
  if (stat.isDirectory()) {
    if (options.write || options.create || options.truncate) failWith('isdir')
    return { kind: 'directory', folder, descriptor: walk.keep(found), names }
  }
  if (options.directory) failWith('notdir')
  if (!stat.isFile()) failWith('notsup')
  const descriptor = await pool.open(inodePath(found.descriptor), accessOf(options))
  return { kind: 'file', folder, descriptor, names, isWritable: options.write }
}

function accessOf({ read, write, truncate }: OpenOptions): number {
  const access = write ? (read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY
  return access | constants.O_NONBLOCK | (truncate ? constants.O_TRUNC : 0)
}

/** @returns `undefined` if somebody else has just made it */
async function create({ pool }: FolderContext, walk: Walk, options: OpenOptions): Promise<number | undefined> {
  if (walk.isDirectory) failWith('isdir')
  const name = await walk.reachParent()
  if (name === undefined) failWith('isdir')
  const flags = accessOf(options) | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  try {
    return await pool.open(entryPath(walk.directory, name), flags, FILE_MODE)
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST' && !options.exclusive) return undefined
    throw error
  }
}
