import { link, mkdir, rename, rmdir, symlink, unlink, utimes } from 'node:fs'
import { promisify } from 'node:util'
import type { FileStat, FileTimes } from '../../file-system.ts'
import { utimeOf } from './exact-times.ts'
import { checkAllowed } from './folder-gate.ts'
import type { DirectoryHandle, FolderContext } from './host-folder.ts'
import { entryPath, inodePath, readLinkText, statDescriptor, statEntry } from './kernel-path.ts'
import { findAllowed } from './open-path.ts'
import { climbsOut, parsePath } from './path-text.ts'
import { failWith } from './system-errno.ts'
import { Walk } from './walk.ts'

/** What the process's umask leaves of this is the mode of a new directory. */
const DIRECTORY_MODE = 0o777

/** A path to be used, and the directory that it is relative to. */
export interface Place {
  readonly from: DirectoryHandle
  readonly path: string
}

/** Stat of a path. @throws {FileError} @throws {FolderDenied} */
export async function statPath(context: FolderContext, { from, path }: Place, followLink: boolean): Promise<FileStat> {
  await using walk = new Walk(context, from, path)
  const found = await findAllowed(context, from, walk, followLink)
  checkAllowed(context.gate, 'read', { folder: from.folder, names: found?.names ?? walk.destination })
  return found === undefined ? failWith('noent') : context.times.statOf(found.stat)
}

/** Sets the times of a path. @throws {FileError} @throws {FolderDenied} */
export async function setPathTimes(
  context: FolderContext,
  { from, path }: Place,
  followLink: boolean,
  asked: FileTimes,
): Promise<void> {
  await using walk = new Walk(context, from, path)
  const found = await findAllowed(context, from, walk, followLink)
  checkAllowed(context.gate, 'write', { folder: from.folder, names: found?.names ?? walk.destination })
  if (found === undefined) failWith('noent')
  await setInodeTimes(context, found.descriptor, asked)
}

/** Sets the times of what a descriptor stands for, even if that is a link. */
export async function setInodeTimes({ times }: FolderContext, descriptor: number, asked: FileTimes): Promise<void> {
  await promisify(utimes)(inodePath(descriptor), utimeOf(asked.accessedNs), utimeOf(asked.modifiedNs))
  times.remember(await statDescriptor(descriptor), asked)
}

/** Makes a directory. @throws {FileError} @throws {FolderDenied} */
export async function createDirectory(context: FolderContext, place: Place): Promise<void> {
  await using walk = new Walk(context, place.from, place.path)
  const name = await reachForChange(context, place.from, walk)
  if (name === undefined) failWith('exist')
  await promisify(mkdir)(entryPath(walk.directory, name), DIRECTORY_MODE)
}

/** Removes an empty directory. @throws {FileError} @throws {FolderDenied} */
export async function removeDirectory(context: FolderContext, place: Place): Promise<void> {
  await using walk = new Walk(context, place.from, place.path)
  const name = await reachForChange(context, place.from, walk)
  if (name === undefined) failWith('inval')
  await promisify(rmdir)(entryPath(walk.directory, name))
}

/** Removes the name of what is no directory. @throws {FileError} @throws {FolderDenied} */
export async function unlinkPath(context: FolderContext, place: Place): Promise<void> {
  await using walk = new Walk(context, place.from, place.path)
  const name = await reachForChange(context, place.from, walk)
  if (name === undefined) failWith('isdir')
  if (walk.isDirectory) failWith((await isDirectoryEntry(walk, name)) ? 'isdir' : 'notdir')
  await promisify(unlink)(entryPath(walk.directory, name))
}

/** Renames within a folder; what may not be read where it is must not be moved to where it may. @throws {FileError} @throws {FolderDenied} */
export async function renamePath(context: FolderContext, source: Place, target: Place): Promise<void> {
  if (source.from.folder !== target.from.folder) failWith('xdev')
  await using walk = new Walk(context, source.from, source.path)
  await using targetWalk = new Walk(context, target.from, target.path)
  const name = await reachForChange(context, source.from, walk)
  checkAllowed(context.gate, 'read', { folder: source.from.folder, names: walk.destination })
  const targetName = await reachForChange(context, target.from, targetWalk)
  if (name === undefined || targetName === undefined) failWith('busy')
  const needsDirectory = walk.isDirectory || targetWalk.isDirectory
  if (needsDirectory && !(await isDirectoryEntry(walk, name))) failWith('notdir')
  await promisify(rename)(entryPath(walk.directory, name), entryPath(targetWalk.directory, targetName))
}

/**
 * Gives a file one more name, within a folder.
 *
 * Both places must be open to writing: a file that may only be read under one name must not be written under another.
 *
 * @throws {FileError}
 * @throws {FolderDenied}
 */
export async function linkPath(
  context: FolderContext,
  source: Place,
  followLink: boolean,
  target: Place,
): Promise<void> {
  if (source.from.folder !== target.from.folder) failWith('xdev')
  await using walk = new Walk(context, source.from, source.path)
  const found = await findAllowed(context, source.from, walk, followLink)
  const { folder } = source.from
  for (const kind of ['read', 'write'] as const) checkAllowed(context.gate, kind, { folder, names: walk.destination })
  if (found === undefined) failWith('noent')
  const name = await walk.reachParent()
  await using targetWalk = new Walk(context, target.from, target.path)
  const targetName = await reachForNew(context, target.from, targetWalk)
  if (name === undefined) failWith('perm')
  await promisify(link)(entryPath(walk.directory, name), entryPath(targetWalk.directory, targetName))
}

/**
 * Makes a symbolic link. Absolute targets and such that climb above the folder are refused: no guest could follow them,
 * but other programs of the machine could.
 *
 * @throws {FileError}
 * @throws {FolderDenied}
 */
export async function createLink(context: FolderContext, target: string, place: Place): Promise<void> {
  const { names } = parsePath(target)
  await using walk = new Walk(context, place.from, place.path)
  const name = await reachForNew(context, place.from, walk)
  if (climbsOut(names, walk.names.length)) failWith('perm')
  await promisify(symlink)(target, entryPath(walk.directory, name))
}

/** Where a symbolic link leads. @throws {FileError} @throws {FolderDenied} */
export async function readLinkAt(context: FolderContext, { from, path }: Place): Promise<string> {
  await using walk = new Walk(context, from, path)
  const found = await findAllowed(context, from, walk, false)
  checkAllowed(context.gate, 'read', { folder: from.folder, names: walk.destination })
  if (found === undefined) failWith('noent')
  const name = await walk.reachParent()
  if (name === undefined || !found.stat.isSymbolicLink()) failWith('inval')
  return await readLinkText(entryPath(walk.directory, name))
}

/** The last name of a path where something is to be changed, once that is allowed. */
async function reachForChange(
  context: FolderContext,
  { folder }: DirectoryHandle,
  walk: Walk,
): Promise<string | undefined> {
  try {
    return await walk.reachParent()
  } finally {
    checkAllowed(context.gate, 'write', { folder, names: walk.destination })
  }
}

/** The last name of a path where something other than a directory is to be made. */
async function reachForNew(context: FolderContext, from: DirectoryHandle, walk: Walk): Promise<string> {
  const name = await reachForChange(context, from, walk)
  if (name === undefined) failWith('exist')
  if (walk.isDirectory) failWith((await isDirectoryEntry(walk, name)) ? 'exist' : 'notdir')
  return name
}

/** @throws {FileError | Error} `noent` if nothing is there */
async function isDirectoryEntry(walk: Walk, name: string): Promise<boolean> {
  return (await statEntry(entryPath(walk.directory, name))).isDirectory()
}
