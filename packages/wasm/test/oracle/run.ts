import { FUEL_EXPORT, fuelUsed, type InstrumentedModule, STATUS, STATUS_EXPORT } from '@blockless/wasm'
import type { ProfileCollector } from '../fuel/profile-collector.ts'
import { hostCall, type Outcome, sumMemory } from './interpret.ts'

/** How a module ended in the engine; `status` is the reason that the rewriting left. */
export interface EngineOutcome extends Outcome {
  readonly status: number
}

interface Exports {
  readonly main: (...args: number[]) => number | number[] | undefined
  readonly callback: () => void
  readonly memory: WebAssembly.Memory
}

/** Runs `main` of a rewritten program with `limit` fuel. */
export function runInstrumented(
  { bytes }: InstrumentedModule,
  args: readonly number[],
  limit: number,
  profile?: ProfileCollector,
): EngineOutcome {
  return run(bytes, args, limit, profile)
}

/** Runs `main` of a program as it is; `fuel` is 0. */
export function runPlain(bytes: Uint8Array, args: readonly number[]): EngineOutcome {
  return run(bytes, args, undefined)
}

function run(
  bytes: Uint8Array,
  args: readonly number[],
  limit: number | undefined,
  profile?: ProfileCollector,
): EngineOutcome {
  const calls: [number, number][] = []
  let hostDepth = 0
  const used = (): { used: bigint; isExhausted: boolean } =>
    limit === undefined ? { used: 0n, isExhausted: false } : fuelUsed(BigInt(limit), fuel.value)
  const host = (argument: number): number => {
    calls.push([argument, Number(used().used)])
    return hostCall(argument, hostDepth, () => {
      hostDepth++
      exports.callback()
      hostDepth--
    })
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), { env: { host } })
  const exports = instance.exports as unknown as Exports
  const globals = instance.exports as unknown as Record<string, WebAssembly.Global<'i64'>>
  const fuel = globals[FUEL_EXPORT] as WebAssembly.Global<'i64'>
  const status = globals[STATUS_EXPORT] as unknown as WebAssembly.Global<'i32'> | undefined
  if (limit !== undefined) fuel.value = BigInt(limit)
  profile?.attach(instance.exports)
  let end: Outcome['end'] = 'returned'
  let results: number[] = []
  try {
    const value = exports.main(...args)
    results = value === undefined ? [] : Array.isArray(value) ? value : [value]
  } catch (error) {
    if (error instanceof WebAssembly.Exception) end = 'threw'
    else if (error instanceof WebAssembly.RuntimeError) end = 'trapped'
    else throw error
  }
  const reason = (status?.value ?? 0) & STATUS.REASON_MASK
  if (reason === STATUS.OUT_OF_FUEL || used().isExhausted) end = 'out-of-fuel'
  return {
    end,
    results: end === 'returned' ? results : [],
    fuel: end === 'out-of-fuel' ? (limit ?? 0) : Number(used().used),
    calls,
    memory: end === 'out-of-fuel' ? 0 : sumMemory(new Uint8Array(exports.memory.buffer)),
    status: reason,
  }
}
