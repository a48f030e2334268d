import type { Guest } from '../guest/guest.ts'
import { CALL_BYTES_SIZE_MAX, CALL_TEXT_SIZE_MAX } from '../host-call/call-sizes.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { checkInside, readBytes, readText, writeU32 } from './guest-values.ts'
import { ReadAhead } from './read-ahead.ts'

/** Errors of `blockless_s3.witx`. */
const SUCCESS = 0
const UTF8 = 2
const PARAMETER = 4
const RUNTIME = 9
const TOO_MANY = 10
const CODES: ReadonlyMap<string, number> = new Map([
  ['ok', SUCCESS],
  ['bad-handle', 1],
  ['parameter', PARAMETER],
  ['encoding', 5],
  ['credentials', 6],
  ['region', 7],
  ['failed', 8],
  ['timeout', 8],
  ['limit', TOO_MANY],
  ['unavailable', 11],
  ['denied', 12],
])
const COMMAND_MAX = 4

/** The module `blockless_s3`: buckets of servers that speak S3. */
export function blocklessS3Functions(guest: Guest): HostFunctions {
  const bodies = (): ReadAhead => guest.ofRun(createBodies)
  return {
    bucket_command: async (command: number, options: number, size: number, handle: number) => {
      checkInside(guest, handle, 4)
      const text = readText(guest, options, size)
      if (text === undefined) return UTF8
      // the number is an u16
      const number = command & 0xffff
      if (number < 1 || number > COMMAND_MAX || size >>> 0 > CALL_TEXT_SIZE_MAX) return PARAMETER
      const { status, fields } = await guest.ask('s3.command', { command: number, options: text })
      if (status === 'ok') writeU32(guest, handle, Number(fields.handle))
      return codeOf(status)
    },
    bucket_put_object: async (options: number, size: number, address: number, length: number) => {
      const text = readText(guest, options, size)
      const bytes = readBytes(guest, address, length)
      if (text === undefined) return UTF8
      if (size >>> 0 > CALL_TEXT_SIZE_MAX) return PARAMETER
      if (bytes.length > CALL_BYTES_SIZE_MAX) return TOO_MANY
      const { status } = await guest.ask('s3.put', { options: text }, bytes)
      return codeOf(status)
    },
    s3_read: async (handle: number, address: number, size: number, result: number) => {
      checkInside(guest, address, size)
      checkInside(guest, result, 4)
      if (size === 0) return PARAMETER
      const buffer = { address: address >>> 0, size: size >>> 0 }
      const { status, count } = await bodies().read(guest, 's3.read', handle >>> 0, buffer)
      if (status === 'ok') writeU32(guest, result, count)
      return codeOf(status)
    },
    s3_close: async (handle: number) => {
      bodies().drop(handle >>> 0)
      const { status } = await guest.ask('s3.close', { handle: handle >>> 0 })
      return codeOf(status)
    },
  }
}

function createBodies(): ReadAhead {
  return new ReadAhead()
}

function codeOf(status: string): number {
  return CODES.get(status) ?? RUNTIME
}
