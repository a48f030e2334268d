// Entry of the threads that run guests, each run in a fresh instance. One guest computes at a time; those that wait for
// the world outside have given up the thread.
import { parentPort, workerData } from 'node:worker_threads'
import { GuestRuns } from './guest-runs.ts'
import { lockDown } from './lock-down.ts'
import type { GuestAnswer, GuestTask, RunTask } from './messages.ts'

const port = parentPort
if (port === null) throw new Error('The guest thread must be started by an executor')
// Nobody reads the stacks of guests' traps, and capturing one costs more than a small run.
Error.stackTraceLimit = 0
lockDown()

/** The run that computes, 0 if none: the only way to know whom to blame when the thread does not answer. */
const computing: Int32Array = workerData
const runs = new GuestRuns({
  asked: (id, frame) => {
    Atomics.store(computing, 0, 0)
    post({ kind: 'call', id, frame, memoryBytes: runs.memoryBytesOf(id) }, [frame.buffer])
  },
  resumed: (id) => void Atomics.store(computing, 0, id),
})

port.on('message', (task: GuestTask) => {
  switch (task.kind) {
    case 'forget':
      runs.forget(task.keys)
      break
    case 'answer':
      runs.answer(task.id, task.payload)
      break
    case 'drop':
      runs.drop(task.id)
      post({ kind: 'dropped', id: task.id })
      runs.tidy()
      break
    default:
      void run(task)
  }
})

async function run(task: RunTask): Promise<void> {
  const answer = await runs.run(task)
  // a dropped run has nobody left to answer, and another one may compute
  if (answer === undefined) return
  Atomics.store(computing, 0, 0)
  post(answer, answer.kind === 'done' ? [answer.frame.buffer] : [])
  runs.tidy()
}

function post(answer: GuestAnswer, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(answer, transfer)
}

post({ kind: 'ready' })
