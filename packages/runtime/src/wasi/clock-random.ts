import { type Awaitable, andThen } from '../awaitable.ts'
import type { Guest } from '../guest/guest.ts'
import { RANDOM_BYTES_SHIFT, RANDOM_SIZE_MAX } from '../limits.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'
import { askNow } from './real-clock.ts'

const REALTIME = 0
const MONOTONIC = 1
const THREAD_CPU = 3
const RESOLUTION_NS = 1n

/**
 * `clock_*` and `random_get`: both follow from the request, so every node answers the same. Only a run that asks for the
 * machine's clock is told its time.
 */
export function clockRandomFunctions(guest: Guest): HostFunctions {
  return {
    clock_res_get: (clock: number, result: number) => {
      if (clock >>> 0 > THREAD_CPU) return ERRNO.inval
      return writeU64(guest, result >>> 0, RESOLUTION_NS)
    },
    clock_time_get: (clock: number, _precision: bigint, result: number) => {
      const id = clock >>> 0
      if (id > THREAD_CPU) return ERRNO.inval
      return andThen(timeOf(guest, id), (timeNs) => writeU64(guest, result >>> 0, timeNs))
    },
    random_get: (address: number, size: number) => fillRandom(guest, address >>> 0, size >>> 0),
  }
}

/** The processor clocks count fuel whatever the others tell. */
function timeOf(guest: Guest, id: number): Awaitable<bigint> {
  if (id !== REALTIME && id !== MONOTONIC) return guest.fuelUsed
  return guest.hasRealClock ? askNow(guest, id === MONOTONIC) : guest.nowNs
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
