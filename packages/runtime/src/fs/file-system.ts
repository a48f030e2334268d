import type { Awaitable } from '../awaitable.ts'

/** Kinds of what a directory holds, by their WASI number (`$filetype`). */
export const FILE_TYPE = {
  unknown: 0,
  characterDevice: 2,
  directory: 3,
  regularFile: 4,
  socketStream: 6,
  symbolicLink: 7,
} as const
/** One of {@link FILE_TYPE}'s values. */
export type FileType = (typeof FILE_TYPE)[keyof typeof FILE_TYPE]

/** What is known of a file; times in nanoseconds since the Unix epoch, sizes in bytes. */
export interface FileStat {
  readonly device: bigint
  readonly inode: bigint
  readonly type: FileType
  readonly links: bigint
  readonly size: bigint
  readonly accessedNs: bigint
  readonly modifiedNs: bigint
  readonly changedNs: bigint
}

/** New times of a file; an absent one stays. */
export interface FileTimes {
  readonly accessedNs?: bigint
  readonly modifiedNs?: bigint
}

/** An entry of a directory; `.` and `..` are among them. */
export interface DirectoryEntry {
  readonly name: string
  readonly inode: bigint
  readonly type: FileType
}

/** How to open a path. */
export interface OpenOptions {
  readonly read: boolean
  readonly write: boolean
  readonly create: boolean
  /** With `create`: fail if it exists. */
  readonly exclusive: boolean
  readonly truncate: boolean
  /** Fail unless it is a directory. */
  readonly directory: boolean
  /** Follow a symbolic link at the end of the path; those before it are always followed, inside the tree only. */
  readonly followSymlink: boolean
}

/** An open regular file. Positions are the caller's: a file is read and written at offsets. Every method may throw {@link FileError}. */
export interface OpenFile {
  readonly kind: 'file'
  stat(): Awaitable<FileStat>
  /** Up to `size` bytes from `offset`; fewer only at the end of the file, none past it. The array may be a view. */
  read(offset: bigint, size: number): Awaitable<Uint8Array>
  /**
   * Writes all of `bytes` at `offset`, growing the file with zeros if it lies past the end; answers how many it wrote.
   * The array is a view of the guest's memory, there only until the method returns.
   */
  write(offset: bigint, bytes: Uint8Array): Awaitable<number>
  setSize(size: bigint): Awaitable<void>
  setTimes(times: FileTimes): Awaitable<void>
  sync(): Awaitable<void>
  close(): Awaitable<void>
}

/**
 * An open directory, the only way to paths: each is relative to one, and none leads out of the tree of the preopened
 * directory that it came from, by `..`, absolute link, rename or race.
 *
 * Every method may throw {@link FileError}. Symbolic links inside `path` are resolved within the tree.
 */
export interface OpenDirectory {
  readonly kind: 'directory'
  stat(): Awaitable<FileStat>
  open(path: string, options: OpenOptions): Awaitable<OpenFile | OpenDirectory>
  statAt(path: string, followSymlink: boolean): Awaitable<FileStat>
  setTimesAt(path: string, followSymlink: boolean, times: FileTimes): Awaitable<void>
  setTimes(times: FileTimes): Awaitable<void>
  /** All entries, `.` and `..` first, the rest by the bytes of their names. */
  list(): Awaitable<readonly DirectoryEntry[]>
  createDirectory(path: string): Awaitable<void>
  removeDirectory(path: string): Awaitable<void>
  unlink(path: string): Awaitable<void>
  /** `to` belongs to the same kind of file system, else `xdev`. */
  rename(path: string, to: OpenDirectory, toPath: string): Awaitable<void>
  link(path: string, followSymlink: boolean, to: OpenDirectory, toPath: string): Awaitable<void>
  symlink(target: string, path: string): Awaitable<void>
  readLink(path: string): Awaitable<string>
  sync(): Awaitable<void>
  close(): Awaitable<void>
}

/** An open connection or device that is read and written in order: a socket, a driver's handle. */
export interface OpenStream {
  readonly kind: 'stream'
  readonly type: FileType
  /** Waits for bytes; empty at the end. */
  read(size: number): Awaitable<Uint8Array>
  /** Answers how many it took. The array is a view of the guest's memory, there only until the method returns. */
  write(bytes: Uint8Array): Awaitable<number>
  /** Bytes that can be read without waiting, 0 at the end; left out where only reading can tell. */
  available?(): number
  /** The number by which the host knows a stream of its own, so that `poll_oneoff` can wait for several at once. */
  readonly hostHandle?: number
  /** For listening sockets; `notsock` for others. */
  accept(): Awaitable<OpenStream>
  shutdown(read: boolean, write: boolean): Awaitable<void>
  close(): Awaitable<void>
}
