import { availableParallelism } from 'node:os'
import {
  type Limits,
  type Logger,
  type Network,
  type NodeId,
  protocolLimits,
  systemClock,
  systemRandom,
} from '@blockless/core'
import type { OperatorConfig } from '@blockless/runtime'
import { createHead, type RunningHead } from './create-head.ts'
import { createWorker } from './create-worker.ts'
import type { WorkerConfig } from './role-config.ts'
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
  /** What functions may reach from the workers. */
  readonly operator: OperatorConfig
}

/** A part that came up, for progress. */
export type UpProgress = (message: string) => void

/** A running local network. */
export interface LocalNetwork extends AsyncDisposable {
  readonly network: Network
  readonly url: string
  readonly folder: string
  /** Processes of the roles, if they have their own; the head's first. */
  readonly processes: readonly RoleProcessInfo[]
}

/** A role's own process. */
export interface RoleProcessInfo {
  readonly role: 'head' | 'worker'
  readonly node: NodeId
  readonly pid: number
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
  const head = parts.use(await startHead(init, state, network, log))
  signal.throwIfAborted()
  onProgress(`starting ${init.workers} workers`)
  const starting = Array.from({ length: init.workers }, async (_, index) => {
    const worker = await startWorker(
      init,
      workerConfig(init, state.workerFolder(index + 1), network, head.addresses),
      log,
    )
    return parts.use(worker)
  })
  const settled = await Promise.allSettled(starting)
  const workers = settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
  onProgress('waiting for the workers to link')
  await head.waitForWorkers(init.workers, AbortSignal.any([signal, AbortSignal.timeout(LINK_MS)]))
  await state.recordUp({ url: head.url, pid: process.pid, folder: state.path })
  parts.defer(async () => await state.forgetUp())
  const owned = parts.move()
  return {
    network,
    url: head.url,
    folder: state.path,
    processes: [
      ...ownProcess('head', network.heads[0], head),
      ...workers.flatMap((worker, index) => ownProcess('worker', network.workers[index], worker)),
    ],
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

type Started<Role> = Role & { readonly pid?: number }

async function startHead(
  init: LocalNetworkInit,
  state: StateFolder,
  network: Network,
  log: Logger,
): Promise<Started<RunningHead>> {
  const config = {
    network,
    folder: state.headFolder(),
    listen: [LOOPBACK],
    httpHost: '127.0.0.1',
    httpPort: init.port,
    domain: 'localhost',
    storeSizeMax: STORE_SIZE_MAX,
    version: init.version,
  }
  return await (init.isSeparate ? startHeadProcess(config) : createHead(config, log))
}

async function startWorker(
  init: LocalNetworkInit,
  config: WorkerConfig,
  log: Logger,
): Promise<Started<AsyncDisposable>> {
  return await (init.isSeparate ? startWorkerProcess(config) : createWorker(config, log))
}

function workerConfig(
  { operator }: LocalNetworkInit,
  folder: string,
  network: Network,
  heads: readonly string[],
): WorkerConfig {
  // All workers share this machine: two guests at once each keep its cores busy, and one that spins stops no other.
  const threads = Math.max(2, Math.ceil(availableParallelism() / 2))
  return { network, folder, listen: [LOOPBACK], heads, caps: CAPS, operator, threads, storeSizeMax: STORE_SIZE_MAX }
}

function ownProcess(
  role: RoleProcessInfo['role'],
  node: NodeId | undefined,
  { pid }: Started<object>,
): readonly RoleProcessInfo[] {
  return pid === undefined || node === undefined ? [] : [{ role, node, pid }]
}
