import { isUtf8 } from 'node:buffer'
import { type Dir, type Dirent, opendir } from 'node:fs'
import { promisify } from 'node:util'
import { FILE_TYPE, type FileType } from '../../file-system.ts'
import { LISTED_ENTRIES_MAX } from '../fs-limits.ts'
import { fileTypeOfStat } from './exact-times.ts'
import type { DirectoryHandle } from './host-folder.ts'
import { inodePath, statDescriptor, statEntry } from './kernel-path.ts'
import { failWith, systemCodeOf } from './system-errno.ts'

/** Entries looked at together: as many as libuv has threads. */
const STATS_AT_ONCE = 4

/** Name, inode and kind of an entry, as an answer carries it. */
export type ListedEntry = readonly [name: string, inode: string, type: FileType]

/**
 * Lists a directory: `.` and `..` first, the rest by the bytes of their names.
 *
 * `..` has the inode of the directory itself, as a handle is the top of what can be reached through it. Names that are no
 * UTF-8 are left out: no guest could say them.
 *
 * @throws {FileError} `overflow` if there are more than `entriesMax`
 */
export async function listDirectory(
  { descriptor }: DirectoryHandle,
  signal: AbortSignal,
  entriesMax: number = LISTED_ENTRIES_MAX,
): Promise<readonly ListedEntry[]> {
  const self = (await statDescriptor(descriptor)).ino.toString()
  const names = await readNames(descriptor, entriesMax, signal)
  names.sort(Buffer.compare)
  const entries: ListedEntry[] = [
    ['.', self, FILE_TYPE.directory],
    ['..', self, FILE_TYPE.directory],
  ]
  for (let index = 0; index < names.length; index += STATS_AT_ONCE) {
    signal.throwIfAborted()
    const group = names.slice(index, index + STATS_AT_ONCE)
    const listed = await Promise.allSettled(group.map(async (name) => await listEntry(descriptor, name)))
    for (const result of listed) {
      if (result.status === 'rejected') throw result.reason
      if (result.value !== undefined) entries.push(result.value)
    }
  }
  return entries
}

async function readNames(descriptor: number, entriesMax: number, signal: AbortSignal): Promise<Buffer[]> {
  const directory = await promisify(opendir)(inodePath(descriptor), { encoding: 'buffer' as BufferEncoding })
  try {
    const names: Buffer[] = []
    for (;;) {
      signal.throwIfAborted()
      const name = await readName(directory)
      if (name === undefined) return names
      if (names.length >= entriesMax) failWith('overflow')
      names.push(name)
    }
  } finally {
    await directory.close()
  }
}

/** Node's types know names of directory streams as text only; asked for buffers it gives buffers. */
async function readName(directory: Dir): Promise<Buffer | undefined> {
  const entry = (await directory.read()) as Dirent<string | Buffer> | null
  return entry === null ? undefined : Buffer.from(entry.name)
}

/** @returns `undefined` if it has gone since, or has a name that no guest can say */
async function listEntry(directory: number, name: Buffer): Promise<ListedEntry | undefined> {
  if (!isUtf8(name)) return undefined
  try {
    const stat = await statEntry(Buffer.concat([Buffer.from(`${inodePath(directory)}/`), name]))
    return [name.toString('utf8'), stat.ino.toString(), fileTypeOfStat(stat)]
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
