import { Command } from 'commander'
import type { Io } from '../io/io.ts'

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean
  readonly debug?: boolean
}

/** A command with the common options, and examples at the end of its help. */
export function createCommand(signature: string, description: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}\n`).join('')
  return new Command(signature)
    .description(description)
    .option('--json', 'print one JSON object instead of text')
    .option('--debug', 'print stacks of errors')
    .addHelpText('after', `\nExamples:\n${lines}`)
}

/** Adds a command whose action's exit code becomes the process's. */
export type AddCommand = (program: Command, io: Io, finish: Finish) => void

/** Takes the exit code of the command that ran. */
export type Finish = (exitCode: number) => void

/** Collects the values of an option that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value]
}
