import type { Guest } from '../guest/guest.ts'
import { CALL_BYTES_SIZE_MAX, CALL_TEXT_SIZE_MAX } from '../host-call/call-sizes.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { checkInside, readBytes, readText, writeU32 } from './guest-values.ts'
import { ReadAhead } from './read-ahead.ts'

/** Errors of `blockless_ipfs.witx`. */
const SUCCESS = 0
const UTF8 = 2
const PARAMETER = 4
const RUNTIME = 7
const TOO_MANY = 8
const CODES: ReadonlyMap<string, number> = new Map([
  ['ok', SUCCESS],
  ['bad-handle', 1],
  ['method', 3],
  ['parameter', PARAMETER],
  ['encoding', 5],
  ['failed', 6],
  ['timeout', 6],
  ['limit', TOO_MANY],
  ['unavailable', 9],
  ['denied', 10],
])

/** The module `blockless_ipfs`: commands on the files of the operator's IPFS node. */
export function blocklessIpfsFunctions(guest: Guest): HostFunctions {
  const bodies = (): ReadAhead => guest.ofRun(createBodies)
  return {
    ipfs_command: async (options: number, size: number, handle: number, code: number) => {
      checkInside(guest, handle, 4)
      checkInside(guest, code, 4)
      const text = readText(guest, options, size)
      if (text === undefined) return UTF8
      if (size >>> 0 > CALL_TEXT_SIZE_MAX) return PARAMETER
      const { status, fields } = await guest.ask('ipfs.command', { options: text })
      if (status === 'ok') {
        writeU32(guest, handle, Number(fields.handle))
        writeU32(guest, code, Number(fields.code))
      }
      return codeOf(status)
    },
    ipfs_read: async (handle: number, address: number, size: number, result: number) => {
      checkInside(guest, address, size)
      checkInside(guest, result, 4)
      if (size === 0) return PARAMETER
      const buffer = { address: address >>> 0, size: size >>> 0 }
      const { status, count } = await bodies().read(guest, 'ipfs.read', handle >>> 0, buffer)
      if (status === 'ok') writeU32(guest, result, count)
      return codeOf(status)
    },
    ipfs_write: async (handle: number, address: number, size: number, result: number) => {
      checkInside(guest, result, 4)
      const bytes = readBytes(guest, address, size)
      if (size === 0) return PARAMETER
      if (bytes.length > CALL_BYTES_SIZE_MAX) return TOO_MANY
      const { status, fields } = await guest.ask('ipfs.write', { handle: handle >>> 0 }, bytes)
      if (status === 'ok') writeU32(guest, result, Number(fields.written))
      return codeOf(status)
    },
    ipfs_close: async (handle: number) => {
      bodies().drop(handle >>> 0)
      await guest.ask('ipfs.close', { handle: handle >>> 0 })
      return SUCCESS
    },
  }
}

function createBodies(): ReadAhead {
  return new ReadAhead()
}

function codeOf(status: string): number {
  return CODES.get(status) ?? RUNTIME
}
