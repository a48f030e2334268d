import { Worker } from 'node:worker_threads'
import type { FromWorker, WorkerTask } from './messages.ts'
import { type Failure, makeInput } from './run-cases.ts'
import type { FuzzTarget } from './target.ts'

/** A case that has not ended after this time never will; far above what is slow. */
const HANG_MS = 20_000
const WATCH_MS = 250

/** One run of a target. */
export interface FuzzRun {
  readonly targetUrl: string
  readonly corpus: string | undefined
  readonly seed: number
  readonly runs: number
  /** ends the run early */
  readonly minutes: number | undefined
  onProgress(progress: FuzzProgress): void
  onFailure(failure: Failure): void
}

/** Where a run is. */
export interface FuzzProgress {
  readonly executions: number
  readonly seconds: number
  readonly counts: Readonly<Record<string, number>>
  readonly slowestMs: number
  readonly failures: number
}

/** Runs cases in a thread, so that one that hangs can be ended, written down and passed over. */
export async function fuzz(run: FuzzRun): Promise<FuzzProgress> {
  const start = performance.now()
  const counts: Record<string, number> = {}
  let slowestMs = 0
  let failures = 0
  const current = (): FuzzProgress => ({
    executions: Object.values(counts).reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - start) / 1000,
    counts,
    slowestMs,
    failures,
  })
  const onMessage = (message: FromWorker): void => {
    if (message.kind === 'failed') {
      failures++
      run.onFailure(message)
      return
    }
    for (const [name, count] of Object.entries(message.counts)) counts[name] = (counts[name] ?? 0) + count
    slowestMs = Math.max(slowestMs, message.slowestMs)
    run.onProgress(current())
  }
  const endsAt = run.minutes === undefined ? Number.POSITIVE_INFINITY : start + run.minutes * 60_000
  let first = 0
  while (first < run.runs && performance.now() < endsAt) {
    const hungAt = await runWorker(run, first, endsAt, onMessage)
    if (hungAt === undefined) break
    const { target } = (await import(run.targetUrl)) as { target: FuzzTarget }
    const input = makeInput(await target.create(run.corpus), run.seed, hungAt)
    failures++
    counts['hung'] = (counts['hung'] ?? 0) + 1
    run.onFailure({ index: hungAt, input, problem: `has not ended after ${HANG_MS} ms` })
    first = hungAt + 1
  }
  return current()
}

/** Runs cases until they end or one hangs. @returns the case that hangs */
async function runWorker(
  { targetUrl, corpus, seed, runs }: FuzzRun,
  first: number,
  endsAt: number,
  onMessage: (message: FromWorker) => void,
): Promise<number | undefined> {
  const progress = new SharedArrayBuffer(12)
  const words = new Int32Array(progress)
  words[0] = first
  const task: WorkerTask = { targetUrl, corpus, seed, first, end: runs, progress }
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: task })
  const ended = Promise.withResolvers<number | undefined>()
  let [seen, seenAt] = [first, performance.now()]
  const watch = setInterval(() => {
    const index = Atomics.load(words, 0)
    if (index !== seen) [seen, seenAt] = [index, performance.now()]
    if (performance.now() > endsAt) Atomics.store(words, 1, 1)
    if (performance.now() - seenAt <= HANG_MS) return
    if (Atomics.load(words, 2) === 0) ended.resolve(index)
    else ended.reject(new Error(`Cannot fuzz: making input ${index} has not ended after ${HANG_MS} ms`))
  }, WATCH_MS)
  worker.on('message', (message: FromWorker) => {
    onMessage(message)
    if (message.kind === 'done') ended.resolve(undefined)
  })
  worker.once('error', ended.reject)
  try {
    return await ended.promise
  } finally {
    clearInterval(watch)
    await worker.terminate()
  }
}
