import { RunHost } from '../host-call/run-host.ts'
import { EXECUTOR_SILENCE_MS_MAX, ORDER_SIZE_MAX } from '../limits.ts'
import { checkEntry, type ModuleInfo } from '../module/inspect-module.ts'
import { findSizeFailure, type Program, programOf } from '../module/program.ts'
import { CLOSED_GATE } from '../policy/gate.ts'
import { RuntimeError, type RuntimeReason } from '../runtime-error.ts'
import {
  type RunReport,
  readFailure,
  readModuleInfo,
  readReport,
  type TranscriptFacts,
  tooLittleMemory,
  transcriptFacts,
} from './answers.ts'
import { Confinement } from './caps/confinement.ts'
import { residentBytes } from './caps/memory-watch.ts'
import { completeInit, type ExecutorComponents, type ExecutorInit } from './executor-init.ts'
import { ExecutorProcess } from './executor-process.ts'
import { HostCalls } from './host-calls.ts'
import { type HeldModule, ModuleTable } from './module-table.ts'
import { createFrame, createPrepareFrame, EXECUTOR_FRAME, type Frame, HOST_FRAME } from './protocol.ts'
import { encodeRunOrder } from './run-frames.ts'
import { pagesOf, type RunRequest, runOrderOf } from './run-request.ts'
import { SilenceWatch } from './silence-watch.ts'
import { waitFor } from './wait-for.ts'

/** A question to the process that is still open. */
interface Pending {
  /** @throws if the answer is not one the question can have */
  readonly answer: (frame: Frame) => void
  readonly fail: (reason: RuntimeReason) => void
  /** Gives the question up: the process is told to drop it, and whoever asked gets the error. */
  readonly abandon: (error: unknown) => void
}

type State = 'not started' | 'starting' | 'running' | 'stopped'

/** Part of an executor's memory that guests who wait may have; the rest is for those that compute, modules and garbage. */
const PARKED_SHARE = 0.5

/** Starts in a row that end before the process answers: then the machine is at fault, and starting again helps nobody. */
const FAILED_STARTS_MAX = 3

/**
 * Runs functions in a process of its own that can reach nothing: no files, no network, no children, no environment.
 *
 * It owns that process. If it crashes, its runs are rejected with `ERR_EXECUTOR_CRASHED`, it starts again empty, and
 * functions must be prepared again.
 */
export class Executor implements AsyncDisposable {
  readonly #components: ExecutorComponents
  readonly #init: Required<ExecutorInit>
  readonly #modules: ModuleTable
  readonly #pending = new Map<number, Pending>()
  readonly #preparing = new Map<string, Promise<ModuleInfo>>()
  readonly #hostCalls: HostCalls
  readonly #watch: SilenceWatch
  readonly #confinement: Confinement
  #state: State = 'not started'
  #process: ExecutorProcess | undefined
  #ready: PromiseWithResolvers<void> | undefined
  #gone: PromiseWithResolvers<void> | undefined
  #failedStarts = 0
  #runs = 0
  #nextId = 1

  constructor(components: ExecutorComponents, init: ExecutorInit = {}) {
    this.#components = components
    this.#init = completeInit(init)
    this.#modules = new ModuleTable(this.#init.moduleCacheBytesMax)
    this.#watch = new SilenceWatch(components.clock, {
      ask: () => this.#process?.send(createFrame(HOST_FRAME.ping, 0, 0)),
      silent: () => this.#process?.kill(`it did not answer for ${EXECUTOR_SILENCE_MS_MAX} ms`),
    })
    const { memoryBytesMax: memoryBytes, cpusMax: cpus } = this.#init
    const { cgroups } = components
    this.#confinement = new Confinement({ ...components, cgroups, measure: residentBytes }, { memoryBytes, cpus })
    this.#hostCalls = new HostCalls({
      answered: (parts) => this.#process?.send(...parts),
      failed: (id, error) => this.#pending.get(id)?.abandon(error),
      misbehaved: (error) =>
        this.#process?.kill(`the executor sent a host call that makes no sense (${wordsOf(error)})`),
    })
  }

  /** Process id of the sandbox while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /**
   * Starts the process; resolves when it takes work.
   *
   * @throws {RuntimeError} `ERR_EXECUTOR_CRASHED` if it does not come up; rejects with the signal's reason
   */
  async start(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    // a process that is being stopped still has to go
    if (this.#state === 'stopped') await waitFor(this.#gone?.promise ?? Promise.resolve(), signal)
    if (this.#state === 'running') return
    if (this.#state !== 'starting') this.#spawn()
    const abort = (): void => this.#ready?.reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      await this.#ready?.promise
    } catch (error) {
      await this.stop()
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Ends the process and rejects what it was doing with `ERR_ABORTED`. */
  async stop(): Promise<void> {
    const gone = this.#gone
    this.#state = 'stopped'
    this.#process?.kill()
    this.#failAll({ code: 'ERR_ABORTED' })
    await gone?.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Whether a function can be run now. */
  has(functionCid: string): boolean {
    return this.#modules.has(functionCid)
  }

  /**
   * Reads, checks, rewrites and compiles a function's module inside the sandbox; at once if that was done before.
   *
   * @param source - a WebAssembly module, or one with modules linked to it; together at most 64 MiB
   * @throws {RuntimeError} `ERR_MODULE_INVALID`, `ERR_MODULE_IMPORT`, or an error of this node
   */
  async prepare(functionCid: string, source: Uint8Array | Program, signal?: AbortSignal): Promise<ModuleInfo> {
    signal?.throwIfAborted()
    const held = this.#modules.use(functionCid)
    if (held !== undefined) return held.info
    const known = this.#preparing.get(functionCid)
    const preparing = known ?? this.#prepare(functionCid, programOf(source))
    if (known === undefined) {
      this.#preparing.set(functionCid, preparing)
      const done = (): void => void this.#preparing.delete(functionCid)
      preparing.then(done, done)
    }
    // it goes on for those who ask next, so one who gives up only stops waiting
    return await waitFor(preparing, signal)
  }

  async #prepare(functionCid: string, program: Program): Promise<ModuleInfo> {
    const failure = findSizeFailure(program)
    if (failure !== undefined) throw new RuntimeError(failure)
    const id = this.#takeId()
    const frame = createPrepareFrame(id, program)
    const info = await this.#ask(id, EXECUTOR_FRAME.prepared, readModuleInfo, frame, undefined)
    for (const { id: gone } of this.#modules.add(functionCid, { id, info })) {
      this.#process?.send(createFrame(HOST_FRAME.evict, gone, 0))
    }
    return info
  }

  /**
   * Runs a function once, in a fresh instance.
   *
   * @param host - the world outside as this run sees it; none if absent, so every call is refused
   * @returns how it ended and what it wrote: the same on every node
   * @throws {RuntimeError} if this node cannot tell how it ends: `ERR_DEADLINE`, `ERR_QUEUE_FULL`, `ERR_HOST_MEMORY`,
   * `ERR_EXECUTOR_CRASHED`, `ERR_MODULE_NOT_PREPARED`, `ERR_MODULE_ENTRY`; rejects with the signal's reason, and the
   * guest is then killed
   */
  async run(request: RunRequest, signal?: AbortSignal, host?: RunHost): Promise<RunReport> {
    const startMs = this.#components.clock.monotonic()
    signal?.throwIfAborted()
    const module = this.#modules.use(request.functionCid)
    if (module === undefined) {
      throw new RuntimeError({ code: 'ERR_MODULE_NOT_PREPARED', functionCid: request.functionCid })
    }
    checkEntry(module.info, request.entry)
    if (module.info.memoryPagesMin > pagesOf(request.limits)) return tooLittleMemory()
    this.#checkRoom()
    const { outcome, ...result } = await this.#runHeld(request, module, signal, host)
    const { queueMs, instantiateMs, runMs } = outcome
    return {
      ...result,
      timings: { queueMs, instantiateMs, runMs, totalMs: this.#components.clock.monotonic() - startMs },
    }
  }

  /** Runs that wait for the world outside take memory but no thread. */
  #checkRoom(): void {
    const { queueMax, threads, guestsMax } = this.#init
    const computing = this.#runs - this.#hostCalls.askedCount
    if (computing < threads + queueMax && this.#runs < guestsMax) return
    throw new RuntimeError({ code: 'ERR_QUEUE_FULL', queued: computing - threads, queueMax })
  }

  async #runHeld(
    request: RunRequest,
    module: HeldModule,
    signal: AbortSignal | undefined,
    host: RunHost | undefined,
  ): Promise<ReturnType<typeof readReport> & TranscriptFacts> {
    const id = this.#takeId()
    const frame = encodeRunOrder(id, runOrderOf(request, module))
    if (frame.length > ORDER_SIZE_MAX) {
      throw new RangeError(`Cannot run: its request has ${frame.length} bytes, at most ${ORDER_SIZE_MAX} may be`)
    }
    const bounds = { ...request.limits, isProfiled: request.profile === true }
    const read = (payload: Uint8Array): ReturnType<typeof readReport> => readReport(payload, bounds)
    const { clock, log } = this.#components
    const world =
      host ?? new RunHost({ families: [], clock, log }, { functionCid: request.functionCid, gate: CLOSED_GATE })
    this.#hostCalls.begin(id, world)
    this.#runs++
    try {
      const report = await this.#ask(id, EXECUTOR_FRAME.done, read, [frame], signal)
      return { ...report, ...transcriptFacts(world.transcript) }
    } finally {
      this.#runs--
      this.#hostCalls.end(id)
    }
  }

  /** Sends a question and waits for its answer, of type `wanted` or a failure. */
  async #ask<T>(
    id: number,
    wanted: number,
    read: (payload: Uint8Array) => T,
    frames: readonly Uint8Array[],
    signal: AbortSignal | undefined,
  ): Promise<T> {
    signal?.throwIfAborted()
    if (this.#state === 'starting') await this.#ready?.promise
    const child = this.#process
    if (this.#state !== 'running' || child === undefined) {
      throw new RuntimeError({ code: 'ERR_EXECUTOR_STATE', state: this.#state })
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const answer = ({ type, payload }: Frame): void => {
      if (type === wanted && this.#hostCalls.isAsked(id))
        throw new RangeError('it is done while it waits for an answer')
      if (type === wanted) resolve(read(payload))
      else reject(new RuntimeError(readFailure(payload)))
    }
    // whoever gives up gets the answer at once; the process answers as well, to nobody
    const abandon = (error: unknown): void => {
      if (!this.#pending.has(id)) return
      child.send(createFrame(HOST_FRAME.cancel, id, 0))
      this.#pending.set(id, { answer: () => {}, fail: () => {}, abandon: () => {} })
      reject(error)
    }
    this.#pending.set(id, { answer, fail: (reason) => reject(new RuntimeError(reason)), abandon })
    const abort = (): void => abandon(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    child.send(...frames)
    this.#watch.start()
    this.#confinement.begin()
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  #takeId(): number {
    const id = this.#nextId
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1
    return id
  }

  #spawn(): void {
    this.#state = 'starting'
    this.#ready = Promise.withResolvers()
    // who waits for it is told by start(); after a crash nobody may be waiting
    this.#ready.promise.catch(() => {})
    this.#gone = Promise.withResolvers()
    const { threads, memoryBytesMax, heapMegabytesMax, threadHeapMegabytesMax } = this.#init
    const parkedBytesMax = Math.floor(memoryBytesMax * PARKED_SHARE)
    const child = new ExecutorProcess(
      { threads, parkedBytesMax, heapMegabytesMax, threadHeapMegabytesMax },
      { frame: (frame) => this.#onFrame(child, frame), exited: (why) => this.#onExited(why) },
    )
    this.#process = child
    this.#confinement.enter(child)
  }

  #onFrame(child: ExecutorProcess, frame: Frame): void {
    if (child !== this.#process) return
    this.#watch.heard()
    if (frame.type === EXECUTOR_FRAME.pong) return
    if (frame.type === EXECUTOR_FRAME.ready) {
      if (this.#state !== 'starting') return
      this.#state = 'running'
      this.#failedStarts = 0
      this.#ready?.resolve()
      return
    }
    if (frame.type === EXECUTOR_FRAME.call) {
      void this.#hostCalls.serve(frame.id, frame.payload)
      return
    }
    const pending = this.#pending.get(frame.id)
    if (pending === undefined) return
    this.#pending.delete(frame.id)
    if (this.#pending.size === 0) this.#rest()
    try {
      pending.answer(frame)
    } catch (error) {
      const why = `the executor sent an answer that makes no sense (${wordsOf(error)})`
      pending.fail({ code: 'ERR_EXECUTOR_CRASHED', why })
      child.kill(why)
    }
  }

  #onExited(why: string): void {
    const wasStarting = this.#state === 'starting'
    this.#process = undefined
    this.#confinement.leave()
    this.#modules.clear()
    this.#gone?.resolve()
    this.#failAll({ code: 'ERR_EXECUTOR_CRASHED', why })
    if (this.#state === 'stopped') {
      this.#ready?.reject(new RuntimeError({ code: 'ERR_ABORTED' }))
      return
    }
    if (wasStarting) this.#failedStarts++
    this.#ready?.reject(new RuntimeError({ code: 'ERR_EXECUTOR_CRASHED', why }))
    if (wasStarting && this.#failedStarts >= FAILED_STARTS_MAX) {
      this.#components.log.error('executor does not start', { why, starts: this.#failedStarts })
      this.#state = 'stopped'
      return
    }
    this.#components.log.warn('executor crashed, starting it again', { why })
    this.#spawn()
  }

  #rest(): void {
    this.#watch.pause()
    this.#confinement.rest()
  }

  #failAll(reason: RuntimeReason): void {
    this.#watch.stop()
    this.#confinement.rest()
    const open = [...this.#pending.values()]
    this.#pending.clear()
    for (const { fail } of open) fail(reason)
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
