import { isUtf8 } from 'node:buffer'
import { type BigIntStats, close, constants, fstat, lstat, open, readlink } from 'node:fs'
import { promisify } from 'node:util'
import { failWith } from './system-errno.ts'

/** `O_PATH` of Linux, which Node does not name: a descriptor that only stands for an inode, whatever its kind. */
const O_PATH = 0o10000000
/** Stands for an inode without opening it: no driver, pipe or lease is touched, and a link is not followed. */
export const OPEN_INODE: number = O_PATH | constants.O_NOFOLLOW
/** The same, for directories alone. */
export const OPEN_DIRECTORY_INODE: number = OPEN_INODE | constants.O_DIRECTORY

/** A path that the kernel takes straight to the inode behind a descriptor, wherever it has been moved to. */
export function inodePath(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`
}

/** A path to an entry of an open directory. `name` has no slash and is neither `.` nor `..`. */
export function entryPath(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`
}

/** @see open(2) */
export const openPath: (path: string, flags: number, mode?: number) => Promise<number> = promisify(open)

/** @see close(2) */
export const closeDescriptor: (descriptor: number) => Promise<void> = promisify(close)

/** @see readlink(2). @throws {FileError} `ilseq` if the target is no UTF-8 */
export async function readLinkText(path: string): Promise<string> {
  const target = await promisify(readlink)(path, 'buffer')
  return isUtf8(target) ? target.toString('utf8') : failWith('ilseq')
}

/** @see fstat(2) */
export async function statDescriptor(descriptor: number): Promise<BigIntStats> {
  return await promisify(fstat)(descriptor, { bigint: true })
}

/** @see lstat(2) */
export async function statEntry(path: string | Buffer): Promise<BigIntStats> {
  return await promisify(lstat)(path, { bigint: true })
}
