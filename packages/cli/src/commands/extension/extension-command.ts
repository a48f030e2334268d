import { join } from 'node:path'
import { systemClock } from '@blockless/core'
import { ExtensionStore } from '@blockless/runtime'
import { Command } from 'commander'
import { STATE_FOLDER } from '../../defaults.ts'
import { UsageError } from '../../errors/cli-error.ts'
import { EXIT_CODES } from '../../exit-codes.ts'
import type { Io } from '../../io/io.ts'
import { withProgress } from '../../io/progress.ts'
import { type AddCommand, type CommonOptions, collect, createCommand } from '../command.ts'
import { resolvePath } from '../options.ts'
import { printAdded, printChecks, printRegistry } from './print-extensions.ts'

interface ExtensionFlags extends CommonOptions {
  readonly folder: string
}

interface AddFlags extends ExtensionFlags {
  readonly alias?: string
  readonly env?: readonly string[]
  readonly driver?: string
}

/** Below a node's state folder. */
const EXTENSIONS_FOLDER = 'extensions'

/** `bls extension`: the programs and drivers beside WebAssembly that an operator lets functions use. */
export const addExtensionCommand: AddCommand = (program, io, finish) => {
  // without the common options, which a group would take from its commands
  const group = new Command('extension')
    .description('install programs and drivers that functions may use')
    .addHelpText('after', '\nExamples:\n  $ bls extension add ./resize --alias resize\n  $ bls extension verify\n')
    .action(() => {
      group.outputHelp()
      finish(EXIT_CODES.usage)
    })
  const withFolder = (signature: string, description: string, examples: readonly string[]) =>
    createCommand(signature, description, examples).option(
      '--folder <path>',
      'where the node keeps its state',
      STATE_FOLDER,
    )
  const add = withFolder('add', 'check a program with --ext_verify, or a driver, and keep a copy of it', [
    'bls extension add ./resize',
    'bls extension add ./resize --alias resize-2 --env LANG',
    'bls extension add ./redis.wasm --driver redis',
  ])
    .argument('<file>', 'an executable, or with --driver a module in WebAssembly or JavaScript')
    .option('--alias <name>', 'what functions call it by, instead of what it calls itself')
    .option('--env <name>', 'a variable that functions may set, beside those it names itself; repeatable', collect)
    .option('--driver <scheme>', 'install a driver for URLs of this scheme')
    .action(async (file: string, flags: AddFlags) => finish(await addAction(io, file, flags)))
  const list = withFolder('list', 'list what is installed', ['bls extension list --json']).action(
    async (flags: ExtensionFlags) => finish(await listAction(io, flags)),
  )
  const remove = withFolder('remove', 'remove an extension by its alias, or a driver by its scheme with a colon', [
    'bls extension remove resize',
    'bls extension remove redis:',
  ])
    .argument('<name>')
    .action(async (name: string, flags: ExtensionFlags) => finish(await removeAction(io, name, flags)))
  const verify = withFolder('verify', 'check the hashes of all copies, and start each program with --ext_verify', [
    'bls extension verify --json',
  ]).action(async (flags: ExtensionFlags) => finish(await verifyAction(io, flags)))
  for (const command of [add, list, remove, verify]) group.addCommand(command)
  program.addCommand(group)
}

function storeOf(io: Io, { folder }: ExtensionFlags): ExtensionStore {
  return new ExtensionStore(join(resolvePath(io, folder), EXTENSIONS_FOLDER), { clock: systemClock })
}

async function addAction(io: Io, file: string, flags: AddFlags): Promise<number> {
  const { alias, env = [], driver, json = false } = flags
  if (driver !== undefined && (alias !== undefined || env.length > 0)) {
    throw new UsageError('Cannot use --driver with --alias or --env: a driver has a scheme and no variables')
  }
  const store = storeOf(io, flags)
  const path = resolvePath(io, file)
  const added = await withProgress(io, { text: `Checking ${file}`, isQuiet: json }, async () =>
    asUsage(async () => {
      if (driver !== undefined) return await store.addDriver(path, driver, io.signal)
      return await store.add(path, { ...(alias === undefined ? {} : { alias }), envs: env, signal: io.signal })
    }),
  )
  if (json) io.stdout.write(`${JSON.stringify(added)}\n`)
  else printAdded(io, added)
  return EXIT_CODES.ok
}

async function listAction(io: Io, flags: ExtensionFlags): Promise<number> {
  const { extensions, drivers } = await storeOf(io, flags).list()
  if (flags.json === true) io.stdout.write(`${JSON.stringify({ extensions, drivers })}\n`)
  else printRegistry(io, { extensions, drivers })
  return EXIT_CODES.ok
}

async function removeAction(io: Io, name: string, flags: ExtensionFlags): Promise<number> {
  await storeOf(io, flags).remove(name)
  io.stdout.write(flags.json === true ? `${JSON.stringify({ removed: name })}\n` : `Removed ${name}\n`)
  return EXIT_CODES.ok
}

async function verifyAction(io: Io, flags: ExtensionFlags): Promise<number> {
  const { json = false } = flags
  const checks = await withProgress(io, { text: 'Checking extensions', isQuiet: json }, async () =>
    storeOf(io, flags).verify(io.signal),
  )
  if (json) {
    const shown = checks.map(({ problem, ...check }) => ({
      ...check,
      problem:
        problem === undefined ? null : { code: problem.code, message: problem.message, details: problem.details },
    }))
    io.stdout.write(`${JSON.stringify({ checks: shown })}\n`)
  } else printChecks(io, checks)
  return checks.every(({ problem }) => problem === undefined) ? EXIT_CODES.ok : EXIT_CODES.failed
}

/** Names and schemes come from the command line here, so a wrong one is wrong usage. */
async function asUsage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof RangeError) throw new UsageError(cause.message, undefined, { cause })
    throw cause
  }
}
