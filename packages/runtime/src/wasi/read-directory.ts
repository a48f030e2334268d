import { type Awaitable, andThen } from '../awaitable.ts'
import type { DirectoryEntry, OpenDirectory } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import { COPIED_BYTES_PER_FUEL, ENTRY_FUEL } from '../limits.ts'
import { checkRights, type Descriptor } from './descriptors/descriptor.ts'
import { RIGHT } from './descriptors/rights.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'
import { DIRENT_SIZE } from './structures.ts'

/** `fd_readdir`: a cookie is the number of entries before it, in the listing that began with cookie 0. */
export function readDirectoryFunctions(guest: Guest): HostFunctions {
  return {
    fd_readdir: (number: number, address: number, size: number, cookie: bigint, result: number) => {
      const descriptor = guest.descriptors.directory(number >>> 0)
      checkRights(descriptor, RIGHT.fdReaddir)
      const buffer = { address: address >>> 0, size: size >>> 0, result: result >>> 0 }
      return readDirectory(guest, descriptor, BigInt.asUintN(64, cookie), buffer)
    },
  }
}

interface Buffer {
  readonly address: number
  readonly size: number
  readonly result: number
}

function readDirectory(
  guest: Guest,
  descriptor: Descriptor<OpenDirectory>,
  cookie: bigint,
  buffer: Buffer,
): Awaitable<Errno> {
  if (!guest.memory.has(buffer.address, buffer.size) || !guest.memory.has(buffer.result, 4)) return ERRNO.fault
  const known = cookie === 0n ? undefined : descriptor.listing
  return andThen(known ?? list(guest, descriptor), (entries) => {
    const first = cookie < BigInt(entries.length) ? Number(cookie) : entries.length
    const used = writeEntries(guest, entries, first, buffer)
    guest.charge(Math.floor(used / COPIED_BYTES_PER_FUEL))
    guest.memory.view.setUint32(buffer.result, used, true)
    return ERRNO.success
  })
}

function list(guest: Guest, descriptor: Descriptor<OpenDirectory>): Awaitable<readonly DirectoryEntry[]> {
  return andThen(descriptor.target.list(), (entries) => {
    guest.charge(entries.length * ENTRY_FUEL)
    guest.descriptors.keepListing(descriptor, entries)
    return entries
  })
}

/** Fills the buffer; an entry that does not fit is cut off, which tells the guest that there is more. */
function writeEntries(guest: Guest, entries: readonly DirectoryEntry[], first: number, buffer: Buffer): number {
  const end = buffer.address + buffer.size
  const record = new Uint8Array(DIRENT_SIZE)
  const view = new DataView(record.buffer)
  const encoder = new TextEncoder()
  let at = buffer.address
  for (let index = first; index < entries.length && at < end; index++) {
    const entry = entries[index] as DirectoryEntry
    const name = encoder.encode(entry.name)
    view.setBigUint64(0, BigInt(index + 1), true)
    view.setBigUint64(8, entry.inode, true)
    view.setUint32(16, name.length, true)
    view.setUint8(20, entry.type)
    at = writeBounded(guest.memory.bytes, record, at, end)
    at = writeBounded(guest.memory.bytes, name, at, end)
  }
  return at - buffer.address
}

function writeBounded(memory: Uint8Array, bytes: Uint8Array, at: number, end: number): number {
  const kept = bytes.subarray(0, end - at)
  memory.set(kept, at)
  return at + kept.length
}
