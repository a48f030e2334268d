import { isCodedError } from '@blockless/core'
import { CommanderError } from 'commander'
import { normalizeRunArgs } from './commands/run/run-flags.ts'
import { printError } from './errors/print-error.ts'
import { EXIT_CODES, RUN_EXIT_CODES } from './exit-codes.ts'
import type { Io } from './io/io.ts'
import { createProgram } from './program.ts'

/**
 * Runs one command line.
 *
 * @param args - after the program's name
 * @returns the exit code; nothing is thrown
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT_CODES.ok
  try {
    const program = await createProgram(io, args, (code) => {
      exitCode = code
    })
    if (args.length === 0) {
      program.outputHelp()
      return EXIT_CODES.usage
    }
    const normalized = args[0] === 'run' ? normalizeRunArgs(args) : args
    await program.parseAsync([...normalized], { from: 'user' })
    return exitCode
  } catch (error) {
    // Help and version are asked for by throwing, too.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.ok
    const own = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined)
    const isDebug = own.includes('--debug') || isSet(io, 'BLS_DEBUG')
    const code = printError(io, error, { isJson: own.includes('--json'), isDebug })
    return own[0] === 'run' ? toRunExitCode(error, code) : code
  }
}

/** Errors of runs that had begun. */
const FAILED_RUNS: ReadonlySet<string> = new Set([
  ...['ERR_ABORTED', 'ERR_EXECUTOR_CRASHED', 'ERR_HOST_CALL', 'ERR_HOST_MEMORY', 'ERR_QUEUE_FULL'],
  ...['ERR_REPLAY_DIFFERS', 'ERR_REPLAY_DIVERGED'],
])

/** What went wrong before the function ran keeps out of the way of the function's own exit codes. */
function toRunExitCode(error: unknown, exitCode: number): number {
  if (exitCode === EXIT_CODES.cancelled) return RUN_EXIT_CODES.interrupted
  if (exitCode === EXIT_CODES.bug) return exitCode
  if (isCodedError(error, 'ERR_DEADLINE')) return RUN_EXIT_CODES.deadline
  return isCodedError(error) && FAILED_RUNS.has(error.code) ? RUN_EXIT_CODES.other : RUN_EXIT_CODES.notRun
}

function isSet({ env }: Io, name: string): boolean {
  return (env[name] ?? '') !== ''
}
