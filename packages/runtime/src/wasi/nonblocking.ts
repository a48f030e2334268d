import type { Awaitable } from '../awaitable.ts'
import type { Guest } from '../guest/guest.ts'
import { fail } from './answering.ts'
import { DESCRIPTOR_FLAG, type Descriptor } from './descriptors/descriptor.ts'
import { ERRNO } from './errno.ts'
import { pollHost } from './poll-host.ts'

/**
 * Uses a stream: at once, or, if it is the host's and its descriptor is `nonblock`, only if that would not wait.
 *
 * @param type - `FD_READ` or `FD_WRITE`
 * @throws {FileError} `again` if it would wait, here or through the promise
 */
export function whenReady<T>(
  guest: Guest,
  descriptor: Descriptor,
  type: number,
  use: () => Awaitable<T>,
): Awaitable<T> {
  const { target, flags } = descriptor
  const isWaiting = (flags & DESCRIPTOR_FLAG.nonblock) === 0
  if (isWaiting || target.kind !== 'stream' || target.hostHandle === undefined) return use()
  const looked = pollHost(guest, [{ userdata: 0n, type, handle: target.hostHandle }], 0n)
  return looked.then((ready) => (ready.length === 0 ? fail(ERRNO.again) : use()))
}
