import { type Awaitable, andThen } from '../awaitable.ts'
import { FILE_TYPE, type FileStat, type FileTimes, type OpenDirectory, type OpenFile } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import { fail, succeed } from './answering.ts'
import { checkRights, type Descriptor } from './descriptors/descriptor.ts'
import { RIGHT } from './descriptors/rights.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'
import { FILESTAT_SIZE, type Snapshot, writeFilestat } from './structures.ts'

const OFFSET_MAX = 0x7fff_ffff_ffff_ffffn
const ADVICE_MAX = 5
/** Bits of `fstflags`. */
const TIME_FLAG = { accessed: 1, accessedNow: 2, modified: 4, modifiedNow: 8 } as const
const TIME_FLAGS = 15

/** What is asked of open files and directories as such: sizes, times, and that they reach the disk. */
export function fileFunctions(guest: Guest, snapshot: Snapshot): HostFunctions {
  const { descriptors } = guest
  return {
    fd_advise: (number: number, offset: bigint, size: bigint, advice: number) => {
      const descriptor = descriptors.file(number >>> 0)
      checkRights(descriptor, RIGHT.fdAdvise)
      return offset < 0n || size < 0n || advice >>> 0 > ADVICE_MAX ? ERRNO.inval : ERRNO.success
    },
    fd_allocate: (number: number, offset: bigint, size: bigint) =>
      allocate(guest, number >>> 0, BigInt.asUintN(64, offset), BigInt.asUintN(64, size)),
    fd_datasync: (number: number) => sync(descriptors.get(number >>> 0), RIGHT.fdDatasync),
    fd_filestat_get: (number: number, result: number) => getStat(guest, snapshot, number >>> 0, result >>> 0),
    fd_filestat_set_size: (number: number, size: bigint) => setSize(guest, number >>> 0, BigInt.asUintN(64, size)),
    fd_filestat_set_times: (number: number, accessed: bigint, modified: bigint, flags: number) => {
      const descriptor = descriptors.get(number >>> 0)
      const target = onDisk(descriptor, ERRNO.notsup)
      checkRights(descriptor, RIGHT.fdFilestatSetTimes)
      return andThen(target.setTimes(readTimes(guest, accessed, modified, flags >>> 0)), succeed)
    },
    fd_sync: (number: number) => sync(descriptors.get(number >>> 0), RIGHT.fdSync),
  }
}

/** The times that a call wants set. @throws {FileError} `inval` if its flags contradict each other */
export function readTimes(guest: Guest, accessed: bigint, modified: bigint, flags: number): FileTimes {
  const has = (flag: number): boolean => (flags & flag) !== 0
  if (flags > TIME_FLAGS || (has(TIME_FLAG.accessed) && has(TIME_FLAG.accessedNow))) fail(ERRNO.inval)
  if (has(TIME_FLAG.modified) && has(TIME_FLAG.modifiedNow)) fail(ERRNO.inval)
  const times: { accessedNs?: bigint; modifiedNs?: bigint } = {}
  if (has(TIME_FLAG.accessed)) times.accessedNs = BigInt.asUintN(64, accessed)
  if (has(TIME_FLAG.accessedNow)) times.accessedNs = guest.nowNs
  if (has(TIME_FLAG.modified)) times.modifiedNs = BigInt.asUintN(64, modified)
  if (has(TIME_FLAG.modifiedNow)) times.modifiedNs = guest.nowNs
  return times
}

function onDisk({ target }: Descriptor, errno: Errno): OpenFile | OpenDirectory {
  return target.kind === 'stream' ? fail(errno) : target
}

function sync(descriptor: Descriptor, right: bigint): Awaitable<Errno> {
  const target = onDisk(descriptor, ERRNO.inval)
  checkRights(descriptor, right)
  return andThen(target.sync(), succeed)
}

/** A file that may be resized: like `ftruncate`, this needs it open for writing or with the right of its own. */
function resizable(guest: Guest, number: number, right: bigint): OpenFile {
  const descriptor = guest.descriptors.get(number)
  const { target } = descriptor
  if (target.kind === 'stream') fail(ERRNO.inval)
  if (target.kind === 'directory') fail(ERRNO.isdir)
  checkRights(descriptor, right)
  if ((descriptor.rights.base & (right | RIGHT.fdWrite)) === 0n) fail(ERRNO.notcapable)
  return target
}

function setSize(guest: Guest, number: number, size: bigint): Awaitable<Errno> {
  const file = resizable(guest, number, RIGHT.fdFilestatSetSize)
  return size > OFFSET_MAX ? ERRNO.fbig : andThen(file.setSize(size), succeed)
}

function allocate(guest: Guest, number: number, offset: bigint, size: bigint): Awaitable<Errno> {
  const file = resizable(guest, number, RIGHT.fdAllocate)
  if (size === 0n || offset > OFFSET_MAX) return ERRNO.inval
  const end = offset + size
  if (end > OFFSET_MAX) return ERRNO.fbig
  return andThen(file.stat(), (stat) => (stat.size >= end ? ERRNO.success : andThen(file.setSize(end), succeed)))
}

function getStat(guest: Guest, snapshot: Snapshot, number: number, result: number): Awaitable<Errno> {
  const descriptor = guest.descriptors.get(number)
  if (!guest.memory.has(result, FILESTAT_SIZE[snapshot])) return ERRNO.fault
  checkRights(descriptor, RIGHT.fdFilestatGet)
  const { target } = descriptor
  const stat = target.kind === 'stream' ? streamStat(target.type) : target.stat()
  return andThen(stat, (found) => {
    writeFilestat(guest, snapshot, result, found)
    return ERRNO.success
  })
}

function streamStat(type: FileStat['type']): FileStat {
  const links = type === FILE_TYPE.characterDevice ? 0n : 1n
  return { device: 0n, inode: 0n, type, links, size: 0n, accessedNs: 0n, modifiedNs: 0n, changedNs: 0n }
}
