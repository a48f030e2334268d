import { invariant } from '@blockless/core'
import { closeDescriptor, openPath } from './kernel-path.ts'
import { failWith } from './system-errno.ts'

/**
 * The descriptors that all runs together have open in folders, bounded so that guests leave the process some for its
 * connections and databases.
 */
export class DescriptorPool {
  readonly #countMax: number
  #count = 0

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  /** How many are open. */
  get count(): number {
    return this.#count
  }

  /** Opens a path. @throws {FileError} `nfile` if too many are open */
  async open(path: string, flags: number, mode?: number): Promise<number> {
    if (this.#count >= this.#countMax) failWith('nfile')
    this.#count++
    try {
      return await openPath(path, flags, mode)
    } catch (error) {
      this.#count--
      throw error
    }
  }

  /** Closes what {@link open} gave. Linux closes it even where it reports an error, which is the disk's then. */
  async close(descriptor: number): Promise<void> {
    this.#count--
    invariant(this.#count >= 0, 'a descriptor is closed once')
    await closeDescriptor(descriptor)
  }
}
