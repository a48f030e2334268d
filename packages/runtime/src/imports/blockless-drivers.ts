import type { Awaitable } from '../awaitable.ts'
import type { Guest } from '../guest/guest.ts'
import type { HostAnswer } from '../host-call/host-call.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { DRIVER_ERRORS } from './driver-errors.ts'
import { checkInside, readBytes, readText, writeU32 } from './guest-values.ts'
import { addRemoteStream } from './remote-stream.ts'

/** What a URL that could not be opened is for the guest; a driver's own error goes through as it is. */
const ERRORS: Readonly<Record<string, number>> = {
  parameter: DRIVER_ERRORS.bad_params,
  denied: DRIVER_ERRORS.permission_deny,
  'unknown-driver': DRIVER_ERRORS.bad_driver,
  unavailable: DRIVER_ERRORS.bad_driver,
  refused: DRIVER_ERRORS.bad_connect,
  reset: DRIVER_ERRORS.bad_connect,
  unreachable: DRIVER_ERRORS.bad_connect,
  'unknown-host': DRIVER_ERRORS.bad_connect,
  failed: DRIVER_ERRORS.bad_connect,
  timeout: DRIVER_ERRORS.bad_connect,
  'address-in-use': DRIVER_ERRORS.addrinuse,
  'address-not-available': DRIVER_ERRORS.addrnotavail,
}

/** The module `blockless_drivers`: opens a URL with the driver of its scheme, for reading and writing through WASI. */
export function blocklessDriversFunctions(guest: Guest): HostFunctions {
  return {
    blockless_open: (url: number, urlSize: number, options: number, optionsSize: number, result: number) =>
      open(guest, readText(guest, url, urlSize), readBytes(guest, options, optionsSize), result),
  }
}

function open(guest: Guest, url: string | undefined, options: Uint8Array, result: number): Awaitable<number> {
  checkInside(guest, result, 4)
  if (url === undefined || url.length > URL_LENGTH_MAX) return DRIVER_ERRORS.bad_params
  if (guest.descriptors.isFull) return DRIVER_ERRORS.bad_open
  return opened(guest, guest.ask('stream.open', { url }, options), result)
}

async function opened(guest: Guest, asked: Promise<HostAnswer>, result: number): Promise<number> {
  const answer = await asked
  if (answer.status !== 'ok') return errorOf(answer)
  const descriptor = await addRemoteStream(guest, answer)
  if (descriptor === undefined) return DRIVER_ERRORS.bad_open
  writeU32(guest, result, descriptor)
  return DRIVER_ERRORS.success
}

function errorOf({ status, fields }: HostAnswer): number {
  if (status === 'driver' && typeof fields['error'] === 'number') return fields['error']
  return ERRORS[status] ?? DRIVER_ERRORS.bad_open
}

const URL_LENGTH_MAX = 8192
