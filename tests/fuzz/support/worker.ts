import { parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, WorkerTask } from './messages.ts'
import { makeInput, runCase } from './run-cases.ts'
import type { FuzzTarget } from './target.ts'

// Runs cases one after the other; `progress` tells the main thread which one, should it never end.

const REPORT_MS = 500
const task = workerData as WorkerTask
const progress = new Int32Array(task.progress)
const { target } = (await import(task.targetUrl)) as { target: FuzzTarget }
const subject = await target.create(task.corpus)
const send = (message: FromWorker): void => parentPort?.postMessage(message)

let counts: Record<string, number> = {}
let slowestMs = 0
let reportedAt = performance.now()
const report = (isDone: boolean): void => {
  send({ kind: isDone ? 'done' : 'counts', counts, slowestMs })
  counts = {}
  reportedAt = performance.now()
}

for (let index = task.first; index < task.end && Atomics.load(progress, 1) === 0; index++) {
  Atomics.store(progress, 0, index)
  Atomics.store(progress, 2, 1)
  const input = makeInput(subject, task.seed, index)
  Atomics.store(progress, 2, 0)
  const { verdict, ms, problem } = await runCase(target, subject, input)
  counts[verdict] = (counts[verdict] ?? 0) + 1
  slowestMs = Math.max(slowestMs, ms)
  if (problem !== undefined) send({ kind: 'failed', index, input, problem })
  if (performance.now() - reportedAt > REPORT_MS) report(false)
}
report(true)
