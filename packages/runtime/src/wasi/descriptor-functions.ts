import { type Awaitable, andThen } from '../awaitable.ts'
import { FILE_TYPE, type FileType } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import { fail, succeed } from './answering.ts'
import { checkRights, DESCRIPTOR_FLAGS, type Descriptor } from './descriptors/descriptor.ts'
import { RIGHT } from './descriptors/rights.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'
import { FDSTAT_SIZE, PRESTAT_SIZE, type Snapshot, writeFdstat } from './structures.ts'

const OFFSET_MAX = 0x7fff_ffff_ffff_ffffn
const PREOPENED_DIRECTORY = 0
/** Numbers of `whence`: the unstable snapshot began with the current position. */
const WHENCE: Readonly<Record<Snapshot, readonly ('start' | 'current' | 'end')[]>> = {
  snapshot: ['start', 'current', 'end'],
  unstable: ['current', 'end', 'start'],
}

/** What is asked of descriptors themselves: their numbers, flags, rights, positions and preopened names. */
export function descriptorFunctions(guest: Guest, snapshot: Snapshot): HostFunctions {
  const { descriptors } = guest
  return {
    fd_close: (number: number) => andThen(descriptors.remove(number >>> 0).target.close(), succeed),
    fd_fdstat_get: (number: number, result: number) => getStat(guest, number >>> 0, result >>> 0),
    fd_fdstat_set_flags: (number: number, flags: number) => setFlags(descriptors.get(number >>> 0), flags >>> 0),
    fd_fdstat_set_rights: (number: number, base: bigint, inheriting: bigint) =>
      setRights(descriptors.get(number >>> 0), BigInt.asUintN(64, base), BigInt.asUintN(64, inheriting)),
    fd_prestat_dir_name: (number: number, address: number, size: number) =>
      writePreopenedName(guest, number >>> 0, address >>> 0, size >>> 0),
    fd_prestat_get: (number: number, result: number) => writePrestat(guest, number >>> 0, result >>> 0),
    fd_renumber: (from: number, to: number) => renumber(guest, from >>> 0, to >>> 0),
    fd_seek: (number: number, offset: bigint, whence: number, result: number) =>
      seek(guest, number >>> 0, { offset, from: WHENCE[snapshot][whence >>> 0], result: result >>> 0 }),
    fd_tell: (number: number, result: number) => {
      const descriptor = descriptors.file(number >>> 0)
      checkRights(descriptor, RIGHT.fdTell)
      return writeOffset(guest, result >>> 0, descriptor.offset)
    },
  }
}

function getStat(guest: Guest, number: number, result: number): Errno {
  const descriptor = guest.descriptors.get(number)
  if (!guest.memory.has(result, FDSTAT_SIZE)) return ERRNO.fault
  writeFdstat(guest, result, descriptor, typeOf(descriptor))
  return ERRNO.success
}

/** The type of what a descriptor is open on. */
function typeOf({ target }: Descriptor): FileType {
  if (target.kind === 'stream') return target.type
  return target.kind === 'file' ? FILE_TYPE.regularFile : FILE_TYPE.directory
}

function setFlags(descriptor: Descriptor, flags: number): Errno {
  // the standard streams are not files of ours, and never block
  if (typeOf(descriptor) === FILE_TYPE.characterDevice) return ERRNO.notsup
  checkRights(descriptor, RIGHT.fdFdstatSetFlags)
  if (flags > DESCRIPTOR_FLAGS) return ERRNO.inval
  descriptor.flags = flags
  return ERRNO.success
}

/** Rights can be given up, never gained. */
function setRights({ rights }: Descriptor, base: bigint, inheriting: bigint): Errno {
  if ((base & ~rights.base) !== 0n || (inheriting & ~rights.inheriting) !== 0n) return ERRNO.notcapable
  rights.dropped |= rights.base & ~base
  rights.droppedInheriting |= rights.inheriting & ~inheriting
  rights.base = base
  rights.inheriting = inheriting
  return ERRNO.success
}

/** A guest looks for preopened directories from 3 on, and the first bad descriptor ends its search. */
function preopenedNameOf(guest: Guest, number: number): Uint8Array {
  return guest.descriptors.get(number).preopenedPath ?? fail(ERRNO.badf)
}

function writePrestat(guest: Guest, number: number, result: number): Errno {
  const name = preopenedNameOf(guest, number)
  if (!guest.memory.has(result, PRESTAT_SIZE)) return ERRNO.fault
  guest.memory.view.setUint32(result, PREOPENED_DIRECTORY, true)
  guest.memory.view.setUint32(result + 4, name.length, true)
  return ERRNO.success
}

function writePreopenedName(guest: Guest, number: number, address: number, size: number): Errno {
  const name = preopenedNameOf(guest, number)
  if (size < name.length) return ERRNO.nametoolong
  if (!guest.memory.has(address, name.length)) return ERRNO.fault
  guest.memory.bytes.set(name, address)
  return ERRNO.success
}

function renumber(guest: Guest, from: number, to: number): Awaitable<Errno> {
  if (from === to) {
    guest.descriptors.get(from)
    return ERRNO.success
  }
  return andThen(guest.descriptors.move(from, to).target.close(), succeed)
}

interface Seek {
  readonly offset: bigint
  readonly from: 'start' | 'current' | 'end' | undefined
  readonly result: number
}

function seek(guest: Guest, number: number, { offset, from, result }: Seek): Awaitable<Errno> {
  const descriptor = guest.descriptors.file(number)
  checkRights(descriptor, from === 'current' && offset === 0n ? RIGHT.fdTell : RIGHT.fdSeek)
  if (from === undefined) return ERRNO.inval
  if (!guest.memory.has(result, 8)) return ERRNO.fault
  const base = from === 'end' ? andThen(descriptor.target.stat(), ({ size }) => size) : 0n
  return andThen(base, (size) => {
    const next = offset + (from === 'current' ? descriptor.offset : size)
    if (next < 0n || next > OFFSET_MAX) return ERRNO.inval
    descriptor.offset = next
    return writeOffset(guest, result, next)
  })
}

function writeOffset({ memory }: Guest, result: number, offset: bigint): Errno {
  if (!memory.has(result, 8)) return ERRNO.fault
  memory.view.setBigUint64(result, offset, true)
  return ERRNO.success
}
