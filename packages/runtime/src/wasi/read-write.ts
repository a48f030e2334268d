import { type Awaitable, andThen } from '../awaitable.ts'
import type { OpenFile } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import { COPIED_BYTES_PER_FUEL } from '../limits.ts'
import { fail } from './answering.ts'
import { checkRights, DESCRIPTOR_FLAG, type Descriptor } from './descriptors/descriptor.ts'
import { RIGHT } from './descriptors/rights.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'
import { whenReady } from './nonblocking.ts'
import { FD_READ, FD_WRITE } from './poll-host.ts'
import { checkVectors, gather, scatter, sizeOfVectors, type Vectors } from './vectors.ts'

const SYNCHRONOUS = DESCRIPTOR_FLAG.dsync | DESCRIPTOR_FLAG.sync
/** Offsets are signed 64-bit numbers where they are told. */
const OFFSET_MAX = 0x7fff_ffff_ffff_ffffn

/** `fd_read`, `fd_write` and their positioned variants. */
export function readWriteFunctions(guest: Guest): HostFunctions {
  const call = (descriptor: number, vectors: number, count: number, result: number): Call => ({
    descriptor: guest.descriptors.get(descriptor >>> 0),
    vectors: { address: vectors >>> 0, count: count >>> 0 },
    result: result >>> 0,
  })
  return {
    fd_read: (descriptor: number, vectors: number, count: number, result: number) =>
      read(guest, call(descriptor, vectors, count, result)),
    fd_write: (descriptor: number, vectors: number, count: number, result: number) =>
      write(guest, call(descriptor, vectors, count, result)),
    fd_pread: (descriptor: number, vectors: number, count: number, offset: bigint, result: number) => {
      guest.descriptors.file(descriptor >>> 0)
      return read(guest, call(descriptor, vectors, count, result), BigInt.asUintN(64, offset))
    },
    fd_pwrite: (descriptor: number, vectors: number, count: number, offset: bigint, result: number) => {
      guest.descriptors.file(descriptor >>> 0)
      return write(guest, call(descriptor, vectors, count, result), BigInt.asUintN(64, offset))
    },
  }
}

interface Call {
  readonly descriptor: Descriptor
  readonly vectors: Vectors
  readonly result: number
}

function read(guest: Guest, { descriptor, vectors, result }: Call, offset?: bigint): Awaitable<Errno> {
  const { target } = descriptor
  if (target.kind === 'directory') fail(ERRNO.isdir)
  checkRights(descriptor, RIGHT.fdRead)
  checkVectors(guest, vectors, result)
  const size = sizeOfVectors(guest, vectors)
  const bytes =
    target.kind === 'file'
      ? readFile(descriptor, target, size, offset)
      : whenReady(guest, descriptor, FD_READ, () => target.read(size))
  return andThen(bytes, (found) => {
    scatter(guest, vectors, found)
    return tell(guest, result, found.length)
  })
}

function readFile(descriptor: Descriptor, file: OpenFile, size: number, at?: bigint): Awaitable<Uint8Array> {
  const offset = at ?? descriptor.offset
  if (offset > OFFSET_MAX) fail(ERRNO.inval)
  return andThen(file.read(offset, size), (bytes) => {
    if (at === undefined) descriptor.offset = offset + BigInt(bytes.length)
    return bytes
  })
}

function write(guest: Guest, { descriptor, vectors, result }: Call, offset?: bigint): Awaitable<Errno> {
  const { target } = descriptor
  if (target.kind === 'directory') fail(ERRNO.isdir)
  checkRights(descriptor, RIGHT.fdWrite)
  checkVectors(guest, vectors, result)
  const size =
    target.kind === 'file'
      ? writeFile(descriptor, target, gather(guest, vectors), offset)
      : whenReady(guest, descriptor, FD_WRITE, () => target.write(gather(guest, vectors)))
  return andThen(size, (written) => tell(guest, result, written))
}

function writeFile(descriptor: Descriptor, file: OpenFile, bytes: Uint8Array, at?: bigint): Awaitable<number> {
  const isAppending = (descriptor.flags & DESCRIPTOR_FLAG.append) !== 0
  if (!isAppending) return writeAt(descriptor, file, bytes, at ?? descriptor.offset, at === undefined)
  // as on Linux, appending wins over a position that is named
  const stat = file.stat()
  // the guest's memory may have another buffer when an answer comes later
  const kept = stat instanceof Promise ? bytes.slice() : bytes
  return andThen(stat, ({ size }) => writeAt(descriptor, file, kept, size, at === undefined))
}

function writeAt(
  descriptor: Descriptor,
  file: OpenFile,
  bytes: Uint8Array,
  offset: bigint,
  moves: boolean,
): Awaitable<number> {
  if (offset > OFFSET_MAX - BigInt(bytes.length)) fail(offset > OFFSET_MAX ? ERRNO.inval : ERRNO.fbig)
  return andThen(file.write(offset, bytes), (written) => {
    if (moves) descriptor.offset = offset + BigInt(written)
    if ((descriptor.flags & SYNCHRONOUS) === 0) return written
    return andThen(file.sync(), () => written)
  })
}

/** Charges for what was moved and tells how much it was. */
function tell(guest: Guest, result: number, size: number): Errno {
  guest.charge(Math.floor(size / COPIED_BYTES_PER_FUEL))
  guest.memory.view.setUint32(result, size, true)
  return ERRNO.success
}
