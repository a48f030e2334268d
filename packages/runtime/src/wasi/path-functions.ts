import { type Awaitable, andThen } from '../awaitable.ts'
import type { Guest } from '../guest/guest.ts'
import { COPIED_BYTES_PER_FUEL } from '../limits.ts'
import { fail, succeed } from './answering.ts'
import { RIGHT } from './descriptors/rights.ts'
import { ERRNO, type Errno } from './errno.ts'
import { readTimes } from './file-functions.ts'
import type { HostFunctions } from './host-function.ts'
import { type PathArgument, readPath, readPathText } from './path-argument.ts'
import { FILESTAT_SIZE, type Snapshot, writeFilestat } from './structures.ts'

/** `lookupflags`: whether a symbolic link at the end of a path is followed. */
const FOLLOW = 1

/** `path_*` but for `path_open`. */
export function pathFunctions(guest: Guest, snapshot: Snapshot): HostFunctions {
  return { ...entryFunctions(guest), ...linkFunctions(guest), ...statFunctions(guest, snapshot) }
}

function entryFunctions(guest: Guest): HostFunctions {
  return {
    path_create_directory: (number: number, address: number, size: number) => {
      const { directory, path } = readPath(guest, number, address, size, RIGHT.pathCreateDirectory)
      return andThen(directory.createDirectory(path), succeed)
    },
    path_remove_directory: (number: number, address: number, size: number) => {
      const { directory, path } = readPath(guest, number, address, size, RIGHT.pathRemoveDirectory)
      return andThen(directory.removeDirectory(path), succeed)
    },
    path_unlink_file: (number: number, address: number, size: number) => {
      const { directory, path } = readPath(guest, number, address, size, RIGHT.pathUnlinkFile)
      return andThen(directory.unlink(path), succeed)
    },
    path_rename: (number: number, address: number, size: number, toNumber: number, to: number, toSize: number) => {
      const source = readPath(guest, number, address, size, RIGHT.pathRenameSource)
      const target = readPath(guest, toNumber, to, toSize, RIGHT.pathRenameTarget)
      return andThen(source.directory.rename(source.path, target.directory, target.path), succeed)
    },
  }
}

function linkFunctions(guest: Guest): HostFunctions {
  return {
    path_link: (
      number: number,
      flags: number,
      address: number,
      size: number,
      toNumber: number,
      to: number,
      toSize: number,
    ) => {
      const source = readPath(guest, number, address, size, RIGHT.pathLinkSource)
      const target = readPath(guest, toNumber, to, toSize, RIGHT.pathLinkTarget)
      const follows = followsOf(flags)
      return andThen(source.directory.link(source.path, follows, target.directory, target.path), succeed)
    },
    path_readlink: (
      number: number,
      address: number,
      size: number,
      buffer: number,
      bufferSize: number,
      result: number,
    ) => {
      const argument = readPath(guest, number, address, size, RIGHT.pathReadlink)
      return readLink(guest, argument, { address: buffer >>> 0, size: bufferSize >>> 0, result: result >>> 0 })
    },
    path_symlink: (target: number, targetSize: number, number: number, address: number, size: number) => {
      const { directory, path } = readPath(guest, number, address, size, RIGHT.pathSymlink)
      return andThen(directory.symlink(readPathText(guest, target, targetSize), path), succeed)
    },
  }
}

function statFunctions(guest: Guest, snapshot: Snapshot): HostFunctions {
  return {
    path_filestat_get: (number: number, flags: number, address: number, size: number, result: number) => {
      const { directory, path } = readPath(guest, number, address, size, RIGHT.pathFilestatGet)
      if (!guest.memory.has(result >>> 0, FILESTAT_SIZE[snapshot])) return ERRNO.fault
      return andThen(directory.statAt(path, followsOf(flags)), (stat) => {
        writeFilestat(guest, snapshot, result >>> 0, stat)
        return ERRNO.success
      })
    },
    path_filestat_set_times: (
      number: number,
      flags: number,
      address: number,
      size: number,
      accessed: bigint,
      modified: bigint,
      timeFlags: number,
    ) => {
      const { directory, path } = readPath(guest, number, address, size, RIGHT.pathFilestatSetTimes)
      const times = readTimes(guest, accessed, modified, timeFlags >>> 0)
      return andThen(directory.setTimesAt(path, followsOf(flags), times), succeed)
    },
  }
}

/** Whether `lookupflags` ask for links to be followed. @throws {FileError} `inval` for unknown flags */
export function followsOf(flags: number): boolean {
  return (flags & ~FOLLOW) === 0 ? (flags & FOLLOW) !== 0 : fail(ERRNO.inval)
}

interface Buffer {
  readonly address: number
  readonly size: number
  readonly result: number
}

/** As POSIX does, the target is cut off silently if the buffer is too small. */
function readLink(guest: Guest, { directory, path }: PathArgument, buffer: Buffer): Awaitable<Errno> {
  if (!guest.memory.has(buffer.address, buffer.size) || !guest.memory.has(buffer.result, 4)) return ERRNO.fault
  return andThen(directory.readLink(path), (target) => {
    const kept = new TextEncoder().encode(target).subarray(0, buffer.size)
    guest.charge(Math.floor(kept.length / COPIED_BYTES_PER_FUEL))
    guest.memory.bytes.set(kept, buffer.address)
    guest.memory.view.setUint32(buffer.result, kept.length, true)
    return ERRNO.success
  })
}
