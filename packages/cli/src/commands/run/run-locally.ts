import { type ExecutionInput, type Exit, type Limits, silentLogger, systemClock, systemRandom } from '@blockless/core'
import type { Io } from '../../io/io.ts'

/** A run on this machine. */
interface LocalRun {
  readonly wasm: Uint8Array
  /** What the function sees as its program's name. */
  readonly name: string
  readonly entry: string
  readonly limits: Limits
  readonly input: ExecutionInput
}

/** What came out of a local run. */
export interface LocalRunReport {
  readonly exit: Exit
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly fuelUsed: number
  readonly memoryPeakBytes: number
  readonly isPure: boolean
  readonly runMs: number
}

/** Bytes of the seed of a run's randomness. */
const SEED_SIZE = 32
/** The executor knows modules by a key; there is only one here. */
const KEY = 'local'

/**
 * Runs a module in an executor of its own, as a node of the network would.
 *
 * @throws {CodedError} if the module cannot be run, or its deadline passes
 * @throws the signal's reason
 */
export async function runLocally(io: Io, { wasm, name, entry, limits, input }: LocalRun): Promise<LocalRunReport> {
  const { Executor, inspectModule } = await import('@blockless/runtime')
  inspectModule(wasm, { entry, memoryBytes: limits.memoryBytes })
  const executor = new Executor({ log: silentLogger, clock: systemClock }, { threads: 1 })
  await executor.start()
  try {
    await executor.prepare(KEY, wasm, io.signal)
    const seed = systemRandom.bytes(SEED_SIZE)
    const run = { functionCid: KEY, entry, limits, input, timestampMs: io.now(), seed, name }
    const report = await executor.run(run, io.signal)
    return { ...report, runMs: report.timings.runMs }
  } finally {
    await executor.stop()
  }
}
