import { type Awaitable, andThen } from '../awaitable.ts'
import type { OpenDirectory, OpenFile } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import { checkRights, DESCRIPTOR_FLAGS, type Rights, rightsOfKind } from './descriptors/descriptor.ts'
import { RIGHT } from './descriptors/rights.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'
import { type PathArgument, readPath } from './path-argument.ts'
import { followsOf } from './path-functions.ts'

/** Bits of `oflags`. */
const OPEN = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const
const OPEN_FLAGS = 15

/** `path_open`. */
export function openFunction(guest: Guest): HostFunctions {
  return {
    path_open: (
      number: number,
      lookup: number,
      address: number,
      size: number,
      how: number,
      base: bigint,
      inheriting: bigint,
      flags: number,
      result: number,
    ) =>
      open(guest, readPath(guest, number, address, size, RIGHT.pathOpen), {
        followSymlink: followsOf(lookup),
        how: how >>> 0,
        base: BigInt.asUintN(64, base),
        inheriting: BigInt.asUintN(64, inheriting),
        flags: flags >>> 0,
        result: result >>> 0,
      }),
  }
}

interface Wish {
  readonly followSymlink: boolean
  /** Bits of {@link OPEN}. */
  readonly how: number
  readonly base: bigint
  readonly inheriting: bigint
  readonly flags: number
  readonly result: number
}

function open(guest: Guest, { from, directory, path }: PathArgument, wish: Wish): Awaitable<Errno> {
  const has = (flag: number): boolean => (wish.how & flag) !== 0
  if (!guest.memory.has(wish.result, 4)) return ERRNO.fault
  if (wish.how > OPEN_FLAGS || wish.flags > DESCRIPTOR_FLAGS || (has(OPEN.create) && has(OPEN.directory))) {
    return ERRNO.inval
  }
  if (has(OPEN.create)) checkRights(from, RIGHT.pathCreateFile)
  if (has(OPEN.truncate)) checkRights(from, RIGHT.pathFilestatSetSize)
  if (guest.descriptors.isFull) return ERRNO.mfile
  const granted = wish.base & from.rights.inheriting
  const opened = directory.open(path, {
    read: (granted & RIGHT.fdRead) !== 0n,
    write: (granted & RIGHT.fdWrite) !== 0n,
    create: has(OPEN.create),
    exclusive: has(OPEN.exclusive),
    truncate: has(OPEN.truncate),
    directory: has(OPEN.directory),
    followSymlink: wish.followSymlink,
  })
  return andThen(opened, (target) => {
    const number = guest.descriptors.add(target, {
      rights: rightsOf(target, granted, from.rights, wish),
      flags: wish.flags,
    })
    guest.memory.view.setUint32(wish.result, number, true)
    return ERRNO.success
  })
}

/** What was asked for, as far as the directory passes it on and the kind of file has it: the rest is left out silently. */
function rightsOf(target: OpenFile | OpenDirectory, granted: bigint, parent: Rights, wish: Wish): Rights {
  return {
    base: granted & rightsOfKind(target.kind),
    inheriting: target.kind === 'directory' ? wish.inheriting & parent.inheriting : 0n,
    dropped: parent.droppedInheriting,
    droppedInheriting: parent.droppedInheriting,
  }
}
