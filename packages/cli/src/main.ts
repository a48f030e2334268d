import { createProcessIo } from './io/process-io.ts'
import { runCli } from './run-cli.ts'

/** Runs `bls` as this process. @param args - after the program's name */
export async function main(args: readonly string[]): Promise<void> {
  const exitCode = await runCli(args, createProcessIo())
  // Not exit(): what was written to a pipe has to get there first.
  process.exitCode = exitCode
}
