import { Worker } from 'node:worker_threads'
import { waitFor } from '../../executor/wait-for.ts'
import type { DriverReply, DriverRequest, DriverSource, FromDriver, ToDriver } from './worker/messages.ts'

/** Megabytes of JavaScript that a driver's thread may hold, and of stack. */
const RESOURCE_LIMITS = {
  maxOldGenerationSizeMb: 256,
  maxYoungGenerationSizeMb: 32,
  codeRangeSizeMb: 64,
  stackSizeMb: 8,
}
const MAIN = new URL('./worker/driver-thread.ts', import.meta.url)

/** The driver can do no more: it broke, ended by itself, or was ended because it did not answer in time. */
export class DriverGone extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'DriverGone'
  }
}

/**
 * A driver on a thread of its own, so that one that hangs or runs out of memory takes nothing else along.
 *
 * It serves one call at a time. A call that is given up ends the thread, as nothing else stops code that does not
 * return.
 */
export class DriverWorker {
  readonly #worker: Worker
  readonly #ready = Promise.withResolvers<void>()
  readonly #serveHost: (call: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>
  readonly #over = new AbortController()
  #reply: PromiseWithResolvers<DriverReply> | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #gone: DriverGone | undefined

  /** @param serveHost - performs what the driver itself asks of the host */
  constructor(source: DriverSource, serveHost: (call: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>) {
    this.#serveHost = serveHost
    // who waits for it is told by request(); a driver can break when nobody does
    this.#ready.promise.catch(() => {})
    this.#worker = new Worker(MAIN, {
      workerData: source,
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: RESOURCE_LIMITS,
      name: 'blockless driver',
    })
    // read and dropped: kept, it would fill this process's memory
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
    this.#worker.on('message', (message: FromDriver) => this.#onMessage(message))
    this.#worker.on('error', (error: Error) => this.#end(error.message))
    this.#worker.on('messageerror', () => this.#end('it sent what cannot be read'))
    this.#worker.on('exit', () => this.#end('its thread ended'))
  }

  /** Whether it still serves. */
  get isAlive(): boolean {
    return this.#gone === undefined
  }

  /**
   * Has the driver perform a call, after those that were asked before.
   *
   * @throws {DriverGone} if the driver can do no more; rejects with the signal's reason, and the driver is then ended
   */
  async request(request: DriverRequest, signal: AbortSignal): Promise<DriverReply> {
    const turn = this.#queue.then(async () => await this.#perform(request, signal))
    this.#queue = turn.catch(() => {})
    return await turn
  }

  /** Ends the thread, whatever it does. */
  async stop(why = 'it was ended'): Promise<void> {
    this.#end(why)
    await this.#worker.terminate()
  }

  async #perform(request: DriverRequest, signal: AbortSignal): Promise<DriverReply> {
    try {
      signal.throwIfAborted()
      await waitFor(this.#ready.promise, signal)
      if (this.#gone !== undefined) throw this.#gone
      this.#reply = Promise.withResolvers()
      this.#send({ kind: 'request', request })
      return await waitFor(this.#reply.promise, signal)
    } catch (error) {
      if (signal.aborted) await this.stop('it did not answer in time')
      throw error
    } finally {
      this.#reply = undefined
    }
  }

  #onMessage(message: FromDriver): void {
    switch (message.kind) {
      case 'ready':
        this.#ready.resolve()
        break
      case 'reply':
        this.#reply?.resolve(message.reply)
        break
      case 'call':
        void this.#serve(message.call)
        break
      case 'broken':
        void this.stop(message.why)
        break
    }
  }

  async #serve(call: Uint8Array): Promise<void> {
    try {
      this.#send({ kind: 'answer', answer: await this.#serveHost(call, this.#over.signal) })
    } catch (error) {
      if (!this.#over.signal.aborted) await this.stop(error instanceof Error ? error.message : String(error))
    }
  }

  #send(message: ToDriver): void {
    this.#worker.postMessage(message)
  }

  #end(why: string): void {
    if (this.#gone !== undefined) return
    this.#gone = new DriverGone(why)
    this.#over.abort(this.#gone)
    this.#ready.reject(this.#gone)
    this.#reply?.promise.catch(() => {})
    this.#reply?.reject(this.#gone)
  }
}
