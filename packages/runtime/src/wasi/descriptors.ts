import type { Guest } from '../guest/guest.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'

const STDIN = 0
const CHARACTER_DEVICE = 2
const FDSTAT_SIZE = 24
const RIGHT_FD_READ = 1n << 1n
const RIGHT_FD_WRITE = 1n << 6n
const RIGHT_POLL = 1n << 27n
/** Sizes of `filestat`: the unstable snapshot had a 32-bit link count. */
const FILESTAT_SIZE = { snapshot: 64, unstable: 56 } as const

/** Which layout of structures a guest was compiled against. */
export type Snapshot = keyof typeof FILESTAT_SIZE

/**
 * What can be asked of descriptors 0, 1 and 2, which are streams: neither files, directories nor sockets.
 *
 * They are character devices without the right to seek, which is how wasi-libc's `isatty` tells terminals; programs
 * then write line by line, so output before a trap is not lost in a buffer.
 */
export function descriptorFunctions(guest: Guest, snapshot: Snapshot): HostFunctions {
  const onStream =
    (errno: Errno) =>
    (descriptor: number): Errno =>
      guest.isOpen(descriptor >>> 0) ? errno : ERRNO.badf
  return {
    fd_advise: onStream(ERRNO.spipe),
    fd_allocate: onStream(ERRNO.inval),
    fd_close: (descriptor: number) => close(guest, descriptor >>> 0),
    fd_datasync: onStream(ERRNO.inval),
    fd_fdstat_get: (descriptor: number, result: number) => writeFdstat(guest, descriptor >>> 0, result >>> 0),
    fd_fdstat_set_flags: onStream(ERRNO.notsup),
    fd_fdstat_set_rights: onStream(ERRNO.notcapable),
    fd_filestat_get: (descriptor: number, result: number) =>
      writeFilestat(guest, descriptor >>> 0, result >>> 0, FILESTAT_SIZE[snapshot]),
    fd_filestat_set_size: onStream(ERRNO.inval),
    fd_filestat_set_times: onStream(ERRNO.notsup),
    // a guest looks for preopened directories from 3 on, and the first bad descriptor ends its search
    fd_prestat_dir_name: () => ERRNO.badf,
    fd_prestat_get: () => ERRNO.badf,
    fd_readdir: onStream(ERRNO.notdir),
    fd_renumber: (from: number, to: number) => renumber(guest, from >>> 0, to >>> 0),
    fd_seek: onStream(ERRNO.spipe),
    fd_sync: onStream(ERRNO.inval),
    fd_tell: onStream(ERRNO.spipe),
  }
}

function close(guest: Guest, descriptor: number): Errno {
  if (!guest.isOpen(descriptor)) return ERRNO.badf
  guest.openDescriptors &= ~(1 << descriptor)
  return ERRNO.success
}

/** A stream renamed onto another direction would be a second kind of stream for each number; nobody needs it. */
function renumber(guest: Guest, from: number, to: number): Errno {
  if (!guest.isOpen(from) || !guest.isOpen(to)) return ERRNO.badf
  return from === to ? ERRNO.success : ERRNO.notsup
}

function writeFdstat(guest: Guest, descriptor: number, result: number): Errno {
  if (!guest.isOpen(descriptor)) return ERRNO.badf
  if (!guest.memory.has(result, FDSTAT_SIZE)) return ERRNO.fault
  const { bytes, view } = guest.memory
  bytes.fill(0, result, result + FDSTAT_SIZE)
  view.setUint8(result, CHARACTER_DEVICE)
  const direction = descriptor === STDIN ? RIGHT_FD_READ : RIGHT_FD_WRITE
  view.setBigUint64(result + 8, direction | RIGHT_POLL, true)
  return ERRNO.success
}

function writeFilestat(guest: Guest, descriptor: number, result: number, size: number): Errno {
  if (!guest.isOpen(descriptor)) return ERRNO.badf
  if (!guest.memory.has(result, size)) return ERRNO.fault
  guest.memory.bytes.fill(0, result, result + size)
  guest.memory.view.setUint8(result + 16, CHARACTER_DEVICE)
  return ERRNO.success
}
