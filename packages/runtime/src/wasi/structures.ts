import type { FileStat } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import type { Descriptor } from './descriptors/descriptor.ts'

/** Which layout of structures, and which numbers, a guest was compiled against. */
export type Snapshot = 'snapshot' | 'unstable'

/** Bytes of `fdstat`. */
export const FDSTAT_SIZE = 24
/** Bytes of `prestat`. */
export const PRESTAT_SIZE = 8
/** Bytes of a `dirent`, which the entry's name follows. */
export const DIRENT_SIZE = 24
/** Sizes of `filestat`: the unstable snapshot had a 32-bit link count. */
export const FILESTAT_SIZE: Readonly<Record<Snapshot, number>> = { snapshot: 64, unstable: 56 }

/** Writes a `filestat`, whose place has been checked. Source: `typenames.witx` of both snapshots. */
export function writeFilestat({ memory }: Guest, snapshot: Snapshot, at: number, stat: FileStat): void {
  const { bytes, view } = memory
  bytes.fill(0, at, at + FILESTAT_SIZE[snapshot])
  view.setBigUint64(at, stat.device, true)
  view.setBigUint64(at + 8, stat.inode, true)
  view.setUint8(at + 16, stat.type)
  if (snapshot === 'snapshot') view.setBigUint64(at + 24, stat.links, true)
  else view.setUint32(at + 20, Number(BigInt.asUintN(32, stat.links)), true)
  const rest = at + (snapshot === 'snapshot' ? 32 : 24)
  view.setBigUint64(rest, stat.size, true)
  view.setBigUint64(rest + 8, stat.accessedNs, true)
  view.setBigUint64(rest + 16, stat.modifiedNs, true)
  view.setBigUint64(rest + 24, stat.changedNs, true)
}

/** Writes an `fdstat`, whose place has been checked. */
export function writeFdstat({ memory }: Guest, at: number, descriptor: Descriptor, type: number): void {
  const { bytes, view } = memory
  bytes.fill(0, at, at + FDSTAT_SIZE)
  view.setUint8(at, type)
  view.setUint16(at + 2, descriptor.flags, true)
  view.setBigUint64(at + 8, descriptor.rights.base, true)
  view.setBigUint64(at + 16, descriptor.rights.inheriting, true)
}
