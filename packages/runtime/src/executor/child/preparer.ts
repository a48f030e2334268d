import { Worker } from 'node:worker_threads'
import { PREPARE_DEADLINE_MS } from '../../limits.ts'
import type { CompiledProgram, Program } from '../../module/program.ts'
import { type Failure, FailureError } from '../failure.ts'
import type { ModuleFacts, PrepareAnswer, PrepareTask, Variant } from '../thread/messages.ts'
import type { ExecutorProcessInit } from './executor-init.ts'

/** A program compiled with one set of limits. */
export interface Prepared {
  readonly program: CompiledProgram
  /** Cap on its memory, in pages of 64 KiB: what was asked for, within what the module itself can use. */
  readonly memoryPages: number
  readonly info: ModuleFacts
}

interface Job {
  readonly task: PrepareTask
  readonly resolve: (prepared: Prepared) => void
  readonly reject: (error: FailureError) => void
}

/**
 * The thread that reads modules, one after the other. A module that takes too long, or takes the thread down, is
 * refused, and the next one gets a new thread.
 */
export class Preparer {
  readonly #init: ExecutorProcessInit
  readonly #jobs: Job[] = []
  #worker: Worker | undefined
  #current: Job | undefined
  #timer: NodeJS.Timeout | undefined
  #nextId = 1

  constructor(init: ExecutorProcessInit) {
    this.#init = init
  }

  /** Starts the thread ahead of its first module. */
  warm(): void {
    this.#worker ??= this.#spawn()
  }

  /** Rewrites and compiles a program. @throws {FailureError} if it cannot be run, or in time */
  prepare(program: Program, memoryPagesMax: number, variant: Variant): Promise<Prepared> {
    const { promise, resolve, reject } = Promise.withResolvers<Prepared>()
    this.#jobs.push({ task: { id: this.#nextId++, program, memoryPagesMax, variant }, resolve, reject })
    this.#next()
    return promise
  }

  #next(): void {
    if (this.#current !== undefined) return
    const job = this.#jobs.shift()
    if (job === undefined) return
    this.#current = job
    this.warm()
    this.#worker?.postMessage(job.task)
    this.#timer = setTimeout(() => this.#replace(tooLong()), PREPARE_DEADLINE_MS)
  }

  #spawn(): Worker {
    const worker = new Worker(new URL('../thread/prepare-thread.ts', import.meta.url), {
      workerData: this.#init.packages,
      resourceLimits: { maxOldGenerationSizeMb: this.#init.threadHeapMegabytesMax },
    })
    worker.on('message', (answer: PrepareAnswer) => this.#onAnswer(answer))
    worker.on('error', (error) => {
      if (worker !== this.#worker) return
      this.#worker = undefined
      this.#settle((job) => job.reject(new FailureError(failureOf(error))))
    })
    return worker
  }

  #onAnswer(answer: PrepareAnswer): void {
    if (answer.id !== this.#current?.task.id) return
    this.#settle((job) => {
      if (answer.kind === 'prepared') job.resolve(answer)
      else job.reject(new FailureError(answer.failure))
    })
  }

  #replace(failure: Failure): void {
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
    this.#settle((job) => job.reject(new FailureError(failure)))
  }

  #settle(answer: (job: Job) => void): void {
    clearTimeout(this.#timer)
    const job = this.#current
    this.#current = undefined
    if (job !== undefined) answer(job)
    this.#next()
  }
}

function tooLong(): Failure {
  const why = `it took longer than ${PREPARE_DEADLINE_MS} ms to compile`
  return { code: 'ERR_MODULE_INVALID', looksLike: 'a WebAssembly module made to be hard to compile', why }
}

function failureOf(error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { code: 'ERR_HOST_MEMORY', what: 'reading the module' }
  const why = error instanceof Error ? error.message : String(error)
  return { code: 'ERR_EXECUTOR_CRASHED', why: `the thread that reads modules threw "${why}"` }
}
