import { type Awaitable, andThen } from '../../awaitable.ts'
import { ERRNO, type Errno } from '../../wasi/errno.ts'
import { FileError } from '../file-error.ts'
import {
  type DirectoryEntry,
  FILE_TYPE,
  type FileStat,
  type OpenDirectory,
  type OpenFile,
  type OpenOptions,
} from '../file-system.ts'

/** An open file of a read-only mount: it can be read, and every change answers `rofs`. */
class ReadOnlyFile implements OpenFile {
  readonly kind = 'file'
  readonly #inner: OpenFile

  constructor(inner: OpenFile) {
    this.#inner = inner
  }

  stat(): Awaitable<FileStat> {
    return this.#inner.stat()
  }

  read(offset: bigint, size: number): Awaitable<Uint8Array> {
    return this.#inner.read(offset, size)
  }

  write(): never {
    return refuse()
  }

  setSize(): never {
    return refuse()
  }

  setTimes(): never {
    return refuse()
  }

  sync(): Awaitable<void> {
    return this.#inner.sync()
  }

  close(): Awaitable<void> {
    return this.#inner.close()
  }
}

/** A directory of a read-only mount, over any kind of file system: every change answers `rofs`. */
export class ReadOnlyDirectory implements OpenDirectory {
  readonly kind = 'directory'
  readonly #inner: OpenDirectory

  constructor(inner: OpenDirectory) {
    this.#inner = inner
  }

  stat(): Awaitable<FileStat> {
    return this.#inner.stat()
  }

  /** As on Linux: what is not there is `rofs` only for a call that would make it. */
  open(path: string, options: OpenOptions): Awaitable<OpenFile | OpenDirectory> {
    const { create, exclusive, write, truncate, followSymlink } = options
    const isNew = create && exclusive
    const missing = (): never => refuse(create ? ERRNO.rofs : ERRNO.noent)
    if (!isNew && !write && !truncate) {
      return whenMissing(() => andThen(this.#inner.open(path, { ...options, create: false }), readOnly), missing)
    }
    return whenMissing(() => {
      return andThen(this.#inner.statAt(path, followSymlink && !isNew), ({ type }) => {
        if (isNew) return refuse(ERRNO.exist)
        return refuse(type === FILE_TYPE.directory ? ERRNO.isdir : ERRNO.rofs)
      })
    }, missing)
  }

  statAt(path: string, followSymlink: boolean): Awaitable<FileStat> {
    return this.#inner.statAt(path, followSymlink)
  }

  list(): Awaitable<readonly DirectoryEntry[]> {
    return this.#inner.list()
  }

  readLink(path: string): Awaitable<string> {
    return this.#inner.readLink(path)
  }

  setTimesAt(): never {
    return refuse()
  }

  setTimes(): never {
    return refuse()
  }

  createDirectory(): never {
    return refuse()
  }

  removeDirectory(): never {
    return refuse()
  }

  unlink(): never {
    return refuse()
  }

  rename(): never {
    return refuse()
  }

  link(): never {
    return refuse()
  }

  symlink(): never {
    return refuse()
  }

  sync(): Awaitable<void> {
    return this.#inner.sync()
  }

  close(): Awaitable<void> {
    return this.#inner.close()
  }
}

function readOnly(opened: OpenFile | OpenDirectory): OpenFile | OpenDirectory {
  return opened.kind === 'file' ? new ReadOnlyFile(opened) : new ReadOnlyDirectory(opened)
}

function refuse(errno: Errno = ERRNO.rofs): never {
  throw new FileError(errno)
}

function whenMissing<T>(attempt: () => Awaitable<T>, missing: () => never): Awaitable<T> {
  const rescue = (error: unknown): never => {
    if (error instanceof FileError && error.errno === ERRNO.noent) return missing()
    throw error
  }
  try {
    const value = attempt()
    return value instanceof Promise ? value.catch(rescue) : value
  } catch (error) {
    return rescue(error)
  }
}
