import {
  FUEL_EXPORT,
  fuelUsed,
  type InstrumentOptions,
  instrument,
  START_EXPORT,
  STATUS,
  STATUS_EXPORT,
} from '@blockless/wasm'
import type { ProfileCollector } from './profile-collector.ts'

/** A rewritten module in an instance. */
export interface Guest {
  readonly exports: Readonly<Record<string, (...args: unknown[]) => unknown>>
  readonly memory: WebAssembly.Memory
  /** fuel used since the instance was made */
  used(): number
  isExhausted(): boolean
  /** why the rewriting ended the run */
  reason(): number
  flags(): number
}

const FUEL = 1_000_000_000n

/** Rewrites and instantiates a module, with `fuel` to start with, and runs its start function. */
export function load(
  bytes: Uint8Array,
  options: Partial<InstrumentOptions> & { fuel?: bigint; collector?: ProfileCollector } = {},
  imports: WebAssembly.Imports = {},
): Guest {
  const { fuel = FUEL, collector, ...rest } = options
  const rewritten = instrument(bytes, { memoryPagesMax: 65_536, profile: collector !== undefined, ...rest })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(rewritten.bytes), imports)
  const counter = exports[FUEL_EXPORT] as WebAssembly.Global<'i64'>
  const status = exports[STATUS_EXPORT] as WebAssembly.Global<'i32'>
  counter.value = fuel
  collector?.attach(exports)
  const functions = exports as unknown as Guest['exports']
  if (rewritten.start) functions[START_EXPORT]?.()
  return {
    exports: functions,
    memory: exports['memory'] as WebAssembly.Memory,
    used: () => Number(fuelUsed(fuel, counter.value).used),
    isExhausted: () => fuelUsed(fuel, counter.value).isExhausted,
    reason: () => status.value & STATUS.REASON_MASK,
    flags: () => status.value & ~STATUS.REASON_MASK,
  }
}
