import { join } from 'node:path'
import { type Logger, systemClock, systemRandom } from '@blockless/core'
import { createHost, loadIdentity, Worker } from '@blockless/node'
import { Cgroups, createFamilies, Executor, executorInitOf, hostCallLimitsOf } from '@blockless/runtime'
import { BlockStore, createExchange } from '@blockless/storage'
import type { WorkerConfig } from './role-config.ts'

/** A running worker with its executor. */
export interface RunningWorker extends AsyncDisposable {
  readonly worker: Worker
}

/** Wires and starts a worker and its executor; disposing stops them, last started first. */
export async function createWorker(config: WorkerConfig, log: Logger): Promise<RunningWorker> {
  const clock = systemClock
  const random = systemRandom
  const { network, folder } = config
  await using parts = new AsyncDisposableStack()
  const identity = await loadIdentity(join(folder, 'key.bin'))
  const store = parts.use(await BlockStore.open({ folder: join(folder, 'blocks'), sizeMax: config.storeSizeMax, log }))
  const executor = new Executor(
    { log, clock, ...confining(log) },
    { ...executorInitOf(config.operator.resources), threads: config.threads },
  )
  await executor.start()
  parts.defer(async () => await executor.stop())
  const hostCallLimits = hostCallLimitsOf(config.operator.resources)
  const families = await createFamilies(config.operator, { clock, environment: process.env })
  const host = await createHost({ privateKey: identity.privateKey, listen: config.listen })
  parts.defer(async () => await host.stop())
  const exchange = createExchange({ libp2p: host, store, log })
  await exchange.start()
  parts.defer(async () => await exchange.stop())
  const worker = new Worker(
    { host, signer: identity.signer, store, exchange, executor, families, clock, random, log },
    { network, heads: config.heads, caps: config.caps, operator: config.operator.permissions, hostCallLimits },
  )
  worker.start()
  parts.defer(async () => await worker.stop())
  const owned = parts.move()
  return { worker, [Symbol.asyncDispose]: async () => await owned.disposeAsync() }
}

/** Control groups for executors, or a word to the log that there are none and only their memory is watched. */
function confining(log: Logger): { readonly cgroups?: Cgroups } {
  const cgroups = Cgroups.create()
  if (typeof cgroups !== 'string') return { cgroups }
  log.info('no control groups: memory is watched, processor time is not bounded', { why: cgroups })
  return {}
}
