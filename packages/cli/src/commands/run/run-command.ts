import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { DEFAULT_LIMITS, describeExit, type Limits, runtimeExitCode } from '@blockless/core'
import { FileError } from '../../errors/cli-error.ts'
import { formatCount, formatMs, formatSize } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { styleFor } from '../../io/style.ts'
import { readModule } from '../../wasm/read-module.ts'
import { buildShowing } from '../build-function/build-command.ts'
import { type AddCommand, type CommonOptions, collect, createCommand } from '../command.ts'
import { parseCount, parseDuration, parseEnv, parseSize, readGuestStdin, resolvePath } from '../options.ts'
import { textOf } from '../text-of.ts'
import { type LocalRunReport, runLocally } from './run-locally.ts'

interface RunFlags extends CommonOptions {
  readonly env?: readonly string[]
  readonly stdin?: string
  readonly fuel?: string
  readonly memory?: string
  readonly deadline?: string
  readonly entry?: string
  readonly release?: boolean
}

/** `bls run`: runs a module here, in the same sandbox as the network's nodes. */
export const addRunCommand: AddCommand = (program, io, finish) => {
  const command = createCommand('run', 'run a module here, in the sandbox that the network uses', [
    'bls run . Ada',
    'echo Grace | bls run build/release.wasm',
    'bls run spin.wat --fuel 1_000_000 --deadline 2s --json',
  ])
    .argument('<input>', 'a module (.wasm, .wat), or the folder of a project, which is built first')
    .argument('[args...]', 'arguments of the function; write those with a dash after "--"')
    .option('--stdin <text>', 'its stdin: text, "-" for ours, "@file" for a file; ours if something is piped into it')
    .option('--env <KEY=VALUE>', 'an environment variable, may be given again', collect)
    .option('--entry <name>', 'the exported function to call')
    .option('--fuel <count>', 'instructions it may use')
    .option('--memory <size>', 'memory it may use, such as 64MiB')
    .option('--deadline <time>', 'time it may use, such as 10s')
    .option('--release', 'of a project, build what [build_release] says')
    .action(async (input: string, args: string[], flags: RunFlags) =>
      finish(await runAction(io, { input, args, flags })),
    )
  program.addCommand(command)
}

interface RunRequest {
  readonly input: string
  readonly args: readonly string[]
  readonly flags: RunFlags
}

async function runAction(io: Io, { input, args, flags }: RunRequest): Promise<number> {
  const stdin = await readGuestStdin(io, flags.stdin ?? (io.stdin.isTty ? undefined : '-'))
  const loaded = await load(io, resolvePath(io, input), flags)
  const report = await runLocally(io, {
    wasm: loaded.wasm,
    name: loaded.name,
    entry: flags.entry ?? loaded.entry,
    limits: limitsOf(flags, loaded.limits),
    input: { args, env: { ...loaded.env, ...parseEnv(flags.env) }, stdin },
  })
  if (flags.json === true) io.stdout.write(`${JSON.stringify(toJson(report))}\n`)
  else printReport(io, report)
  return runtimeExitCode(report.exit)
}

interface Loaded {
  readonly wasm: Uint8Array
  readonly name: string
  readonly entry: string
  readonly limits: Limits
  readonly env: Readonly<Record<string, string>>
}

async function load(io: Io, path: string, { release = false, json = false }: RunFlags): Promise<Loaded> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new FileError('run', path, cause)
  })
  if (!found.isDirectory()) {
    return { wasm: await readModule(path), name: basename(path), entry: '_start', limits: DEFAULT_LIMITS, env: {} }
  }
  const { wasm, manifest } = await buildShowing(io, path, { release, isJson: json })
  const { entry = '_start', limits = DEFAULT_LIMITS, env = {}, modules } = manifest
  return { wasm, name: modules[0]?.file ?? manifest.name, entry, limits, env }
}

function limitsOf({ fuel, memory, deadline }: RunFlags, limits: Limits): Limits {
  return {
    ...limits,
    ...(fuel === undefined ? {} : { fuel: parseCount('--fuel', fuel) }),
    ...(memory === undefined ? {} : { memoryBytes: parseSize('--memory', memory) }),
    ...(deadline === undefined ? {} : { deadlineMs: parseDuration('--deadline', deadline) }),
  }
}

function toJson(report: LocalRunReport): unknown {
  const { exit, stdout, stderr, fuelUsed, memoryPeakBytes, isPure, runMs } = report
  const exitCode = runtimeExitCode(exit)
  return { exit, exitCode, stdout: textOf(stdout), stderr: textOf(stderr), fuelUsed, memoryPeakBytes, isPure, runMs }
}

function printReport(io: Io, { exit, stdout, stderr, fuelUsed, memoryPeakBytes, runMs }: LocalRunReport): void {
  io.stdout.write(stdout)
  io.stderr.write(stderr)
  const style = styleFor(io, io.stderr)
  if (exit.kind !== 'exit') io.stderr.write(`${style.red(`${describeExit(exit)}.`)}\n`)
  if (!io.isTty) return
  if (stdout.length > 0 && stdout.at(-1) !== 0x0a) io.stderr.write('\n')
  const facts = `${formatCount(fuelUsed)} fuel · ${formatSize(memoryPeakBytes)} · ${formatMs(runMs)}`
  io.stderr.write(`${style.dim(facts)}\n`)
}
