import { Worker } from 'node:worker_threads'
import type { Failure } from '../failure.ts'
import type { GuestAnswer, GuestTask } from '../thread/messages.ts'
import type { GuestRunState } from './guest-run-state.ts'

/** Megabytes of stack for a guest's thread: its rewritten call depth must end before V8's own limit, which varies. */
const STACK_MEGABYTES = 64
/** V8 keeps a little JavaScript heap per thread; guests' memories are outside of it. */
const YOUNG_MEGABYTES = 16

/** What a slot tells its pool. */
export interface GuestSlotEvents {
  answered(slot: GuestSlot, answer: GuestAnswer): void
  exited(slot: GuestSlot): void
}

/** One guest thread with the run that is on it. */
export class GuestSlot {
  run: GuestRunState | undefined
  /** Why the thread is being ended, if it is. */
  ending: Failure | undefined
  readonly #worker: Worker
  readonly #keys = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(heapMegabytesMax: number, events: GuestSlotEvents) {
    this.#worker = new Worker(new URL('../thread/guest-thread.ts', import.meta.url), {
      resourceLimits: {
        maxOldGenerationSizeMb: heapMegabytesMax,
        maxYoungGenerationSizeMb: YOUNG_MEGABYTES,
        stackSizeMb: STACK_MEGABYTES,
      },
    })
    this.#worker.on('message', (answer: GuestAnswer) => events.answered(this, answer))
    this.#worker.on('error', (error) => {
      this.ending ??= failureOf(error)
    })
    this.#worker.on('exit', () => {
      clearTimeout(this.#timer)
      events.exited(this)
    })
  }

  /** Puts a run on the thread and sets its deadline. */
  start(run: GuestRunState, key: string, module: WebAssembly.Module): void {
    this.run = run
    const task = { kind: 'run', id: run.id, key, payload: run.payload } as const
    this.#post(this.#withModule(task, module), [run.payload.buffer])
    this.#timer = setTimeout(() => this.end({ code: 'ERR_DEADLINE', deadlineMs: run.deadlineMs }), run.deadlineMs)
  }

  /** Repeats the run that has just trapped, with another rewriting of its module. */
  replay(id: number, key: string, module: WebAssembly.Module): void {
    this.#post(this.#withModule({ kind: 'replay', id, key }, module), [])
  }

  /** Takes the finished run off the thread. */
  release(): void {
    clearTimeout(this.#timer)
    this.run = undefined
  }

  /** Kills the thread, whatever its guest does; `exited` follows. */
  end(failure: Failure): void {
    if (this.ending !== undefined) return
    this.ending = failure
    void this.#worker.terminate()
  }

  /** Drops modules that are gone. */
  forget(keys: readonly string[]): void {
    const held = keys.filter((key) => this.#keys.delete(key))
    if (held.length > 0) this.#post({ kind: 'forget', keys: held }, [])
  }

  /** The module goes along the first time that a task names it. */
  #withModule(task: Exclude<GuestTask, { kind: 'forget' }>, module: WebAssembly.Module): GuestTask {
    if (this.#keys.has(task.key)) return task
    this.#keys.add(task.key)
    return { ...task, module }
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
