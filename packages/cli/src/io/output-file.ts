import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { FileError } from '../errors/cli-error.ts'

/** What is there already stays until something is written. */
const WRITING = constants.O_WRONLY | constants.O_CREAT

/** How an {@link OutputFile} is opened. */
export interface OutputFileOptions {
  /** Whether what is there stays. Default: false. */
  readonly isAppending?: boolean
  /** Rights of a file that is made. Default: those of the process. */
  readonly mode?: number
}

/**
 * A file that is written when a run is over and opened before it begins: a path that cannot be written is said at once, and
 * a function that may write beside the file cannot make the path lead elsewhere.
 */
export class OutputFile implements AsyncDisposable {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #isAppending: boolean
  #isWritten = false

  private constructor(path: string, handle: FileHandle, isAppending: boolean) {
    this.#path = path
    this.#handle = handle
    this.#isAppending = isAppending
  }

  /** @throws {FileError} if it cannot be written */
  static async open(path: string, { isAppending = false, mode }: OutputFileOptions = {}): Promise<OutputFile> {
    try {
      return new OutputFile(path, await open(path, WRITING | (isAppending ? constants.O_APPEND : 0), mode), isAppending)
    } catch (cause) {
      throw new FileError('write', path, cause)
    }
  }

  /** @throws {FileError} if the disk refuses */
  async write(bytes: Uint8Array): Promise<void> {
    this.#isWritten = true
    try {
      // devices have no size, and cannot be cut
      if (!this.#isAppending && (await this.#handle.stat()).size > 0) await this.#handle.truncate(0)
      await this.#handle.writeFile(bytes)
    } catch (cause) {
      throw new FileError('write', this.#path, cause)
    }
  }

  /** Closes it; a file for something that was never written is removed if it is empty. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { size } = await this.#handle.stat()
    await this.#handle.close()
    if (!this.#isWritten && !this.#isAppending && size === 0) await rm(this.#path, { force: true })
  }
}
