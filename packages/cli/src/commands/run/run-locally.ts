import { type Logger, systemClock } from '@blockless/core'
import type { Program, RunReport, RunRequest } from '@blockless/runtime'
import { CliError } from '../../errors/cli-error.ts'
import type { Io } from '../../io/io.ts'
import type { World } from './world/open-world.ts'

/** A run on this machine. */
export interface LocalRun {
  readonly program: Program
  readonly request: RunRequest
  readonly world: World
  readonly log: Logger
}

/** Errors of a run that another flag can help with. */
const HINTS: Readonly<Record<string, string>> = {
  ERR_DEADLINE: 'give it more with --deadline, such as --deadline 60s',
  ERR_MODULE_IMPORT: 'with --unknown-imports-trap it runs all the same, until it calls that',
  ERR_MODULE_ENTRY: 'name one with --entry',
  ERR_REPLAY_DIVERGED: 'record the run again with this program',
}

/**
 * Runs a function in an executor of its own, as a node of the network would.
 *
 * @throws {CliError} if the module cannot be run, its deadline passes, or a replay leaves its record
 * @throws the signal's reason
 */
export async function runLocally(io: Io, { program, request, world, log }: LocalRun): Promise<RunReport> {
  const { Executor, RuntimeError } = await import('@blockless/runtime')
  const executor = new Executor({ log, clock: systemClock }, { ...world.executor, threads: 1 })
  await executor.start(io.signal)
  try {
    await executor.prepare(request.functionCid, program, io.signal)
    return await executor.run(request, io.signal, world.host)
  } catch (cause) {
    if (!(cause instanceof RuntimeError)) throw cause
    const hint = HINTS[cause.code]
    const details = { ...cause.details, ...(hint === undefined ? {} : { hint }) }
    throw new CliError(cause.code, cause.message, details, { cause })
  } finally {
    await executor.stop()
  }
}
