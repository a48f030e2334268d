import { type Logger, systemClock, type Transcript } from '@blockless/core'
import type { ExecutorInit, Gate, HostFamily, HostFolderInit, OperatorConfig, RunHost } from '@blockless/runtime'
import type { Io } from '../../../io/io.ts'

/** Host calls of a run here: each file that is opened is one, and nobody else's time is taken. */
const CALLS_MAX = 1_000_000
/** The function's name for what keeps things apart by function, such as IPFS. */
export const FUNCTION_KEY = 'local'

/** The world as a run sees it, until it is disposed of. */
export interface World extends AsyncDisposable {
  readonly host: RunHost
  /** What the operator lets executors have. */
  readonly executor: ExecutorInit
}

/** What a world is made of. */
export interface WorldInit {
  readonly operator: OperatorConfig
  readonly folders: readonly HostFolderInit[]
  readonly gate: Gate
  readonly log: Logger
}

/** Opens what a run may reach. @throws {HostFolderError} if a folder cannot be given */
export async function openWorld(io: Io, { operator, folders, gate, log }: WorldInit): Promise<World> {
  const {
    createExtensionFamilies,
    createFamilies,
    clockFamily,
    executorInitOf,
    HostFolderFamily,
    hostCallLimitsOf,
    RunHost,
  } = await import('@blockless/runtime')
  const components = { clock: systemClock, environment: io.env }
  const families: HostFamily[] = [...(await createFamilies(operator, components)), clockFamily]
  // sockets are there also where nothing is installed
  if (!families.some(({ name }) => name === 'stream')) families.push(...createExtensionFamilies({}, components))
  const folderFamily = folders.length === 0 ? undefined : new HostFolderFamily({ folders })
  await folderFamily?.start()
  if (folderFamily !== undefined) families.push(folderFamily)
  const init = {
    functionCid: FUNCTION_KEY,
    gate,
    limits: { callsMax: CALLS_MAX, ...hostCallLimitsOf(operator.resources) },
  }
  const host = new RunHost({ families, clock: systemClock, log }, init)
  return {
    host,
    executor: executorInitOf(operator.resources),
    async [Symbol.asyncDispose]() {
      await host.close()
      await folderFamily?.stop()
    },
  }
}

/** A world that answers from a record, and in which nothing happens. */
export async function recordedWorld(replay: Transcript, log: Logger): Promise<World> {
  const { CLOSED_GATE, RunHost } = await import('@blockless/runtime')
  const host = new RunHost(
    { families: [], clock: systemClock, log },
    { functionCid: FUNCTION_KEY, gate: CLOSED_GATE, replay },
  )
  return { host, executor: {}, [Symbol.asyncDispose]: async () => await host.close() }
}
