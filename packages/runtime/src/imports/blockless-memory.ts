import type { Guest } from '../guest/guest.ts'
import { decodeTextTable } from '../guest/text-table.ts'
import { COPIED_BYTES_PER_FUEL } from '../limits.ts'
import type { HostFunctions } from '../wasi/host-function.ts'

/** Errors of `blockless_memory.witx`. */
const SUCCESS = 0
const RUNTIME = 2
const PARAMETER = 3
const NAMES_VARIABLE = 'BLS_LIST_VARS'

/**
 * The module `blockless_memory`: stdin and environment without WASI, as Blockless SDKs read them.
 *
 * Every call copies from the start, at most as much as the buffer holds, and tells how much it copied.
 */
export function blocklessMemoryFunctions(guest: Guest): HostFunctions {
  return {
    memory_read: (address: number, size: number, result: number) =>
      copy(guest, guest.stdin, { address: address >>> 0, size: size >>> 0, result: result >>> 0 }),
    env_var_read: (address: number, size: number, result: number) =>
      copy(guest, environmentJson(guest), { address: address >>> 0, size: size >>> 0, result: result >>> 0 }),
  }
}

interface Buffer {
  readonly address: number
  readonly size: number
  readonly result: number
}

function copy(guest: Guest, bytes: Uint8Array, buffer: Buffer): number {
  const { memory } = guest
  if (buffer.size === 0) return PARAMETER
  if (!memory.has(buffer.address, buffer.size) || !memory.has(buffer.result, 4)) return RUNTIME
  const size = Math.min(bytes.length, buffer.size)
  guest.charge(Math.floor(bytes.length / COPIED_BYTES_PER_FUEL))
  memory.bytes.set(bytes.subarray(0, size), buffer.address)
  memory.view.setUint32(buffer.result, size, true)
  return SUCCESS
}

/** The variables that `BLS_LIST_VARS` names (split by `;`), else all of them, spaced as the existing runtime does. */
function environmentJson(guest: Guest): Uint8Array {
  const entries = decodeTextTable(guest.env).map((text): [string, string] => {
    const at = text.indexOf('=')
    return [text.slice(0, at), text.slice(at + 1)]
  })
  const names = entries.find(([name]) => name === NAMES_VARIABLE)?.[1].split(';')
  const kept = entries.filter(([name]) => (names === undefined ? true : names.includes(name)))
  const members = kept.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  return new TextEncoder().encode(`{${members.join(',')}}`)
}
