import type { Awaitable } from '../awaitable.ts'
import type { Guest } from '../guest/guest.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { checkInside, readText, writeU32 } from './guest-values.ts'
import { addRemoteStream } from './remote-stream.ts'

/** Errors of `blockless_socket.witx`. */
const SUCCESS = 0
const PARAMETER = 1
const CONNECTION_REFUSED = 2
const ERRORS: Readonly<Record<string, number>> = { parameter: PARAMETER, reset: 3, 'address-in-use': 4 }

/**
 * The module `blockless_socket`: TCP connections and listeners, which are then read, written, accepted on and closed
 * through WASI.
 *
 * Whatever keeps a connection from being made is "refused" here, also that it is not allowed: there is no other word.
 */
export function blocklessSocketFunctions(guest: Guest): HostFunctions {
  return {
    tcp_connect: (address: number, size: number, result: number) =>
      open(guest, 'stream.connect', { address, size, result }),
    create_tcp_bind_socket: (address: number, size: number, result: number) =>
      open(guest, 'stream.listen', { address, size, result }),
  }
}

interface OpenCall {
  readonly address: number
  readonly size: number
  readonly result: number
}

function open(guest: Guest, name: string, call: OpenCall): Awaitable<number> {
  const address = readText(guest, call.address, call.size)
  checkInside(guest, call.result, 4)
  // the host reads no longer text, and no address has as many characters
  if (address === undefined || address.length > ADDRESS_LENGTH_MAX) return PARAMETER
  if (guest.descriptors.isFull) return CONNECTION_REFUSED
  return opened(guest, name, address, call.result)
}

async function opened(guest: Guest, name: string, address: string, result: number): Promise<number> {
  const answer = await guest.ask(name, { address })
  if (answer.status !== 'ok') return ERRORS[answer.status] ?? CONNECTION_REFUSED
  const descriptor = await addRemoteStream(guest, answer)
  if (descriptor === undefined) return CONNECTION_REFUSED
  writeU32(guest, result, descriptor)
  return SUCCESS
}

const ADDRESS_LENGTH_MAX = 300
