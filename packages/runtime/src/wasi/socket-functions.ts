import { type Awaitable, andThen } from '../awaitable.ts'
import { FILE_TYPE, type OpenStream } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import { COPIED_BYTES_PER_FUEL } from '../limits.ts'
import { fail, succeed } from './answering.ts'
import { checkRights, DESCRIPTOR_FLAG, type Descriptor } from './descriptors/descriptor.ts'
import { RIGHT } from './descriptors/rights.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'
import { whenReady } from './nonblocking.ts'
import { FD_READ, FD_WRITE } from './poll-host.ts'
import { checkVectors, concatenate, gather, scatter, sizeOfVectors, type Vectors } from './vectors.ts'

/** Bits of `riflags`; there is no way to look at bytes without taking them. */
const RECEIVE = { peek: 1, waitAll: 2 } as const
/** Bits of `sdflags`. */
const SHUTDOWN = { read: 1, write: 2 } as const

/** `sock_*` on sockets that other import modules opened. */
export function socketFunctions(guest: Guest): HostFunctions {
  return {
    sock_accept: (number: number, flags: number, result: number) => accept(guest, number, flags >>> 0, result >>> 0),
    sock_recv: (number: number, vectors: number, count: number, flags: number, size: number, outFlags: number) =>
      receive(guest, socketOf(guest, number, RIGHT.fdRead), {
        vectors: { address: vectors >>> 0, count: count >>> 0 },
        flags: flags >>> 0,
        size: size >>> 0,
        outFlags: outFlags >>> 0,
      }),
    sock_send: (number: number, vectors: number, count: number, flags: number, size: number) => {
      const socket = socketOf(guest, number, RIGHT.fdWrite)
      const from = { address: vectors >>> 0, count: count >>> 0 }
      checkVectors(guest, from, size >>> 0)
      if (flags !== 0) return ERRNO.inval
      const sent = whenReady(guest, socket, FD_WRITE, () => socket.target.write(gather(guest, from)))
      return andThen(sent, (written) => tell(guest, size >>> 0, written))
    },
    sock_shutdown: (number: number, how: number) => {
      const { target } = socketOf(guest, number, RIGHT.sockShutdown)
      const directions = how >>> 0
      if (directions === 0 || directions > (SHUTDOWN.read | SHUTDOWN.write)) return ERRNO.inval
      const closed = target.shutdown((how & SHUTDOWN.read) !== 0, (how & SHUTDOWN.write) !== 0)
      return andThen(closed, succeed)
    },
  }
}

function socketOf(guest: Guest, number: number, right: bigint): Descriptor<OpenStream> {
  const descriptor = guest.descriptors.get(number >>> 0)
  const { target } = descriptor
  if (target.kind !== 'stream' || target.type === FILE_TYPE.characterDevice) fail(ERRNO.notsock)
  checkRights(descriptor, right)
  return descriptor as Descriptor<OpenStream>
}

function accept(guest: Guest, number: number, flags: number, result: number): Awaitable<Errno> {
  const socket = socketOf(guest, number, RIGHT.sockAccept)
  if (!guest.memory.has(result, 4)) return ERRNO.fault
  if ((flags & ~DESCRIPTOR_FLAG.nonblock) !== 0) return ERRNO.inval
  if (guest.descriptors.isFull) return ERRNO.mfile
  return andThen(
    whenReady(guest, socket, FD_READ, () => socket.target.accept()),
    (connection) => {
      guest.memory.view.setUint32(result, guest.descriptors.add(connection, { flags }), true)
      return ERRNO.success
    },
  )
}

interface Receive {
  readonly vectors: Vectors
  readonly flags: number
  readonly size: number
  readonly outFlags: number
}

function receive(guest: Guest, socket: Descriptor<OpenStream>, call: Receive): Awaitable<Errno> {
  const { target } = socket
  checkVectors(guest, call.vectors, call.size)
  if (!guest.memory.has(call.outFlags, 2)) return ERRNO.fault
  if ((call.flags & RECEIVE.peek) !== 0) return ERRNO.notsup
  if (call.flags > (RECEIVE.peek | RECEIVE.waitAll)) return ERRNO.inval
  const wanted = sizeOfVectors(guest, call.vectors)
  const isWhole = (call.flags & RECEIVE.waitAll) !== 0
  const received = whenReady(guest, socket, FD_READ, () =>
    isWhole ? readAll(target, wanted, 0, []) : target.read(wanted),
  )
  return andThen(received, (bytes) => {
    scatter(guest, call.vectors, bytes)
    guest.memory.view.setUint16(call.outFlags, 0, true)
    return tell(guest, call.size, bytes.length)
  })
}

/** Reads until `left` bytes more are there, or the stream ends. */
function readAll(stream: OpenStream, left: number, found: number, parts: Uint8Array[]): Awaitable<Uint8Array> {
  return andThen(stream.read(left), (bytes) => {
    parts.push(bytes)
    const total = found + bytes.length
    if (bytes.length > 0 && bytes.length < left) return readAll(stream, left - bytes.length, total, parts)
    return concatenate(parts, total)
  })
}

function tell(guest: Guest, result: number, size: number): Errno {
  guest.charge(Math.floor(size / COPIED_BYTES_PER_FUEL))
  guest.memory.view.setUint32(result, size, true)
  return ERRNO.success
}
