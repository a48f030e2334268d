import type { OpenDirectory } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import { COPIED_BYTES_PER_FUEL, PATH_SIZE_MAX } from '../limits.ts'
import { fail } from './answering.ts'
import { checkRights, type Descriptor } from './descriptors/descriptor.ts'
import { ERRNO } from './errno.ts'

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A path as a guest names it: relative to a directory that it has open. */
export interface PathArgument {
  readonly from: Descriptor<OpenDirectory>
  readonly directory: OpenDirectory
  readonly path: string
}

/**
 * Reads a path and the directory that it starts from.
 *
 * @param right - what the directory must not have given up
 * @throws {FileError} `badf`, `notdir`, `notcapable` for the directory; `fault`, `nametoolong`, `ilseq`, `inval` for the path
 */
export function readPath(guest: Guest, number: number, address: number, size: number, right: bigint): PathArgument {
  const from = guest.descriptors.directory(number >>> 0)
  checkRights(from, right)
  return { from, directory: from.target, path: readPathText(guest, address, size) }
}

/** Reads a path or the target of a link. @throws {FileError} `fault`, `nametoolong`, `ilseq`, `inval` if it holds NUL */
export function readPathText(guest: Guest, address: number, size: number): string {
  const start = address >>> 0
  const length = size >>> 0
  if (!guest.memory.has(start, length)) fail(ERRNO.fault)
  if (length > PATH_SIZE_MAX) fail(ERRNO.nametoolong)
  guest.charge(Math.floor(length / COPIED_BYTES_PER_FUEL))
  const path = decode(guest.memory.copy(start, length))
  return path.includes('\0') ? fail(ERRNO.inval) : path
}

function decode(bytes: Uint8Array): string {
  try {
    return text.decode(bytes)
  } catch {
    return fail(ERRNO.ilseq)
  }
}
