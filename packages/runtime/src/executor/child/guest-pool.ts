import { type Failure, FailureError } from '../failure.ts'
import { setQueueMs } from '../run-frames.ts'
import type { GuestAnswer } from '../thread/messages.ts'
import type { GuestRunState } from './guest-run-state.ts'
import { GuestSlot } from './guest-slot.ts'
import { type ModuleStore, variantKey } from './module-store.ts'
import type { Prepared } from './preparer.ts'

/** Where a pool's answers go: one for each run. */
export interface GuestPoolEvents {
  done(frame: Uint8Array): void
  failed(id: number, failure: Failure): void
}

/** Configures a {@link GuestPool}. */
export interface GuestPoolInit {
  readonly threads: number
  readonly heapMegabytesMax: number
}

interface Waiting {
  readonly run: GuestRunState
  readonly prepared: Prepared
}

/**
 * Guest threads, started when runs need them and at most as many as configured, and the runs that wait for one.
 *
 * A thread that is past its run's deadline, or whose run is cancelled, is killed; the next run gets a new one.
 */
export class GuestPool {
  readonly #init: GuestPoolInit
  readonly #modules: ModuleStore
  readonly #events: GuestPoolEvents
  readonly #slots = new Set<GuestSlot>()
  readonly #idle: GuestSlot[] = []
  #starting = 0
  #queue: Waiting[] = []
  /** Runs whose module is being compiled. */
  readonly #compiling = new Set<number>()

  constructor(modules: ModuleStore, init: GuestPoolInit, events: GuestPoolEvents) {
    this.#modules = modules
    this.#init = init
    this.#events = events
  }

  /** Starts a thread ahead of the first run. */
  warm(): void {
    if (this.#slots.size === 0) this.#spawn()
  }

  /** Runs a guest when a thread is free. */
  async submit(run: GuestRunState): Promise<void> {
    this.#compiling.add(run.id)
    try {
      const prepared = await this.#modules.compile(run.module, run.memoryPages, false)
      if (!this.#compiling.delete(run.id)) return
      this.#queue.push({ run, prepared })
      this.#schedule()
    } catch (error) {
      if (this.#compiling.delete(run.id)) this.#fail(run.id, error)
    }
  }

  /** Ends a run wherever it is; its answer is `ERR_ABORTED` unless it was already on its way. */
  cancel(id: number): void {
    const slot = [...this.#slots].find(({ run }) => run?.id === id)
    if (slot !== undefined) {
      slot.end({ code: 'ERR_ABORTED' })
      return
    }
    const queued = this.#queue.length
    this.#queue = this.#queue.filter(({ run }) => run.id !== id)
    if (this.#compiling.delete(id) || this.#queue.length < queued) this.#events.failed(id, { code: 'ERR_ABORTED' })
  }

  /** Drops modules that are gone from every thread. */
  forget(keys: readonly string[]): void {
    for (const slot of this.#slots) slot.forget(keys)
  }

  #schedule(): void {
    while (this.#queue.length > 0) {
      const slot = this.#idle.pop()
      if (slot === undefined) break
      const next = this.#queue.shift()
      if (next === undefined) break
      this.#start(slot, next)
    }
    while (this.#queue.length > this.#starting && this.#slots.size < this.#init.threads) this.#spawn()
  }

  #start(slot: GuestSlot, { run, prepared }: Waiting): void {
    run.queueMs = performance.now() - run.receivedMs
    slot.start(run, variantKey(run.module.id, run.memoryPages, false), prepared.module)
  }

  #spawn(): void {
    this.#starting++
    let isStarting = true
    const started = (): void => {
      if (isStarting) this.#starting--
      isStarting = false
    }
    const slot = new GuestSlot(this.#init.heapMegabytesMax, {
      answered: (from, answer) => {
        if (answer.kind === 'ready') {
          started()
          this.#free(from)
        } else this.#onAnswer(from, answer)
      },
      exited: (from) => {
        started()
        this.#onExit(from)
      },
    })
    this.#slots.add(slot)
  }

  #onAnswer(slot: GuestSlot, answer: Exclude<GuestAnswer, { kind: 'ready' }>): void {
    const run = slot.run
    if (run === undefined) return
    if (answer.kind === 'trapped') {
      void this.#replay(slot, run)
      return
    }
    this.#release(slot)
    if (answer.kind === 'done') {
      setQueueMs(answer.frame, run.queueMs)
      this.#events.done(answer.frame)
    } else this.#events.failed(run.id, answer.failure)
    this.#free(slot)
  }

  async #replay(slot: GuestSlot, run: GuestRunState): Promise<void> {
    try {
      const { module } = await this.#modules.compile(run.module, run.memoryPages, true)
      if (slot.run === run) slot.replay(run.id, variantKey(run.module.id, run.memoryPages, true), module)
    } catch (error) {
      if (slot.run !== run) return
      this.#release(slot)
      this.#fail(run.id, error)
      this.#free(slot)
    }
  }

  /** Takes its run off a thread, and the module as well if only the run still held it. */
  #release(slot: GuestSlot): void {
    const run = slot.run
    slot.release()
    if (run?.module.isGone !== true) return
    const { module, memoryPages } = run
    slot.forget([true, false].map((precise) => variantKey(module.id, memoryPages, precise)))
  }

  #free(slot: GuestSlot): void {
    // a thread whose end has begun takes no other run
    if (slot.ending === undefined) this.#idle.push(slot)
    this.#schedule()
  }

  #onExit(slot: GuestSlot): void {
    this.#slots.delete(slot)
    const index = this.#idle.indexOf(slot)
    if (index >= 0) this.#idle.splice(index, 1)
    const crashed = { code: 'ERR_EXECUTOR_CRASHED', why: "the guest's thread ended" } as const
    const failure = slot.ending ?? crashed
    if (slot.run !== undefined) this.#events.failed(slot.run.id, failure)
    // a thread that cannot even start would be started for ever
    else if (failure.code === 'ERR_EXECUTOR_CRASHED') throw new Error(`Cannot start guest thread: ${failure.why}`)
    this.#schedule()
  }

  #fail(id: number, error: unknown): void {
    if (!(error instanceof FailureError)) throw error
    this.#events.failed(id, error.failure)
  }
}
