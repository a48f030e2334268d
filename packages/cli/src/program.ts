import { Command } from 'commander'
import { addBuildCommand } from './commands/build-function/build-command.ts'
import type { Finish } from './commands/command.ts'
import { addDeployCommand } from './commands/deploy/deploy-command.ts'
import { addExplainCommand } from './commands/explain/explain-command.ts'
import { addExtensionCommand } from './commands/extension/extension-command.ts'
import { addInitCommand } from './commands/init/init-command.ts'
import { addInvokeCommand } from './commands/invoke/invoke-command.ts'
import { addRunCommand } from './commands/run/run-command.ts'
import { addStatusCommand } from './commands/status/status-command.ts'
import { addVerifyCommand } from './commands/verify/verify-command.ts'
import { EXIT_CODES_HELP } from './exit-codes.ts'
import type { Io } from './io/io.ts'
import { readVersion } from './version.ts'

const COMMANDS = [
  addInitCommand,
  addBuildCommand,
  addRunCommand,
  addDeployCommand,
  addInvokeCommand,
  addVerifyCommand,
  addExplainCommand,
  addStatusCommand,
  addExtensionCommand,
] as const

/**
 * Builds the command line.
 *
 * @param args - what will be parsed: `bls up` brings a whole network with it, and is loaded only if it is named
 * @param finish - takes the exit code of the command that runs
 */
export async function createProgram(io: Io, args: readonly string[], finish: Finish): Promise<Command> {
  const program = new Command('bls')
    .description("Run untrusted WebAssembly on other people's machines, and get results that anyone can verify.")
    .version(readVersion(), '-V, --version', 'print the version')
    .helpCommand(false)
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nMore:\n  bls <command> --help    options and examples of a command\n  bls help exit-codes     what exit codes mean\n',
    )
  for (const add of COMMANDS) add(program, io, finish)
  if (args.includes('up')) (await import('./up/up-command.ts')).registerUp(program, io, finish)
  else program.command('up').description('start a local network: a head with its gateway, and workers')
  program.addCommand(createHelp(program, io))
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Errors are printed in one place, with their code; commander's own text is in what it throws.
      writeErr: () => {},
      getOutHelpWidth: () => io.stdout.columns,
    })
  }
  return program
}

function createHelp(program: Command, io: Io): Command {
  return new Command('help')
    .description('print help on a command, or on "exit-codes"')
    .argument('[topic]')
    .action((topic: string | undefined) => {
      if (topic === 'exit-codes') io.stdout.write(EXIT_CODES_HELP)
      else if (topic === undefined) program.outputHelp()
      else {
        const command = program.commands.find((candidate) => candidate.name() === topic)
        if (command === undefined)
          program.error(`error: unknown command '${topic}'`, { code: 'commander.unknownCommand' })
        command.outputHelp()
      }
    })
}
