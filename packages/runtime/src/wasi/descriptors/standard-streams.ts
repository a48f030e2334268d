import { FileError } from '../../fs/file-error.ts'
import { FILE_TYPE, type OpenStream } from '../../fs/file-system.ts'
import type { MountedDirectory } from '../../fs/mount.ts'
import type { Guest } from '../../guest/guest.ts'
import type { OutputStream } from '../../guest/output.ts'
import { ERRNO } from '../errno.ts'
import { createDescriptor, type Descriptor } from './descriptor.ts'
import { RIGHT } from './rights.ts'

const INPUT_RIGHTS = RIGHT.fdRead | RIGHT.pollFdReadwrite
const OUTPUT_RIGHTS = RIGHT.fdWrite | RIGHT.pollFdReadwrite

/** Stdin, stdout and stderr of a guest, in this order; they serve all its runs. */
export function standardStreams(guest: Guest): readonly OpenStream[] {
  return [inputOf(guest), outputOf(guest, 'stdout'), outputOf(guest, 'stderr')]
}

/**
 * New descriptors for the standard streams.
 *
 * They are character devices without the right to seek, which is how wasi-libc's `isatty` tells terminals; programs
 * then write line by line, so output before a trap is not lost in a buffer.
 */
export function standardDescriptors(streams: readonly OpenStream[]): Descriptor[] {
  return streams.map((stream, index) =>
    createDescriptor(stream, { rights: rightsOf(index === 0 ? INPUT_RIGHTS : OUTPUT_RIGHTS) }),
  )
}

/** New descriptors for the directories that a guest has from the beginning. */
export function preopenedDescriptors(mounts: readonly MountedDirectory[]): Descriptor[] {
  return mounts.map(({ path, directory }) =>
    createDescriptor(directory, { preopenedPath: new TextEncoder().encode(path) }),
  )
}

function rightsOf(base: bigint): Descriptor['rights'] {
  return { base, inheriting: 0n, dropped: 0n, droppedInheriting: 0n }
}

function refuse(): never {
  throw new FileError(ERRNO.notsock)
}

function inputOf(guest: Guest): OpenStream {
  return {
    kind: 'stream',
    type: FILE_TYPE.characterDevice,
    read: (size) => {
      const start = guest.stdinOffset
      guest.stdinOffset = Math.min(guest.stdin.length, start + size)
      return guest.stdin.subarray(start, guest.stdinOffset)
    },
    available: () => guest.stdin.length - guest.stdinOffset,
    write: () => {
      throw new FileError(ERRNO.notcapable)
    },
    accept: refuse,
    shutdown: refuse,
    close: () => {},
  }
}

function outputOf(guest: Guest, stream: OutputStream): OpenStream {
  return {
    kind: 'stream',
    type: FILE_TYPE.characterDevice,
    read: () => {
      throw new FileError(ERRNO.notcapable)
    },
    write: (bytes) => {
      guest.write(stream, bytes)
      return bytes.length
    },
    accept: refuse,
    shutdown: refuse,
    close: () => {},
  }
}
