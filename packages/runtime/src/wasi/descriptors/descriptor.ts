import { FileError } from '../../fs/file-error.ts'
import type { DirectoryEntry, OpenDirectory, OpenFile, OpenStream } from '../../fs/file-system.ts'
import { ERRNO } from '../errno.ts'
import { DIRECTORY_RIGHTS, FILE_RIGHTS, RIGHT, STREAM_RIGHTS } from './rights.ts'

/** Flags of a descriptor. Source: `typenames.witx`, `$fdflags`. */
export const DESCRIPTOR_FLAG = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const
/** All of {@link DESCRIPTOR_FLAG}. */
export const DESCRIPTOR_FLAGS = 31

/** What a descriptor may be used for. */
export interface Rights {
  /** What is reported for the descriptor itself; reading and writing need theirs. */
  base: bigint
  /** What is reported for what is opened from it. */
  inheriting: bigint
  /** Given up with `fd_fdstat_set_rights`, here or where it was opened from; needed rights must not be among them. */
  dropped: bigint
  /** Given up for what is opened from it. */
  droppedInheriting: bigint
}

/** An open file description: what one descriptor number stands for. */
export interface Descriptor<
  Target extends OpenFile | OpenDirectory | OpenStream = OpenFile | OpenDirectory | OpenStream,
> {
  readonly target: Target
  readonly rights: Rights
  /** Bits of {@link DESCRIPTOR_FLAG}. */
  flags: number
  /** Where a file is read and written next. */
  offset: bigint
  /** Entries of a directory as they were when the guest last began to list it, so that cookies stay what they were. */
  listing: readonly DirectoryEntry[] | undefined
  /** The guest's path of a preopened directory, UTF-8. */
  readonly preopenedPath: Uint8Array | undefined
}

/** How a descriptor begins; what is left out is what its kind has when it is new. */
export interface DescriptorOptions {
  readonly rights?: Rights
  readonly flags?: number
  readonly preopenedPath?: Uint8Array
}

/** A descriptor of something that has just been opened. */
export function createDescriptor<Target extends OpenFile | OpenDirectory | OpenStream>(
  target: Target,
  options: DescriptorOptions = {},
): Descriptor<Target> {
  const { rights = allRights(target.kind), flags = 0, preopenedPath } = options
  return { target, rights, flags, offset: 0n, listing: undefined, preopenedPath }
}

/** Everything that can be done with something of this kind. */
export function rightsOfKind(kind: 'file' | 'directory' | 'stream'): bigint {
  if (kind === 'stream') return STREAM_RIGHTS
  return kind === 'file' ? FILE_RIGHTS : DIRECTORY_RIGHTS
}

/** All rights of a kind, none given up. */
function allRights(kind: 'file' | 'directory' | 'stream'): Rights {
  const inheriting = kind === 'directory' ? DIRECTORY_RIGHTS | FILE_RIGHTS : 0n
  return { base: rightsOfKind(kind), inheriting, dropped: 0n, droppedInheriting: 0n }
}

/**
 * Checks that a descriptor may be used for something.
 *
 * Programs of the last years ask for few rights when they open and then do more, as no runtime stops them. So only
 * reading and writing need to have been asked for; any other right is missing only if it was given up.
 *
 * @throws {FileError} `notcapable`
 */
export function checkRights({ rights }: Descriptor, needed: bigint): void {
  const missing = (needed & rights.dropped) | (needed & (RIGHT.fdRead | RIGHT.fdWrite) & ~rights.base)
  if (missing !== 0n) throw new FileError(ERRNO.notcapable)
}
