import type { Guest } from '../guest/guest.ts'
import { RANDOM_BYTES_SHIFT, RANDOM_SIZE_MAX } from '../limits.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'

const REALTIME = 0
const MONOTONIC = 1
const THREAD_CPU = 3
const RESOLUTION_NS = 1n

/** `clock_*` and `random_get`: both follow from the request, so every node answers the same. */
export function clockRandomFunctions(guest: Guest): HostFunctions {
  return {
    clock_res_get: (clock: number, result: number) => {
      if (clock >>> 0 > THREAD_CPU) return ERRNO.inval
      return writeU64(guest, result >>> 0, RESOLUTION_NS)
    },
    clock_time_get: (clock: number, _precision: bigint, result: number) => {
      const id = clock >>> 0
      if (id > THREAD_CPU) return ERRNO.inval
      const isWall = id === REALTIME || id === MONOTONIC
      return writeU64(guest, result >>> 0, isWall ? guest.nowNs : guest.fuelUsed)
    },
    random_get: (address: number, size: number) => fillRandom(guest, address >>> 0, size >>> 0),
  }
}

function fillRandom(guest: Guest, address: number, size: number): Errno {
  const { memory, random } = guest
  if (!memory.has(address, size)) return ERRNO.fault
  if (size > RANDOM_SIZE_MAX) return ERRNO.inval
  guest.charge(size >>> RANDOM_BYTES_SHIFT)
  random.fill(memory.bytes.subarray(address, address + size))
  return ERRNO.success
}

function writeU64({ memory }: Guest, address: number, value: bigint): Errno {
  if (!memory.has(address, 8)) return ERRNO.fault
  memory.view.setBigUint64(address, value, true)
  return ERRNO.success
}
