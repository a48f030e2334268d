import { instrument } from '@blockless/wasm'
import { Guest } from '../../../guest/guest.ts'
import { promising } from '../../../guest/jspi.ts'
import { encodeTextTable } from '../../../guest/text-table.ts'
import type { HostLink } from '../../../host-call/host-link.ts'
import { DRIVER_ERRORS } from '../../../imports/driver-errors.ts'
import { createGuestImports } from '../../../imports/guest-imports.ts'
import { FUEL_EXPORT, START_EXPORT } from '../../../module/metering.ts'
import { type Driver, DriverFailure } from './driver.ts'
import type { DriverSource } from './messages.ts'

/** 64 MiB: what drivers buffer. */
const MEMORY_PAGES_MAX = 1024
/** Fuel of one call: seconds of work, should the deadline not end it before. */
const CALL_FUEL = 100_000_000_000
const OUTPUT_SIZE_MAX = 65_536
/** Bytes that go in or out in one call of the module, in a buffer that it allocates once. */
const SCRATCH_SIZE = 65_536
/** A result comes before the data, which stays aligned. */
const DATA_AT = 16
const NAMES = ['alloc', 'blockless_open', 'blockless_read', 'blockless_write', 'blockless_close'] as const

type Call = (name: string, ...values: readonly number[]) => Promise<number>

/**
 * Loads a driver in WebAssembly: a module that exports its `memory`, `alloc(size) -> pointer` and the four functions of
 * a native driver, which take pointers into that memory and return an error of `blockless_drivers`.
 *
 * It is rewritten and run like a guest: bounded memory, fuel and call depth, no files. What it imports of Blockless goes
 * to `link`, and so to the same gate as the calls of the guest that uses it.
 *
 * @throws {TypeError} if it does not export them; errors of `@blockless/wasm` and of the engine if it is no such module
 */
export async function loadWasmDriver(source: DriverSource, link: HostLink): Promise<Driver> {
  const rewritten = instrument(source.bytes, { memoryPagesMax: MEMORY_PAGES_MAX })
  const guest = new Guest(link)
  guest.reset({
    args: encodeTextTable([]),
    env: encodeTextTable([]),
    stdin: new Uint8Array(),
    timestampMs: source.nowMs,
    seed: source.seed,
    outputBytes: OUTPUT_SIZE_MAX,
    fuel: CALL_FUEL,
  })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(rewritten.bytes), createGuestImports(guest, true))
  const { memory, [FUEL_EXPORT]: fuel } = exports
  const missing = NAMES.find((name) => typeof exports[name] !== 'function')
  if (missing !== undefined || !(memory instanceof WebAssembly.Memory)) {
    throw new TypeError(`it does not export "${missing ?? 'memory'}"`)
  }
  const fuelGlobal = fuel as WebAssembly.Global<'i64'>
  guest.attach(memory, fuelGlobal)
  const call: Call = async (name, ...values) => {
    const target = exports[name]
    if (typeof target !== 'function') return 0
    fuelGlobal.value = BigInt(CALL_FUEL)
    return Number(await promising(target)(...values)) >>> 0
  }
  await call(START_EXPORT)
  await call('_initialize')
  return createDriver(guest, call, await call('alloc', DATA_AT + SCRATCH_SIZE))
}

function createDriver({ memory }: Guest, call: Call, scratch: number): Driver {
  if (!memory.has(scratch, DATA_AT + SCRATCH_SIZE)) throw new TypeError('its alloc() gave no memory')
  const data = scratch + DATA_AT
  const checked = async (name: string, ...values: readonly number[]): Promise<number> => {
    memory.view.setUint32(scratch, 0, true)
    const error = await call(name, ...values, scratch)
    if (error !== DRIVER_ERRORS.success) throw new DriverFailure(error)
    return memory.view.getUint32(scratch, true)
  }
  return {
    open: async (url, options) => {
      const address = new TextEncoder().encode(url)
      if (address.length + options.length > SCRATCH_SIZE) throw new DriverFailure(DRIVER_ERRORS.bad_params)
      memory.bytes.set(address, data)
      memory.bytes.set(options, data + address.length)
      return await checked('blockless_open', data, address.length, data + address.length, options.length)
    },
    read: async (handle, size) => {
      const room = Math.min(size, SCRATCH_SIZE)
      const count = await checked('blockless_read', handle, data, room)
      if (count > room) throw new TypeError('its blockless_read() gave more than was asked for')
      return memory.bytes.slice(data, data + count)
    },
    write: async (handle, bytes) => {
      const piece = bytes.subarray(0, SCRATCH_SIZE)
      memory.bytes.set(piece, data)
      const count = await checked('blockless_write', handle, data, piece.length)
      if (count > piece.length) throw new TypeError('its blockless_write() took more than it was given')
      return count
    },
    close: async (handle) => {
      const error = await call('blockless_close', handle)
      if (error !== DRIVER_ERRORS.success) throw new DriverFailure(error)
    },
  }
}
