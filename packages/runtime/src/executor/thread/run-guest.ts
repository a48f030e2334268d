import type { Exit, ExitKind } from '@blockless/core'
import type { Guest } from '../../guest/guest.ts'
import { promising } from '../../guest/jspi.ts'
import { FUEL_EXPORT, START_EXPORT, STATUS, STATUS_EXPORT } from '../../module/metering.ts'
import { trapKindOf } from '../../trap.ts'
import { FailureError } from '../failure.ts'
import { EXIT_KIND_CODES } from '../protocol.ts'
import type { RunOrder, RunOutcome } from '../run-frames.ts'

/** A run's result with what the caller must know to judge it. */
export interface GuestRun {
  readonly outcome: RunOutcome
  /** Whether the fuel is exact; where the machine trapped, only the precise rewriting knows. */
  readonly isExact: boolean
}

/**
 * Runs a module once, in a fresh instance, on this thread.
 *
 * @param imports - bound to `guest`
 * @returns the outcome, its output a view into the guest's buffers, valid until the next run
 * @throws {FailureError} if the end is one that another node would not see
 */
export async function runGuest(
  guest: Guest,
  imports: WebAssembly.Imports,
  module: WebAssembly.Module,
  order: RunOrder,
): Promise<GuestRun> {
  guest.reset(order)
  const startMs = performance.now()
  let readyMs = startMs
  let exports: WebAssembly.Exports = {}
  let exit: Exit = { kind: 'exit', code: 0 }
  let isExact = true
  try {
    exports = new WebAssembly.Instance(module, imports).exports
    readyMs = performance.now()
    bind(guest, exports, order.fuel)
    // only a guest that may wait needs a stack of its own and a turn of the event loop
    for (const name of [START_EXPORT, ...(order.entry === '_start' ? [] : ['_initialize']), order.entry]) {
      const waiting = call(exports, name, order.waits)
      if (waiting !== undefined) await waiting
    }
  } catch (error) {
    exit = guest.end ?? trapOf(error, statusOf(exports))
    isExact = guest.end !== undefined || (statusOf(exports) & STATUS.REASON_MASK) !== STATUS.NONE
  }
  // a guest that catches what ends it has ended all the same
  exit = limitOf(guest.end ?? exit, guest, statusOf(exports))
  const { stdout, stderr } = guest.output
  const outcome = {
    exitKind: EXIT_KIND_CODES.indexOf(exit.kind),
    exitCode: exit.code,
    // a run that needs more than there is has used what there was, wherever the rewritten code noticed
    fuelUsed: exit.kind === 'out-of-fuel' ? order.fuel : Number(guest.fuelUsed),
    memoryPeakBytes: guest.memory.size,
    queueMs: 0,
    instantiateMs: readyMs - startMs,
    runMs: performance.now() - readyMs,
    stdout,
    stderr,
  }
  return { outcome, isExact: isExact || exports[FUEL_EXPORT] === undefined }
}

function bind(guest: Guest, exports: WebAssembly.Exports, fuel: number): void {
  const fuelGlobal = exports[FUEL_EXPORT] as unknown as WebAssembly.Global<'i64'>
  fuelGlobal.value = BigInt(fuel)
  const { memory } = exports
  guest.attach(memory instanceof WebAssembly.Memory ? memory : undefined, fuelGlobal)
}

function call(exports: WebAssembly.Exports, name: string, waits: boolean): Promise<unknown> | undefined {
  const target = exports[name]
  if (typeof target !== 'function') return undefined
  if (waits) return promising(target)()
  target()
  return undefined
}

function trapOf(error: unknown, status: number): Exit {
  const kind = kindOf(error, status & STATUS.REASON_MASK)
  if (kind !== undefined) return { kind, code: 0 }
  const message = error instanceof Error ? error.message : String(error)
  const isMemory = (status & STATUS.REASON_MASK) === STATUS.HOST_MEMORY || /out of memory/i.test(message)
  if (isMemory) throw new FailureError({ code: 'ERR_HOST_MEMORY', what: "the guest's memory" })
  throw new FailureError({ code: 'ERR_EXECUTOR_CRASHED', why: `the guest's thread threw "${message}"` })
}

function kindOf(error: unknown, reason: number): ExitKind | undefined {
  if (reason === STATUS.OUT_OF_FUEL) return 'out-of-fuel'
  if (reason === STATUS.CALL_DEPTH) return 'stack-overflow'
  if (reason === STATUS.HOST_MEMORY) return undefined
  if (error instanceof WebAssembly.RuntimeError) return trapKindOf(error.message)
  if (error instanceof WebAssembly.Exception) return 'uncaught-exception'
  // Frames differ between V8's compilers, so its own limit is not deterministic. Rewritten modules stop at their call
  // depth first, for which this thread's stack is sized; this is the answer should one get past it all the same.
  if (error instanceof RangeError && /call stack/.test(error.message)) return 'stack-overflow'
  return undefined
}

function statusOf(exports: WebAssembly.Exports): number {
  const status = exports[STATUS_EXPORT]
  return status instanceof WebAssembly.Global ? Number(status.value) : STATUS.NONE
}

/** Ends whose cause is known whatever the guest's memory. */
const OWN_CAUSE: readonly ExitKind[] = ['out-of-fuel', 'output-limit', 'stack-overflow', 'memory-limit']

/** The limit behind an end: fuel, if more was needed than there was; memory, if the guest failed after a refusal. */
function limitOf(exit: Exit, guest: Guest, status: number): Exit {
  // Fuel is checked at some places only, and what was used in between counts as well.
  if (guest.isOutOfFuel && exit.kind !== 'output-limit') return { kind: 'out-of-fuel', code: 0 }
  const hasFailed = exit.kind !== 'exit' || exit.code !== 0
  const wasRefused = (status & STATUS.GROW_REFUSED) !== 0
  return hasFailed && wasRefused && !OWN_CAUSE.includes(exit.kind) ? { kind: 'memory-limit', code: 0 } : exit
}
