import { type Command, InvalidArgumentError } from 'commander'
import { type CommonOptions, collect, createCommand, type Finish } from '../commands/command.ts'
import { resolvePath } from '../commands/options.ts'
import { readOperator } from '../config/operator-file.ts'
import { GATEWAY_PORT, STATE_FOLDER } from '../defaults.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import type { Io } from '../io/io.ts'
import { withProgress } from '../io/progress.ts'
import { readVersion } from '../version.ts'
import { findFault, runDemo } from './demo.ts'
import { type LocalNetwork, startLocalNetwork } from './local-network.ts'
import { createLogger } from './logger.ts'
import { demoJson, printDemo, printReady, readyJson } from './print-up.ts'

/** Options of `bls up`. */
interface UpOptions extends CommonOptions {
  readonly folder: string
  readonly port: number
  readonly workers: number
  readonly separate?: boolean
  readonly demo?: string
  readonly once?: boolean
  readonly logLevel: string
  readonly operator?: string
  readonly allowPrivate?: readonly string[]
}

/** Workers of a local network: the fewest that outvote one liar and still stand one failure. */
const WORKERS = 4
const WORKERS_MAX = 64

/** Adds `bls up`. */
export function registerUp(program: Command, io: Io, finish: Finish): void {
  const command = createCommand('up', 'start a local network: a head with its gateway, and workers', [
    'bls up',
    'bls up --workers 7 --port 0',
    'bls up --demo examples/hello --once',
  ])
    .option('--folder <path>', 'where the network keeps its state', STATE_FOLDER)
    .option('--port <number>', 'port of the gateway, 0 for a free one', parsePort, GATEWAY_PORT)
    .option('--workers <count>', 'how many workers', parseWorkers, WORKERS)
    .option('--separate', 'run every role as a process of its own')
    .option('--operator <file>', 'what functions may reach, and services for them, as JSON')
    .option('--allow-private <address>', 'a private address that functions may reach, such as 127.0.0.1:8080', collect)
    .option('--demo <folder>', 'build, deploy, ask and verify the function in this folder')
    .option('--once', 'stop after that, with exit code 0 only if all was as it should be')
    .option('--log-level <level>', 'error, warn, info or debug; to stderr', io.env['BLS_LOG'] ?? 'error')
    .action(async (options: UpOptions) => finish(await up(io, options)))
  program.addCommand(command)
}

async function up(io: Io, options: UpOptions): Promise<number> {
  const startedMs = performance.now()
  const log = createLogger({ level: options.logLevel, write: (line) => io.stderr.write(line) })
  const isQuiet = options.json === true
  const init = {
    folder: options.folder,
    workers: options.workers,
    port: options.port,
    isSeparate: options.separate === true,
    version: readVersion(),
    operator: await readOperator({
      path: options.operator === undefined ? undefined : resolvePath(io, options.operator),
      allowPrivate: options.allowPrivate ?? [],
    }),
  }
  await using network = await withProgress(
    io,
    { text: 'starting', isQuiet },
    async (progress) => await startLocalNetwork(init, log, progress, io.signal),
  )
  const readyInMs = performance.now() - startedMs
  if (isQuiet) io.stdout.write(readyJson(network, options.workers, readyInMs))
  else printReady(io, network, options.workers, readyInMs)
  const fault = options.demo === undefined ? undefined : await demo(io, network, options.demo, isQuiet)
  if (options.once === true) return fault === undefined ? EXIT_CODES.ok : EXIT_CODES.failed
  if (!isQuiet) io.stderr.write('\nThe network runs; Ctrl-C stops it.\n')
  await aborted(io.signal)
  if (!isQuiet) io.stderr.write('\nStopping.\n')
  return EXIT_CODES.ok
}

/** @returns what was not as it should be */
async function demo(io: Io, network: LocalNetwork, folder: string, isQuiet: boolean): Promise<string | undefined> {
  const result = await withProgress(
    io,
    { text: 'building', isQuiet },
    async (progress) => await runDemo(io, network, folder, progress),
  )
  const fault = findFault(result)
  if (isQuiet) io.stdout.write(demoJson(result, fault))
  else printDemo(io, result, fault)
  return fault
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('It has to be a whole number from 0 to 65535.')
}

function parseWorkers(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= WORKERS_MAX) return count
  throw new InvalidArgumentError(`It has to be a whole number from 1 to ${WORKERS_MAX}.`)
}
