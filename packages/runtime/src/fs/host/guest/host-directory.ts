import type { FieldValue } from '../../../host-call/host-call.ts'
import { ERRNO } from '../../../wasi/errno.ts'
import { FileError } from '../../file-error.ts'
import type { DirectoryEntry, FileStat, FileTimes, OpenDirectory, OpenFile, OpenOptions } from '../../file-system.ts'
import { bigintOf, fileTypeOf, statOfFields } from '../stat-fields.ts'
import { type Asker, askFolder, numberOf, textOf } from './ask-folder.ts'
import { HostFile, timesFields } from './host-file.ts'

/** A directory of a folder of the host, as a guest's thread sees it. */
export class HostDirectory implements OpenDirectory {
  readonly kind = 'directory'
  readonly #asker: Asker
  readonly #handle: number | string

  /** @param handle - the id of a folder, or the owner's number for a directory in one */
  constructor(asker: Asker, handle: number | string) {
    this.#asker = asker
    this.#handle = handle
  }

  async stat(): Promise<FileStat> {
    return statOfFields((await askFolder(this.#asker, 'fs.stat', { handle: this.#handle })).fields)
  }

  async open(path: string, options: OpenOptions): Promise<OpenFile | OpenDirectory> {
    const { read, write, create, exclusive, truncate, directory, followSymlink } = options
    const flags = { read, write, create, exclusive, truncate, directory, followSymlink }
    const answer = await askFolder(this.#asker, 'fs.open', { handle: this.#handle, path, ...flags })
    const handle = numberOf(answer, 'handle')
    return answer.fields.kind === 'directory'
      ? new HostDirectory(this.#asker, handle)
      : new HostFile(this.#asker, handle)
  }

  async statAt(path: string, followSymlink: boolean): Promise<FileStat> {
    return statOfFields(
      (await askFolder(this.#asker, 'fs.stat_at', { handle: this.#handle, path, followSymlink })).fields,
    )
  }

  async setTimesAt(path: string, followSymlink: boolean, times: FileTimes): Promise<void> {
    const fields = { handle: this.#handle, path, followSymlink, ...timesFields(times) }
    await askFolder(this.#asker, 'fs.set_times_at', fields)
  }

  async setTimes(times: FileTimes): Promise<void> {
    await askFolder(this.#asker, 'fs.set_times', { handle: this.#handle, ...timesFields(times) })
  }

  async list(): Promise<readonly DirectoryEntry[]> {
    const { entries } = (await askFolder(this.#asker, 'fs.list', { handle: this.#handle })).fields
    if (!Array.isArray(entries)) throw new TypeError('Cannot read answer: its "entries" are no list')
    return entries.map(entryOf)
  }

  async createDirectory(path: string): Promise<void> {
    await askFolder(this.#asker, 'fs.create_directory', { handle: this.#handle, path })
  }

  async removeDirectory(path: string): Promise<void> {
    await askFolder(this.#asker, 'fs.remove_directory', { handle: this.#handle, path })
  }

  async unlink(path: string): Promise<void> {
    await askFolder(this.#asker, 'fs.unlink', { handle: this.#handle, path })
  }

  async rename(path: string, to: OpenDirectory, toPath: string): Promise<void> {
    const fields = { handle: this.#handle, path, toHandle: handleOf(to), toPath }
    await askFolder(this.#asker, 'fs.rename', fields)
  }

  async link(path: string, followSymlink: boolean, to: OpenDirectory, toPath: string): Promise<void> {
    const fields = { handle: this.#handle, path, followSymlink, toHandle: handleOf(to), toPath }
    await askFolder(this.#asker, 'fs.link', fields)
  }

  async symlink(target: string, path: string): Promise<void> {
    await askFolder(this.#asker, 'fs.symlink', { handle: this.#handle, path, target })
  }

  async readLink(path: string): Promise<string> {
    return textOf(await askFolder(this.#asker, 'fs.read_link', { handle: this.#handle, path }), 'target')
  }

  async sync(): Promise<void> {
    await askFolder(this.#asker, 'fs.sync', { handle: this.#handle })
  }

  async close(): Promise<void> {
    if (typeof this.#handle === 'number') await askFolder(this.#asker, 'fs.close', { handle: this.#handle })
  }

  /** What the owner knows a directory by. @throws {FileError} `xdev` if it is none of the host's */
  static handleOf(directory: OpenDirectory): number | string {
    if (directory instanceof HostDirectory) return directory.#handle
    throw new FileError(ERRNO.xdev)
  }
}

const { handleOf } = HostDirectory

function entryOf(entry: FieldValue): DirectoryEntry {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') throw new TypeError('Cannot read answer: no entry')
  return { name: entry[0], inode: bigintOf(entry[1]), type: fileTypeOf(entry[2]) }
}
