import { ByteWriter } from '../binary/byte-writer.ts'
import { decodeModule } from '../decode-module.ts'
import { PAGES_MAX, TABLE_ENTRIES_MAX } from '../limits.ts'
import type { ExportDescriptor, ImportDescriptor, Module } from '../module.ts'
import { ModuleError } from '../module-error.ts'
import { validateCode } from '../validate/validate-module.ts'
import { CALL_DEPTH_DEFAULT } from './cost.ts'
import { encodeInstrumented } from './encode-instrumented.ts'
import { FUEL_EXPORT, PROFILE_EXPORT, START_EXPORT, STATUS_EXPORT } from './export-names.ts'
import { planRewriting } from './plan.ts'

const RESERVED: ReadonlySet<string> = new Set([FUEL_EXPORT, STATUS_EXPORT, START_EXPORT, PROFILE_EXPORT])

/** What a rewriting needs to know. */
export interface InstrumentOptions {
  /** cap on the linear memory, in pages of 64 KiB, from 1 to 65,536 */
  readonly memoryPagesMax: number
  /** cap on nested calls, in frames of a small function; larger frames count more; from 1 to 1,000,000 */
  readonly callDepthMax?: number
  /** fuel is exact in the global also when the guest traps; slower, for replaying a run that trapped */
  readonly precise?: boolean
  /** each function reports where it begins and ends to the hooks in {@link PROFILE_EXPORT}; slower, changes no fuel */
  readonly profile?: boolean
  /** whether each NaN that an instruction makes has the same bits on every machine; default true */
  readonly canonicalNan?: boolean
  /** whether shared memories and atomic instructions are run; default false, since their results depend on timing */
  readonly threads?: boolean
}

/** A rewritten module and what the host needs to know of it. */
export interface InstrumentedModule {
  /** the module to compile; owned by the caller */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly imports: readonly ImportDescriptor[]
  /** of the module as it was given, without the added ones */
  readonly exports: readonly ExportDescriptor[]
  /** whether it had a start function, which the host has to call as {@link START_EXPORT} after it has set the fuel */
  readonly start: boolean
  /** in pages of 64 KiB; the maximum is capped */
  readonly memory: { readonly pagesInitial: number; readonly pagesMax: number } | undefined
}

const CALL_DEPTH_LIMIT = 1_000_000

/**
 * Validates a module and rewrites it so that it counts its fuel, bounds its call depth, cannot grow its memory over a cap
 * and sees the same NaNs on every machine.
 *
 * @param bytes - a module in the binary format, at most 64 MiB; borrowed
 * @returns the rewritten module; its function, global and type indices are those of the original with more behind them
 * @throws {ModuleError} if the module is malformed or invalid, uses what this network does not run, or is over a limit
 * @throws {RangeError} if an option is out of range
 * @example
 * ```ts
 * import { FUEL_EXPORT, fuelUsed, instrument } from '@blockless/wasm'
 * const original = Uint8Array.from([
 *   0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, // one function, () -> (i32)
 *   7, 7, 1, 3, 115, 117, 109, 0, 0, 10, 9, 1, 7, 0, 65, 2, 65, 3, 106, 11, // "sum": 2 + 3
 * ])
 * const { bytes } = instrument(original, { memoryPagesMax: 16 })
 * const { instance } = await WebAssembly.instantiate(bytes)
 * const fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global<'i64'>
 * const sum = instance.exports['sum'] as () => number
 * fuel.value = 100n
 * assert.equal(sum(), 5)
 * assert.deepEqual(fuelUsed(100n, fuel.value), { used: 3n, isExhausted: false })
 * ```
 */
export function instrument(bytes: Uint8Array, options: InstrumentOptions): InstrumentedModule {
  const { memoryPagesMax, callDepthMax = CALL_DEPTH_DEFAULT, precise = false, threads = false } = options
  const { canonicalNan = true, profile = false } = options
  checkRange('memoryPagesMax', memoryPagesMax, PAGES_MAX)
  checkRange('callDepthMax', callDepthMax, CALL_DEPTH_LIMIT)
  const module = decodeModule(bytes, { threads })
  checkExports(module)
  checkMemory(module, memoryPagesMax)
  checkTables(module)
  const scan = validateCode(module, { threads })
  const plan = planRewriting(module, scan, { isPrecise: precise, isCanonical: canonicalNan, isProfiled: profile })
  const pagesMax = Math.min(module.memory?.pagesMax ?? 0, memoryPagesMax)
  const writer = new ByteWriter(bytes.length * 2)
  encodeInstrumented(writer, { module, scan, plan, pagesMax, callDepthMax })
  return {
    bytes: writer.bytes.slice(0, writer.size),
    imports: module.imports,
    exports: module.exports,
    start: module.startFunction !== undefined,
    memory: module.memory && { pagesInitial: module.memory.pagesInitial, pagesMax },
  }
}

/**
 * What a run used, from the fuel it was given and what {@link FUEL_EXPORT} holds when it ends. The count can pass the
 * limit between two checks; a run is out of fuel if and only if it needed more than the limit, wherever that was seen.
 *
 * @param limit - fuel at the start, `>= 0`
 * @param remaining - value of the global at the end
 * @returns used fuel, at most `limit`, and whether the run needed more
 */
export function fuelUsed(limit: bigint, remaining: bigint): { used: bigint; isExhausted: boolean } {
  return remaining < 0n ? { used: limit, isExhausted: true } : { used: limit - remaining, isExhausted: false }
}

function checkRange(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new RangeError(`Cannot instrument module: ${name} is ${value}, an integer from 1 to ${max} is needed`)
}

function checkExports(module: Module): void {
  const reserved = module.exports.find(({ name }) => RESERVED.has(name))
  if (reserved) throw new ModuleError({ code: 'ERR_MODULE_EXPORT', name: reserved.name })
}

function checkMemory({ memory }: Module, pagesMax: number): void {
  if (memory === undefined || memory.pagesInitial <= pagesMax) return
  throw new ModuleError({ code: 'ERR_MODULE_MEMORY', pagesInitial: memory.pagesInitial, pagesMax })
}

function checkTables({ tables }: Module): void {
  const limit = Math.floor(TABLE_ENTRIES_MAX / Math.max(tables.length, 1))
  const table = tables.find(({ entriesInitial }) => entriesInitial > limit)
  if (table === undefined) return
  throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at: table.start, what: 'the initial size of a table', limit })
}
