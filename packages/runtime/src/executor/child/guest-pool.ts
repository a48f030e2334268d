import { type Failure, FailureError } from '../failure.ts'
import { setQueueMs } from '../run-frames.ts'
import type { RunAnswer, Variant } from '../thread/messages.ts'
import type { GuestRunState } from './guest-run-state.ts'
import { GuestSlot } from './guest-slot.ts'
import { type ModuleStore, variantKey } from './module-store.ts'
import type { Prepared } from './preparer.ts'

/** Threads that may end by themselves under a run before this node gives it up: it may be what ends them. */
const RESTARTS_MAX = 3

/** A guest that computes this long may be killed for it, so a thread stands by: starting one takes longer than killing. */
const STANDBY_AFTER_MS = 20

/** How long a run whose answer is here waits for its thread before it begins again on another one. */
const MOVE_AFTER_MS = 50

/** Where a pool's answers go: one for each run, and the host calls before it. */
export interface GuestPoolEvents {
  frame(frame: Uint8Array): void
  failed(id: number, failure: Failure): void
}

/** Configures a {@link GuestPool}. */
export interface GuestPoolInit {
  readonly threads: number
  /** While parked guests have more memory, no run begins that could wait too. */
  readonly parkedBytesMax: number
  readonly heapMegabytesMax: number
}

interface Waiting {
  readonly run: GuestRunState
  readonly prepared: Prepared
}

/**
 * Guest threads, started when runs need them, and the runs that wait for one. At most as many as configured compute; one
 * more stands by once a guest computes for long.
 *
 * A thread whose run computes past its deadline, or is cancelled while it computes, is killed; the next run gets a new
 * one, and runs that were parked on it begin again elsewhere: the host gives them the answers they already had.
 */
export class GuestPool {
  readonly #init: GuestPoolInit
  readonly #modules: ModuleStore
  readonly #events: GuestPoolEvents
  readonly #slots = new Set<GuestSlot>()
  readonly #starting = new Set<GuestSlot>()
  readonly #slotOf = new Map<number, GuestSlot>()
  #queue: Waiting[] = []
  #standbyTimer: NodeJS.Timeout | undefined
  /** Runs whose module is being compiled, or that begin again. */
  readonly #compiling = new Map<number, GuestRunState>()

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
    this.#compiling.set(run.id, run)
    try {
      const prepared = await this.#modules.compile(run.module, run.memoryPages, variantOf(run))
      if (!this.#compiling.delete(run.id)) return
      this.#queue.push({ run, prepared })
      this.#schedule()
    } catch (error) {
      if (!(error instanceof FailureError)) throw error
      if (this.#compiling.delete(run.id)) this.#fail(run, error.failure)
    }
  }

  /** Hands a run the payload of its host call's answer. */
  answer(id: number, payload: Uint8Array<ArrayBuffer>): void {
    const slot = this.#slotOf.get(id)
    if (slot?.answer(id, payload) === false) setTimeout(() => this.#move(id, slot), MOVE_AFTER_MS)
  }

  /** Lets a run begin again where there is room: another guest computes long on its thread, and it has its answer. */
  #move(id: number, slot: GuestSlot): void {
    const run = slot.find(id)
    if (run === undefined || !slot.isHeld(id) || slot.isEnding) return
    const hasRoom = this.#freeSlot() !== undefined && this.#computingCount() < this.#init.threads
    if (!hasRoom) {
      setTimeout(() => this.#move(id, slot), MOVE_AFTER_MS)
      return
    }
    slot.release(run)
    this.#slotOf.delete(id)
    run.asked = undefined
    void this.submit(run)
  }

  /** Ends a run that nobody wants any more; its answer is `ERR_ABORTED` unless it was already on its way. */
  cancel(id: number): void {
    const run = this.#slotOf.get(id)?.find(id) ?? this.#compiling.get(id) ?? this.#queued(id)
    if (run !== undefined) this.#end(run, { code: 'ERR_ABORTED' })
  }

  #queued(id: number): GuestRunState | undefined {
    return this.#queue.find(({ run }) => run.id === id)?.run
  }

  /** Ends a run wherever it is. */
  #end(run: GuestRunState, failure: Failure): void {
    const slot = this.#slotOf.get(run.id)
    if (slot !== undefined) {
      slot.stop(run, failure)
      return
    }
    this.#compiling.delete(run.id)
    this.#queue = this.#queue.filter((waiting) => waiting.run !== run)
    this.#fail(run, failure)
  }

  /** Drops modules that are gone from every thread. */
  forget(keys: readonly string[]): void {
    for (const slot of this.#slots) slot.forget(keys)
  }

  #schedule(): void {
    while (this.#queue.length > 0 && this.#computingCount() < this.#init.threads) {
      const slot = this.#freeSlot()
      if (slot === undefined) break
      const next = this.#takeNext()
      if (next === undefined) break
      this.#start(slot, next)
    }
    while (this.#queue.length > this.#starting.size && this.#liveCount() < this.#init.threads) this.#spawn()
  }

  /** The first run in the queue for which there is memory: one that might be parked waits until parked ones have gone on. */
  #takeNext(): Waiting | undefined {
    let parkedBytes = 0
    for (const slot of this.#slots) parkedBytes += slot.parkedBytes
    const hasRoom = parkedBytes < this.#init.parkedBytesMax
    const index = hasRoom ? 0 : this.#queue.findIndex(({ run }) => !run.waits)
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0]
  }

  /** Threads on which a guest computes. */
  #computingCount(): number {
    let count = 0
    for (const slot of this.#slots) if (!slot.isFree && !slot.isEnding && !this.#starting.has(slot)) count++
    return count
  }

  #liveCount(): number {
    let count = 0
    for (const slot of this.#slots) if (!slot.isEnding) count++
    return count
  }

  /** Starts one thread more than may compute, unless one is free already. */
  #standBy(): void {
    this.#standbyTimer = undefined
    const isReady = this.#starting.size > 0 || this.#freeSlot() !== undefined
    if (!isReady && this.#liveCount() <= this.#init.threads) this.#spawn()
  }

  /** The free thread with the fewest parked runs: least is lost if it has to be replaced. */
  #freeSlot(): GuestSlot | undefined {
    let best: GuestSlot | undefined
    for (const slot of this.#slots) {
      if (slot.isFree && (best === undefined || slot.runsCount < best.runsCount)) best = slot
    }
    return best
  }

  #start(slot: GuestSlot, { run, prepared }: Waiting): void {
    if (run.deadlineTimer === undefined) {
      run.queueMs = performance.now() - run.receivedMs
      const { deadlineMs } = run
      run.deadlineTimer = setTimeout(() => this.#end(run, { code: 'ERR_DEADLINE', deadlineMs }), deadlineMs)
    }
    this.#slotOf.set(run.id, slot)
    if (this.#standbyTimer === undefined) {
      this.#standbyTimer = setTimeout(() => this.#standBy(), STANDBY_AFTER_MS)
    }
    slot.start(run, variantKey(run.module.id, run.memoryPages, variantOf(run)), prepared.program)
  }

  #spawn(): void {
    const slot = new GuestSlot(this.#init.heapMegabytesMax, {
      ready: (from) => {
        this.#starting.delete(from)
        this.#schedule()
      },
      answered: (from, run, answer) => this.#onAnswer(from, run, answer),
      failed: (run, failure) => this.#fail(run, failure),
      exited: (from, left, isKilled) => this.#onExit(from, left, isKilled),
    })
    this.#slots.add(slot)
    this.#starting.add(slot)
  }

  #onAnswer(slot: GuestSlot, run: GuestRunState, answer: RunAnswer): void {
    switch (answer.kind) {
      case 'call':
        this.#events.frame(answer.frame)
        break
      case 'trapped':
        void this.#replay(slot, run)
        break
      case 'done':
        this.#release(run)
        setQueueMs(answer.frame, run.queueMs)
        this.#events.frame(answer.frame)
        break
      case 'failed':
        this.#fail(run, answer.failure)
        break
    }
    this.#schedule()
  }

  async #replay(slot: GuestSlot, run: GuestRunState): Promise<void> {
    try {
      const { program } = await this.#modules.compile(run.module, run.memoryPages, 'precise')
      if (this.#slotOf.get(run.id) !== slot) return
      slot.replay(run, variantKey(run.module.id, run.memoryPages, 'precise'), program)
    } catch (error) {
      if (!(error instanceof FailureError)) throw error
      if (this.#slotOf.get(run.id) === slot) slot.stop(run, error.failure)
    }
  }

  /** Forgets a run that is over, and its module as well if only the run still held it. */
  #release(run: GuestRunState): void {
    clearTimeout(run.deadlineTimer)
    const slot = this.#slotOf.get(run.id)
    this.#slotOf.delete(run.id)
    if (!run.module.isGone) return
    const variants = [variantOf(run), 'precise'] as const
    slot?.forget(variants.map((variant) => variantKey(run.module.id, run.memoryPages, variant)))
  }

  #onExit(slot: GuestSlot, left: readonly GuestRunState[], isKilled: boolean): void {
    this.#slots.delete(slot)
    this.#starting.delete(slot)
    for (const run of left) {
      this.#slotOf.delete(run.id)
      if (!isKilled) run.restarts++
      run.asked = undefined
      // its bytes went with the thread, or threads die under it again and again
      const isLost = run.payload.length === 0 || run.restarts > RESTARTS_MAX
      if (isLost) this.#fail(run, { code: 'ERR_EXECUTOR_CRASHED', why: "the guest's thread ended" })
      else void this.submit(run)
    }
    this.#schedule()
  }

  #fail(run: GuestRunState, failure: Failure): void {
    this.#release(run)
    this.#events.failed(run.id, failure)
  }
}

/** The rewriting with which a run begins. */
function variantOf({ isProfiled }: GuestRunState): Variant {
  return isProfiled ? 'profile' : 'fast'
}
