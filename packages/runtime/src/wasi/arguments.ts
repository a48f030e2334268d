import type { Guest } from '../guest/guest.ts'
import type { TextTable } from '../guest/text-table.ts'
import { COPIED_BYTES_PER_FUEL } from '../limits.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'

const POINTER_SIZE = 4

/** `args_*` and `environ_*`. */
export function argumentFunctions(guest: Guest): HostFunctions {
  return {
    args_get: (pointers: number, texts: number) => writeTable(guest, guest.args, pointers >>> 0, texts >>> 0),
    args_sizes_get: (count: number, size: number) => writeSizes(guest, guest.args, count >>> 0, size >>> 0),
    environ_get: (pointers: number, texts: number) => writeTable(guest, guest.env, pointers >>> 0, texts >>> 0),
    environ_sizes_get: (count: number, size: number) => writeSizes(guest, guest.env, count >>> 0, size >>> 0),
  }
}

function writeTable(guest: Guest, table: TextTable, pointers: number, texts: number): Errno {
  const { memory } = guest
  if (!memory.has(pointers, table.count * POINTER_SIZE) || !memory.has(texts, table.bytes.length)) return ERRNO.fault
  guest.charge(Math.floor(table.bytes.length / COPIED_BYTES_PER_FUEL))
  memory.bytes.set(table.bytes, texts)
  const view = memory.view
  let start = 0
  for (let index = 0; index < table.count; index++) {
    view.setUint32(pointers + index * POINTER_SIZE, texts + start, true)
    start = table.bytes.indexOf(0, start) + 1
  }
  return ERRNO.success
}

function writeSizes({ memory }: Guest, table: TextTable, count: number, size: number): Errno {
  if (!memory.has(count, 4) || !memory.has(size, 4)) return ERRNO.fault
  memory.view.setUint32(count, table.count, true)
  memory.view.setUint32(size, table.bytes.length, true)
  return ERRNO.success
}
