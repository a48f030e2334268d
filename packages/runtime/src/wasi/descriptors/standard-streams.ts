import { FileError } from '../../fs/file-error.ts'
import { FILE_TYPE, type OpenStream } from '../../fs/file-system.ts'
import type { Guest } from '../../guest/guest.ts'
import type { OutputStream } from '../../guest/output.ts'
import { ERRNO } from '../errno.ts'
import { createDescriptor, type Descriptor } from './descriptor.ts'
import { RIGHT } from './rights.ts'

const INPUT_RIGHTS = RIGHT.fdRead | RIGHT.pollFdReadwrite
const OUTPUT_RIGHTS = RIGHT.fdWrite | RIGHT.pollFdReadwrite

/**
 * New descriptors for stdin, stdout and stderr of a guest, in this order.
 *
 * They are character devices without the right to seek, which is how wasi-libc's `isatty` tells terminals; programs
 * then write line by line, so output before a trap is not lost in a buffer.
 */
export function standardDescriptors(guest: Guest): Descriptor[] {
  return [
    createDescriptor(inputOf(guest), { rights: rightsOf(INPUT_RIGHTS) }),
    createDescriptor(outputOf(guest, 'stdout'), { rights: rightsOf(OUTPUT_RIGHTS) }),
    createDescriptor(outputOf(guest, 'stderr'), { rights: rightsOf(OUTPUT_RIGHTS) }),
  ]
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
