import { availableParallelism } from 'node:os'
import { type Limits, type Logger, type Network, protocolLimits, systemClock, systemRandom } from '@blockless/core'
import { createHead } from './create-head.ts'
import { createWorker } from './create-worker.ts'
import { startHeadProcess, startWorkerProcess } from './role-process.ts'
import { StateFolder } from './state-folder.ts'

/** How a local network is started. */
export interface LocalNetworkInit {
  readonly folder: string
  readonly workers: number
  readonly port: number
  /** Whether every role is a process of its own. */
  readonly isSeparate: boolean
  readonly version: string
}

/** A part that came up, for progress. */
export type UpProgress = (message: string) => void

/** A running local network. */
export interface LocalNetwork extends AsyncDisposable {
  readonly network: Network
  readonly url: string
  readonly folder: string
}

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'
const STORE_SIZE_MAX = 2_147_483_648
/** How long the workers may take to link: they dial as soon as they are up. */
const LINK_MS = 30_000

/** A laptop's worker allows what the protocol allows, but no more memory or time than a developer would wait for. */
const CAPS: Limits = {
  fuel: 1_000_000_000_000,
  memoryBytes: 1_073_741_824,
  outputBytes: protocolLimits.OUTPUT_SIZE_MAX,
  deadlineMs: 300_000,
}

/**
 * Starts a head with its gateway, and workers with their executors, on loopback.
 *
 * @throws {StateFolderError} if the folder is in use
 * @throws {ListenError} ERR_PORT_TAKEN if the port is
 */
export async function startLocalNetwork(
  init: LocalNetworkInit,
  log: Logger,
  onProgress: UpProgress,
  signal: AbortSignal,
): Promise<LocalNetwork> {
  await using parts = new AsyncDisposableStack()
  const state = parts.use(await StateFolder.open(init.folder))
  const network = await state.network(init.workers, systemRandom, systemClock.now())
  onProgress('starting the head')
  const headConfig = {
    network,
    folder: state.headFolder(),
    listen: [LOOPBACK],
    httpHost: '127.0.0.1',
    httpPort: init.port,
    domain: 'localhost',
    storeSizeMax: STORE_SIZE_MAX,
    version: init.version,
  }
  const head = parts.use(await (init.isSeparate ? startHeadProcess(headConfig) : createHead(headConfig, log)))
  signal.throwIfAborted()
  onProgress(`starting ${init.workers} workers`)
  const threads = Math.max(1, Math.ceil(availableParallelism() / 2))
  const configs = Array.from({ length: init.workers }, (_, index) => ({
    network,
    folder: state.workerFolder(index + 1),
    listen: [LOOPBACK],
    heads: head.addresses,
    caps: CAPS,
    threads,
    storeSizeMax: STORE_SIZE_MAX,
  }))
  const starting = configs.map(async (config) => {
    parts.use(await (init.isSeparate ? startWorkerProcess(config) : createWorker(config, log)))
  })
  const failed = (await Promise.allSettled(starting)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  onProgress('waiting for the workers to link')
  await head.waitForWorkers(init.workers, AbortSignal.any([signal, AbortSignal.timeout(LINK_MS)]))
  await state.recordUp({ url: head.url, pid: process.pid, folder: state.path })
  parts.defer(async () => await state.forgetUp())
  const owned = parts.move()
  return {
    network,
    url: head.url,
    folder: state.path,
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}
