import type { Errno } from '../wasi/errno.ts'

/** A file operation that did not work out; the guest is told `errno`, so nobody reads a message. */
export class FileError extends Error {
  readonly errno: Errno

  constructor(errno: Errno) {
    super(`errno ${errno}`)
    this.name = 'FileError'
    this.errno = errno
  }
}
