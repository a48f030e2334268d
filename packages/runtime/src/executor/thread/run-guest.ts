import type { Exit, ExitKind } from '@blockless/core'
import type { FuelCell, Guest } from '../../guest/guest.ts'
import { promising } from '../../guest/jspi.ts'
import { FUEL_EXPORT, START_EXPORT, STATUS, STATUS_EXPORT } from '../../module/metering.ts'
import type { CompiledProgram } from '../../module/program.ts'
import { trapKindOf } from '../../trap.ts'
import { FailureError } from '../failure.ts'
import { EXIT_KIND_CODES } from '../protocol.ts'
import type { RunOrder, RunOutcome } from '../run-frames.ts'
import { LinkedProgram } from './linked-program.ts'

const NO_PROFILE: Uint8Array = new Uint8Array()

/** A run's result with what the caller must know to judge it. */
export interface GuestRun {
  readonly outcome: RunOutcome
  /** Whether the fuel is exact; where the machine trapped, only the precise rewriting knows. */
  readonly isExact: boolean
}

/**
 * Runs a program once, in fresh instances, on this thread.
 *
 * @param imports - bound to `guest`
 * @returns the outcome, its output a view into the guest's buffers, valid until the next run
 * @throws {FailureError} if the end is one that another node would not see
 */
export async function runGuest(
  guest: Guest,
  imports: WebAssembly.Imports,
  program: CompiledProgram,
  order: RunOrder,
): Promise<GuestRun> {
  guest.reset(order)
  const startMs = performance.now()
  let readyMs = startMs
  const instances = new Instances(guest, program, order)
  let exit: Exit = { kind: 'exit', code: 0 }
  let isExact = true
  try {
    const waiting = instances.create(imports)
    if (waiting !== undefined) await waiting
    readyMs = performance.now()
    // only a guest that may wait needs a stack of its own and a turn of the event loop
    for (const name of [START_EXPORT, ...(order.entry === '_start' ? [] : ['_initialize']), order.entry]) {
      const waiting = call(instances.entry, name, order.waits)
      if (waiting !== undefined) await waiting
    }
  } catch (error) {
    exit = guest.end ?? trapOf(error, instances.status)
    isExact = guest.end !== undefined || (instances.status & STATUS.REASON_MASK) !== STATUS.NONE
  }
  // a guest that catches what ends it has ended all the same
  exit = limitOf(guest.end ?? exit, guest, instances.status)
  const { stdout, stderr } = guest.output
  const outcome = {
    exitKind: EXIT_KIND_CODES.indexOf(exit.kind),
    exitCode: exit.code,
    // a run that needs more than there is has used what there was, wherever the rewritten code noticed
    fuelUsed: exit.kind === 'out-of-fuel' ? order.fuel : Number(guest.fuelUsed),
    memoryPeakBytes: guest.memoryBytes,
    queueMs: 0,
    instantiateMs: readyMs - startMs,
    runMs: performance.now() - readyMs,
    stdout,
    stderr,
  }
  // profiled modules count exactly wherever they trap
  const isCounted = isExact || order.isProfiled || !instances.hasComputed
  const profile = guest.profile?.finish(order.fuel - outcome.fuelUsed) ?? NO_PROFILE
  return { outcome: { ...outcome, profile }, isExact: isCounted }
}

/** The instances of a run: one, or a linked program's. */
class Instances {
  /** The entry's exports; none before it is instantiated. */
  entry: WebAssembly.Exports = {}
  readonly #guest: Guest
  readonly #program: CompiledProgram
  readonly #order: RunOrder
  readonly #linked: LinkedProgram | undefined

  constructor(guest: Guest, program: CompiledProgram, order: RunOrder) {
    this.#guest = guest
    this.#program = program
    this.#order = order
    this.#linked = program.modules.length === 0 ? undefined : new LinkedProgram(guest, order)
  }

  /** Makes them; a promise if linked modules have to be initialized. */
  create(imports: WebAssembly.Imports): Promise<void> | undefined {
    if (this.#linked !== undefined) return this.#createLinked(this.#linked, imports)
    this.entry = new WebAssembly.Instance(this.#program.entry, imports).exports
    const fuel = this.entry[FUEL_EXPORT] as unknown as FuelCell
    fuel.value = BigInt(this.#order.fuel)
    this.#guest.profile?.attach(this.entry, 0)
    const { memory } = this.entry
    this.#guest.attach(memory instanceof WebAssembly.Memory ? memory : undefined, fuel)
    return undefined
  }

  async #createLinked(linked: LinkedProgram, imports: WebAssembly.Imports): Promise<void> {
    this.entry = await linked.instantiate(this.#program, imports)
  }

  /** Why one of them stopped, and whether memory was refused to one. */
  get status(): number {
    const all = this.#linked?.exports ?? [this.entry]
    let status: number = STATUS.NONE
    for (const exports of all) {
      const own = statusOf(exports)
      status |= own & STATUS.GROW_REFUSED
      if ((status & STATUS.REASON_MASK) === STATUS.NONE) status |= own & STATUS.REASON_MASK
    }
    return status
  }

  /** Whether an instruction of the guest can have run. */
  get hasComputed(): boolean {
    return (this.#linked?.exports.length ?? 0) > 0 || this.entry[FUEL_EXPORT] !== undefined
  }
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
