import { ERRNO } from '../../wasi/errno.ts'
import { FileError } from '../file-error.ts'

/** What the files that a run makes in memory may take, all of its trees together. */
export class FileBudget {
  #bytesLeft: number
  #entriesLeft: number

  constructor(bytesMax: number, entriesMax: number) {
    this.#bytesLeft = bytesMax
    this.#entriesLeft = entriesMax
  }

  /** Takes bytes of contents, or gives them back if negative. @throws {FileError} `nospc` */
  takeBytes(size: number): void {
    if (size > this.#bytesLeft) throw new FileError(ERRNO.nospc)
    this.#bytesLeft -= size
  }

  /** Takes room for a name in a directory. @throws {FileError} `nospc` */
  takeEntry(): void {
    if (this.#entriesLeft <= 0) throw new FileError(ERRNO.nospc)
    this.#entriesLeft--
  }

  /** Gives back the room of a name. */
  giveEntry(): void {
    this.#entriesLeft++
  }
}
