import { FileError } from '../../fs/file-error.ts'
import type { DirectoryEntry, OpenDirectory, OpenFile, OpenStream } from '../../fs/file-system.ts'
import { DESCRIPTORS_MAX, LISTED_ENTRIES_MAX } from '../../limits.ts'
import { ERRNO } from '../errno.ts'
import { createDescriptor, type Descriptor, type DescriptorOptions } from './descriptor.ts'

/**
 * A guest's descriptors: 0 to 2 are the standard streams, preopened directories follow, then what the guest opens.
 *
 * A new descriptor gets the lowest free number, as in POSIX, so the same calls give the same numbers on every node.
 */
export class DescriptorTable {
  readonly #open: (Descriptor | undefined)[] = []
  /** Descriptors with a listing, the one that was listed first in front. */
  readonly #listed: Descriptor[] = []
  #listedEntries = 0
  #count = 0

  /** Forgets every descriptor and begins with these, from 0 on. What was open is not closed. */
  reset(descriptors: readonly Descriptor[]): void {
    this.#open.length = 0
    this.#open.push(...descriptors)
    this.#count = descriptors.length
    this.#listed.length = 0
    this.#listedEntries = 0
  }

  /** Whether no further descriptor can be added. */
  get isFull(): boolean {
    return this.#count >= DESCRIPTORS_MAX
  }

  /**
   * Gives something that was opened a descriptor: the way for import modules to hand the guest a socket or a driver's
   * handle, which it then reads, writes, polls and closes through WASI.
   *
   * The table owns it from now on: it is closed when the guest closes the descriptor, and not when the run ends, as
   * what the host holds for a run ends with it there.
   *
   * @param target - such as an `OpenStream` over host calls
   * @param options - rights and flags; by default all that its kind has, and none
   * @returns the descriptor's number, the lowest that is free
   * @throws {FileError} `mfile` if the guest has too many open; `target` is then still the caller's, who closes it
   */
  add(target: OpenFile | OpenDirectory | OpenStream, options?: DescriptorOptions): number {
    if (this.isFull) throw new FileError(ERRNO.mfile)
    const free = this.#open.indexOf(undefined)
    const number = free === -1 ? this.#open.length : free
    this.#open[number] = createDescriptor(target, options)
    this.#count++
    return number
  }

  /** What a number stands for; undefined if it is not open. */
  find(number: number): Descriptor | undefined {
    return this.#open[number]
  }

  /** What a number stands for. @throws {FileError} `badf` if it is not open */
  get(number: number): Descriptor {
    const descriptor = this.#open[number]
    if (descriptor === undefined) throw new FileError(ERRNO.badf)
    return descriptor
  }

  /** An open regular file. @throws {FileError} `badf`, `isdir`, or `spipe` for streams */
  file(number: number): Descriptor<OpenFile> {
    const descriptor = this.get(number)
    const { kind } = descriptor.target
    if (kind !== 'file') throw new FileError(kind === 'directory' ? ERRNO.isdir : ERRNO.spipe)
    return descriptor as Descriptor<OpenFile>
  }

  /** An open directory. @throws {FileError} `badf`, `notdir` */
  directory(number: number): Descriptor<OpenDirectory> {
    const descriptor = this.get(number)
    if (descriptor.target.kind !== 'directory') throw new FileError(ERRNO.notdir)
    return descriptor as Descriptor<OpenDirectory>
  }

  /** Frees a number; what it stood for is the caller's to close. @throws {FileError} `badf` */
  remove(number: number): Descriptor {
    const descriptor = this.get(number)
    this.#open[number] = undefined
    this.#count--
    this.#dropListing(descriptor)
    return descriptor
  }

  /** Moves an open descriptor to another number, open too; what that stood for is the caller's to close. @throws {FileError} `badf` */
  move(from: number, to: number): Descriptor {
    const moved = this.get(from)
    const replaced = this.get(to)
    this.#dropListing(replaced)
    this.#open[to] = moved
    this.#open[from] = undefined
    this.#count--
    return replaced
  }

  /**
   * Keeps what a directory holds for the cookies of its listing. All that are kept are bounded together: the oldest are
   * dropped, and a guest that goes on with one of those finds the directory as it is by then.
   */
  keepListing(descriptor: Descriptor, entries: readonly DirectoryEntry[]): void {
    this.#dropListing(descriptor)
    descriptor.listing = entries
    this.#listed.push(descriptor)
    this.#listedEntries += entries.length
    for (let oldest = this.#listed[0]; this.#listedEntries > LISTED_ENTRIES_MAX; oldest = this.#listed[0]) {
      if (oldest === undefined || oldest === descriptor) return
      this.#dropListing(oldest)
    }
  }

  #dropListing(descriptor: Descriptor): void {
    const { listing } = descriptor
    if (listing === undefined) return
    descriptor.listing = undefined
    this.#listed.splice(this.#listed.indexOf(descriptor), 1)
    this.#listedEntries -= listing.length
  }
}
