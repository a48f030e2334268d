import { type Random, toHex } from '@blockless/core'
import { decodeCall, encodeAnswer, type HostAnswer, type HostCall, refused } from '../../host-call/host-call.ts'
import type { HostRun } from '../../host-call/host-family.ts'
import type { ExtensionStore } from '../extension/extension-store.ts'
import type { Resolver } from '../http/resolver.ts'
import type { Places } from '../shared/places.ts'
import type { HostStream } from '../stream/host-stream.ts'
import { type DriverSession, NO_DRIVERS, StreamSession } from '../stream/stream-session.ts'
import { ask, DriverStream } from './driver-stream.ts'
import { DriverWorker } from './driver-worker.ts'

/** Collaborators of {@link ExternalDrivers}. */
export interface DriverComponents {
  readonly store: ExtensionStore
  readonly resolver: Resolver
  readonly random: Random
  /** Threads of drivers, and connections, of the whole node. */
  readonly threads: Places
  readonly connections: Places
}

/** A driver that runs for one run. */
interface RunningDriver {
  readonly worker: DriverWorker
  /** The connections of the driver itself. */
  readonly streams: StreamSession
}

/** The drivers that the operator installed, as one run uses them: each is started once, when it is first needed. */
export class ExternalDrivers implements DriverSession {
  readonly #run: HostRun
  readonly #components: DriverComponents
  readonly #running = new Map<string, RunningDriver>()
  #isClosed = false

  constructor(run: HostRun, components: DriverComponents) {
    this.#run = run
    this.#components = components
  }

  /** @see DriverSession */
  async open(url: URL, options: Uint8Array, signal: AbortSignal): Promise<HostStream | HostAnswer> {
    const scheme = url.protocol.slice(0, -1)
    const driver = await this.#driver(scheme)
    if ('status' in driver) return driver
    const told = await ask(driver.worker, { verb: 'open', url: url.href, options }, signal)
    return 'status' in told ? told : new DriverStream(driver.worker, told.value)
  }

  /** @see DriverSession */
  async close(): Promise<void> {
    this.#isClosed = true
    const running = [...this.#running.values()]
    this.#running.clear()
    for (const driver of running) await this.#end(driver)
  }

  async #driver(scheme: string): Promise<RunningDriver | HostAnswer> {
    const running = this.#running.get(scheme)
    if (running?.worker.isAlive === true) return running
    if (running !== undefined) {
      this.#running.delete(scheme)
      await this.#end(running)
    }
    const { store, random, threads } = this.#components
    const { log, clock } = this.#run
    const found = await store.readDriver(scheme).catch((error: unknown) => {
      log.error('driver cannot be used', { scheme, why: error instanceof Error ? error.message : String(error) })
      return undefined
    })
    if (found === undefined) return refused('unknown-driver')
    if (this.#isClosed) return refused('closed')
    if (!threads.take()) return refused('limit', { name: 'driverThreadsMax', max: threads.countMax })
    const { resolver, connections } = this.#components
    const streams = new StreamSession(this.#run, { resolver, connections, drivers: NO_DRIVERS })
    const source = { ...found, nowMs: clock.now(), seed: random.bytes(32) }
    const worker = new DriverWorker(source, async (call, signal) =>
      encodeAnswer(await serveDriver(streams, decodeCall(call), signal)),
    )
    const driver = { worker, streams }
    this.#running.set(scheme, driver)
    log.debug('driver started', { scheme, sha256: toHex(found.hash) })
    return driver
  }

  async #end({ worker, streams }: RunningDriver): Promise<void> {
    await worker.stop()
    await streams.close()
    this.#components.threads.give()
  }
}

/** A driver may use streams, by the rules of the run that it serves, and nothing else. */
async function serveDriver(streams: StreamSession, call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
  if (!call.name.startsWith('stream.')) return refused('unavailable', { missing: `drivers have no ${call.name}` })
  return await streams.call(call, signal)
}
