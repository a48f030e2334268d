import { Worker } from 'node:worker_threads'
import { GUESTS_PER_THREAD_MAX } from '../../limits.ts'
import type { CompiledProgram } from '../../module/program.ts'
import type { Failure } from '../failure.ts'
import { FRAME_HEAD_SIZE, readCallPayload } from '../protocol.ts'
import type { GuestAnswer, GuestTask, RunAnswer, RunTask } from '../thread/messages.ts'
import type { GuestRunState } from './guest-run-state.ts'

/** Megabytes of stack for a guest's thread: its rewritten call depth must end before V8's own limit, which varies. */
const STACK_MEGABYTES = 64
/** V8 keeps a little JavaScript heap per thread; guests' memories are outside of it. */
const YOUNG_MEGABYTES = 16
/** How often a thread is looked at that still has to forget a run. */
const WATCH_MS = 20

/** What a slot tells its pool. */
export interface GuestSlotEvents {
  ready(slot: GuestSlot): void
  /** A run is parked, done, or has failed; the last two have taken it off the slot. */
  answered(slot: GuestSlot, run: GuestRunState, answer: RunAnswer): void
  failed(run: GuestRunState, failure: Failure): void
  /**
   * The thread is gone; `left` are runs that it took along.
   *
   * @param isKilled - whether it was ended for another run's sake, so that those left are surely not to blame
   */
  exited(slot: GuestSlot, left: readonly GuestRunState[], isKilled: boolean): void
}

/** One guest thread with its runs: at most one computes, the others are parked. */
export class GuestSlot {
  readonly #worker: Worker
  readonly #events: GuestSlotEvents
  readonly #runs = new Map<number, GuestRunState>()
  readonly #keys = new Set<string>()
  /** Answers of parked runs that came while another one computed, in order. */
  readonly #held = new Map<number, Uint8Array<ArrayBuffer>>()
  #computingCount = 0
  #parkedBytes = 0
  /** Written by the thread: the run that computes, 0 if none. */
  readonly #computing = new Int32Array(new SharedArrayBuffer(4))
  /** Runs that the thread was told to drop and has not yet. */
  readonly #dropping = new Set<number>()
  #watch: NodeJS.Timeout | undefined
  #isReady = false
  #isEnding = false
  #cause: Failure | undefined

  constructor(heapMegabytesMax: number, events: GuestSlotEvents) {
    this.#events = events
    this.#worker = new Worker(new URL('../thread/guest-thread.ts', import.meta.url), {
      workerData: this.#computing,
      resourceLimits: {
        maxOldGenerationSizeMb: heapMegabytesMax,
        maxYoungGenerationSizeMb: YOUNG_MEGABYTES,
        stackSizeMb: STACK_MEGABYTES,
      },
    })
    this.#worker.on('message', (answer: GuestAnswer) => this.#onAnswer(answer))
    this.#worker.on('error', (error) => {
      this.#cause ??= failureOf(error)
    })
    this.#worker.on('exit', () => this.#onExit())
  }

  /** Whether it can begin a run now: nothing computes on it. */
  get isFree(): boolean {
    if (!this.#isReady || this.#isEnding || this.#runs.size >= GUESTS_PER_THREAD_MAX || this.#dropping.size > 0)
      return false
    return this.#computingCount === 0
  }

  /** Whether its thread is being ended. */
  get isEnding(): boolean {
    return this.#isEnding
  }

  /** Runs on it, parked ones too. */
  get runsCount(): number {
    return this.#runs.size
  }

  /** Memory of the guests that are parked here, in bytes. */
  get parkedBytes(): number {
    return this.#parkedBytes
  }

  /** The run of this number, if it is here. */
  find(id: number): GuestRunState | undefined {
    return this.#runs.get(id)
  }

  /** Puts a run on the thread. */
  start(run: GuestRunState, key: string, program: CompiledProgram): void {
    run.isParked = false
    this.#computingCount++
    // a run that computes can lose its thread only through its own fault
    const isAlone = !run.waits && this.#runs.size === 0
    this.#runs.set(run.id, run)
    const task = { kind: 'run', id: run.id, key, payload: run.payload } as const
    this.#post(this.#withProgram(task, program), isAlone ? [run.payload.buffer] : [])
  }

  /** Repeats the run that has just trapped, with another rewriting of its program. */
  replay(run: GuestRunState, key: string, program: CompiledProgram): void {
    this.#setParked(run, false)
    this.#post(this.#withProgram({ kind: 'replay', id: run.id, key }, program), [])
  }

  /**
   * Hands a run the payload of its answer's frame; an answer to what the run no longer asks is dropped.
   *
   * @returns false if it has to wait, as another guest computes here
   */
  answer(id: number, payload: Uint8Array<ArrayBuffer>): boolean {
    const run = this.#runs.get(id)
    if (run === undefined || run.asked !== readCallPayload(payload).sequence) return true
    if (this.#computingCount > 0) {
      this.#held.set(id, payload)
      return false
    }
    this.#resume(run, payload)
    return true
  }

  /** Whether a run's answer is here and the run cannot have it yet. */
  isHeld(id: number): boolean {
    return this.#held.has(id)
  }

  /** Takes a parked run off the thread, to be begun again on another one. */
  release(run: GuestRunState): void {
    this.#remove(run)
    this.#post({ kind: 'drop', id: run.id }, [])
  }

  #resume(run: GuestRunState, payload: Uint8Array<ArrayBuffer>): void {
    run.asked = undefined
    this.#setParked(run, false)
    this.#post({ kind: 'answer', id: run.id, payload }, [payload.buffer])
  }

  #resumeHeld(): void {
    const [first] = this.#held
    if (first === undefined || this.#computingCount > 0) return
    const [id, payload] = first
    this.#held.delete(id)
    const run = this.#runs.get(id)
    if (run !== undefined) this.#resume(run, payload)
  }

  #setParked(run: GuestRunState, isParked: boolean): void {
    if (run.isParked === isParked) return
    this.#computingCount += isParked ? -1 : 1
    this.#parkedBytes += isParked ? run.memoryBytes : -run.memoryBytes
    run.isParked = isParked
  }

  #remove(run: GuestRunState): void {
    this.#runs.delete(run.id)
    this.#held.delete(run.id)
    if (run.isParked) this.#parkedBytes -= run.memoryBytes
    else this.#computingCount--
  }

  /** Ends a run, and the thread with it if there is no other way. */
  stop(run: GuestRunState, failure: Failure): void {
    if (this.#runs.get(run.id) !== run) return
    this.#remove(run)
    this.#events.failed(run, failure)
    if (this.#isComputing(run.id)) {
      this.#end()
      return
    }
    this.#post({ kind: 'drop', id: run.id }, [])
    if (!run.isParked) this.#watchDrop(run.id)
    this.#resumeHeld()
  }

  /** Drops modules that are gone. */
  forget(keys: readonly string[]): void {
    const held = keys.filter((key) => this.#keys.delete(key))
    if (held.length > 0) this.#post({ kind: 'forget', keys: held }, [])
  }

  #isComputing(id: number): boolean {
    return Atomics.load(this.#computing, 0) >>> 0 === id
  }

  /** A dropped run that was about to go on may compute until its thread sees the drop; then the thread has to go. */
  #watchDrop(id: number): void {
    this.#dropping.add(id)
    this.#watch ??= setInterval(() => {
      for (const dropped of this.#dropping) if (this.#isComputing(dropped)) this.#end()
    }, WATCH_MS)
  }

  #onDropped(id: number): void {
    this.#dropping.delete(id)
    if (this.#dropping.size > 0) return
    clearInterval(this.#watch)
    this.#watch = undefined
    this.#resumeHeld()
    this.#events.ready(this)
  }

  #end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    void this.#worker.terminate()
  }

  #onAnswer(answer: GuestAnswer): void {
    if (answer.kind === 'ready') {
      this.#isReady = true
      this.#events.ready(this)
      return
    }
    if (answer.kind === 'dropped') {
      this.#onDropped(answer.id)
      return
    }
    const run = this.#runs.get(answer.id)
    if (run === undefined) return
    if (answer.kind === 'call') run.memoryBytes = answer.memoryBytes
    if (answer.kind === 'call' || answer.kind === 'trapped') this.#setParked(run, true)
    else this.#remove(run)
    if (answer.kind === 'trapped' && run.payload.length === 0) run.payload = answer.payload
    if (answer.kind === 'call') run.asked = readCallPayload(answer.frame.subarray(FRAME_HEAD_SIZE)).sequence
    // who has waited longest for this thread goes on before anyone begins
    this.#resumeHeld()
    this.#events.answered(this, run, answer)
  }

  #onExit(): void {
    clearInterval(this.#watch)
    const failure = this.#cause ?? { code: 'ERR_EXECUTOR_CRASHED', why: "the guest's thread ended" }
    const runs = [...this.#runs.values()]
    this.#runs.clear()
    if (this.#isEnding) {
      this.#events.exited(this, runs, true)
      return
    }
    this.#isEnding = true
    // a thread that cannot even start would be started for ever
    if (!this.#isReady) throw new Error(`Cannot start guest thread: ${JSON.stringify(failure)}`)
    const culprit =
      runs.find(({ id, isParked }) => !isParked && this.#isComputing(id)) ?? runs.find((run) => !run.isParked)
    if (culprit !== undefined) this.#events.failed(culprit, failure)
    this.#events.exited(
      this,
      runs.filter((run) => run !== culprit),
      false,
    )
  }

  /** The program goes along the first time that a task names it. */
  #withProgram(task: RunTask, program: CompiledProgram): GuestTask {
    if (this.#keys.has(task.key)) return task
    this.#keys.add(task.key)
    return { ...task, program }
  }

  #post(task: GuestTask, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(task, transfer)
  }
}

function failureOf(error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { code: 'ERR_HOST_MEMORY', what: 'the thread of the guest' }
  const why = error instanceof Error ? error.message : String(error)
  return { code: 'ERR_EXECUTOR_CRASHED', why: `the guest's thread threw "${why}"` }
}
