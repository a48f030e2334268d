import { join } from 'node:path'
import { type Logger, systemClock, systemRandom } from '@blockless/core'
import { FunctionRegistry, Functions, Gateway } from '@blockless/gateway'
import { createHost, Head, Journal, loadIdentity } from '@blockless/node'
import { BlockStore, createExchange } from '@blockless/storage'
import type { HeadConfig } from './role-config.ts'

/** A running head with its gateway. */
export interface RunningHead extends AsyncDisposable {
  readonly url: string
  /** Multiaddrs that workers dial. */
  readonly addresses: readonly string[]
  /** Resolves when so many workers are linked. @throws the signal's reason */
  waitForWorkers(count: number, signal: AbortSignal): Promise<void>
}

/** Requests that a head remembers. */
const REQUESTS_COUNT_MAX = 100_000

/** Wires and starts a head and its gateway; disposing stops them, last started first. */
export async function createHead(config: HeadConfig, log: Logger): Promise<RunningHead> {
  const clock = systemClock
  const random = systemRandom
  const { network, folder } = config
  await using parts = new AsyncDisposableStack()
  const identity = await loadIdentity(join(folder, 'key.bin'))
  const journal = new Journal({ log }, { path: join(folder, 'journal.sqlite'), requestsCountMax: REQUESTS_COUNT_MAX })
  journal.start()
  parts.defer(() => journal.stop())
  const registry = new FunctionRegistry({ path: join(folder, 'functions.sqlite') })
  registry.start()
  parts.defer(() => registry.stop())
  const store = parts.use(await BlockStore.open({ folder: join(folder, 'blocks'), sizeMax: config.storeSizeMax, log }))
  const host = await createHost({ privateKey: identity.privateKey, listen: config.listen })
  parts.defer(async () => await host.stop())
  const exchange = createExchange({ libp2p: host, store, log })
  await exchange.start()
  parts.defer(async () => await exchange.stop())
  const head = new Head({ host, signer: identity.signer, journal, clock, random, log }, { network })
  await head.start()
  parts.defer(async () => await head.stop())
  const functions = new Functions({ head, store, exchange, registry, clock, log })
  const gateway = new Gateway(
    { head, journal, functions, registry, network, clock, log, version: config.version },
    { host: config.httpHost, port: config.httpPort, domain: config.domain },
  )
  await gateway.start()
  parts.defer(async () => await gateway.stop())
  const owned = parts.move()
  return {
    url: gateway.url,
    addresses: host.getMultiaddrs().map(String),
    waitForWorkers: async (count, signal) => await head.waitForWorkers(count, signal),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}
