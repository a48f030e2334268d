import type { Guest } from '../guest/guest.ts'
import type { HostAnswer } from '../host-call/host-call.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { checkInside, readBytes, writeBytes, writeU32 } from './guest-values.ts'

/** Errors of `blockless_cgi.witx`. */
const SUCCESS = 0
const INVALID_HANDLE = 1
const RUNTIME = 2
const PARAMETER = 3
const INVALID_EXTENSION = 4

const ERRORS: Readonly<Record<string, number>> = {
  ok: SUCCESS,
  'bad-handle': INVALID_HANDLE,
  parameter: PARAMETER,
  denied: INVALID_EXTENSION,
  'unknown-extension': INVALID_EXTENSION,
  unusable: INVALID_EXTENSION,
  unavailable: INVALID_EXTENSION,
}

/** The module `blockless_cgi`: starts executables that the operator installed, and talks with them over their pipes. */
export function blocklessCgiFunctions(guest: Guest): HostFunctions {
  const reads =
    (from: string) =>
    (handle: number, buffer: number, size: number, result: number): Promise<number> =>
      read(guest, from, { handle: handle >>> 0, buffer, size: size >>> 0, result })
  return {
    cgi_open: (json: number, size: number, result: number) => {
      const bytes = readBytes(guest, json, size)
      checkInside(guest, result, 4)
      return number(guest, guest.ask('cgi.open', {}, bytes), 'handle', result)
    },
    cgi_stdout_read: reads('stdout'),
    cgi_stderr_read: reads('stderr'),
    cgi_list_read: reads('list'),
    cgi_stdin_write: (handle: number, buffer: number, size: number, result: number) => {
      const bytes = readBytes(guest, buffer, size)
      checkInside(guest, result, 4)
      return number(guest, guest.ask('cgi.write', { handle: handle >>> 0 }, bytes), 'size', result)
    },
    cgi_close: async (handle: number) => errorOf(await guest.ask('cgi.close', { handle: handle >>> 0 })),
    cgi_list_exec: (result: number) => {
      checkInside(guest, result, 4)
      return number(guest, guest.ask('cgi.list'), 'handle', result)
    },
  }
}

/** Passes on one number of an answer. */
async function number(guest: Guest, asked: Promise<HostAnswer>, field: string, result: number): Promise<number> {
  const answer = await asked
  const value = answer.fields[field]
  if (answer.status !== 'ok' || typeof value !== 'number') return errorOf(answer)
  writeU32(guest, result, value)
  return SUCCESS
}

interface ReadCall {
  readonly handle: number
  readonly buffer: number
  readonly size: number
  readonly result: number
}

async function read(guest: Guest, from: string, { handle, buffer, size, result }: ReadCall): Promise<number> {
  checkInside(guest, buffer, size)
  checkInside(guest, result, 4)
  const answer = await guest.ask('cgi.read', { from, handle, size })
  if (answer.status !== 'ok') return errorOf(answer)
  writeU32(guest, result, writeBytes(guest, buffer, size, answer.bytes))
  return SUCCESS
}

function errorOf({ status }: HostAnswer): number {
  return ERRORS[status] ?? RUNTIME
}
