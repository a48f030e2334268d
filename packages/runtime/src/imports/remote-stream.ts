import { FileError } from '../fs/file-error.ts'
import { FILE_TYPE, type OpenStream } from '../fs/file-system.ts'
import type { Guest } from '../guest/guest.ts'
import type { HostAnswer } from '../host-call/host-call.ts'
import { ERRNO, type Errno } from '../wasi/errno.ts'

const ERRNOS: Readonly<Record<string, Errno>> = {
  'bad-handle': ERRNO.badf,
  closed: ERRNO.pipe,
  denied: ERRNO.acces,
  limit: ERRNO.nobufs,
  'not-connected': ERRNO.notconn,
  'not-listening': ERRNO.notsock,
  refused: ERRNO.connrefused,
  reset: ERRNO.connreset,
  timeout: ERRNO.timedout,
  unreachable: ERRNO.hostunreach,
}
/** Errors of drivers that WASI has a number for; the others are faults of input and output. */
const DRIVER_ERRNOS: readonly Errno[] = [
  ERRNO.io,
  ERRNO.io,
  ERRNO['2big'],
  ERRNO.acces,
  ERRNO.addrinuse,
  ERRNO.addrnotavail,
  ERRNO.afnosupport,
  ERRNO.again,
  ERRNO.badf,
]

/** Bytes of one write, which may take a part: far below what a host call may carry, and the most a read gives. */
const WRITE_SIZE_MAX = 1024 * 1024

/** A stream that the host holds for the run, as a file descriptor of the guest. */
function createRemoteStream(guest: Guest, handle: number): OpenStream {
  return {
    kind: 'stream',
    type: FILE_TYPE.socketStream,
    hostHandle: handle,
    read: async (size) => granted(await guest.ask('stream.read', { handle, size })).bytes,
    write: async (bytes) =>
      numberOf(await guest.ask('stream.write', { handle }, bytes.subarray(0, WRITE_SIZE_MAX)), 'size'),
    accept: async () => createRemoteStream(guest, numberOf(await guest.ask('stream.accept', { handle }), 'handle')),
    shutdown: async (read, write) => void granted(await guest.ask('stream.shutdown', { handle, read, write })),
    close: async () => void granted(await guest.ask('stream.close', { handle })),
  }
}

/**
 * Gives the guest a descriptor for what the host has opened.
 *
 * @returns undefined if it has too many already; the stream is then closed
 */
export async function addRemoteStream(guest: Guest, answer: HostAnswer): Promise<number | undefined> {
  const stream = createRemoteStream(guest, numberOf(answer, 'handle'))
  if (!guest.descriptors.isFull) return guest.descriptors.add(stream)
  await stream.close()
  return undefined
}

/** A number of an answer of ours. @throws {FileError} if the answer is a refusal */
function numberOf(answer: HostAnswer, field: string): number {
  const value = granted(answer).fields[field]
  if (typeof value !== 'number') throw new Error(`The host answered without "${field}"`)
  return value
}

function granted(answer: HostAnswer): HostAnswer {
  if (answer.status === 'ok') return answer
  const { error } = answer.fields
  if (answer.status === 'driver' && typeof error === 'number') throw new FileError(DRIVER_ERRNOS[error] ?? ERRNO.io)
  throw new FileError(ERRNOS[answer.status] ?? ERRNO.io)
}
