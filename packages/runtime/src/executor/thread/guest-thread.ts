// Entry of the threads that run guests; one run at a time, each in a fresh instance.
import { parentPort } from 'node:worker_threads'
import { Guest } from '../../guest/guest.ts'
import { createGuestImports } from '../../imports/guest-imports.ts'
import { FailureError } from '../failure.ts'
import { EXIT_KIND_CODES } from '../protocol.ts'
import { decodeRunOrder, encodeOutcome, type RunOrder, type RunOutcome } from '../run-frames.ts'
import { lockDown } from './lock-down.ts'
import type { GuestAnswer, GuestTask } from './messages.ts'
import { runGuest } from './run-guest.ts'

const port = parentPort
if (port === null) throw new Error('The guest thread must be started by an executor')
// Nobody reads the stacks of guests' traps, and capturing one costs more than a small run.
Error.stackTraceLimit = 0
lockDown()

const guest = new Guest({ call: async () => await Promise.reject(new Error('No import asks the host yet')) })
const imports = createGuestImports(guest)
const modules = new Map<string, WebAssembly.Module>()
let trapped: { readonly order: RunOrder; readonly outcome: RunOutcome } | undefined

port.on('message', (task: GuestTask) => {
  if (task.kind === 'forget') {
    for (const key of task.keys) modules.delete(key)
    return
  }
  if (task.module !== undefined) modules.set(task.key, task.module)
  const answer = answerTo(task)
  port.postMessage(answer, answer.kind === 'done' ? [answer.frame.buffer] : [])
})

function answerTo(task: Exclude<GuestTask, { kind: 'forget' }>): GuestAnswer {
  const module = modules.get(task.key)
  if (module === undefined) return fault('a run named a module its thread does not have')
  try {
    return task.kind === 'run' ? run(task.id, module, task.payload) : replay(task.id, module)
  } catch (error) {
    if (error instanceof FailureError) return { kind: 'failed', failure: error.failure }
    throw error
  }
}

function run(id: number, module: WebAssembly.Module, payload: Uint8Array): GuestAnswer {
  const order = decodeRunOrder(payload)
  const { outcome, isExact } = runGuest(guest, imports, module, order)
  if (isExact) return { kind: 'done', frame: encodeOutcome(id, outcome) }
  trapped = { order, outcome: { ...outcome, stdout: outcome.stdout.slice(), stderr: outcome.stderr.slice() } }
  return { kind: 'trapped' }
}

/** Runs the trapped run again, counting every instruction; all but the fuel must come out the same. */
function replay(id: number, module: WebAssembly.Module): GuestAnswer {
  if (trapped === undefined) return fault('a replay was asked for without a run')
  const { order, outcome } = trapped
  trapped = undefined
  const exact = runGuest(guest, imports, module, order).outcome
  // only the exact count can tell that the fuel ended inside the last block, before the instruction that trapped
  const isOutOfFuel = EXIT_KIND_CODES[exact.exitKind] === 'out-of-fuel'
  const isSame =
    (exact.exitKind === outcome.exitKind || isOutOfFuel) &&
    Buffer.compare(exact.stdout, outcome.stdout) === 0 &&
    Buffer.compare(exact.stderr, outcome.stderr) === 0
  if (!isSame) return fault('a trapped run came out differently when it was replayed')
  const { instantiateMs, runMs } = outcome
  return { kind: 'done', frame: encodeOutcome(id, { ...exact, instantiateMs, runMs: runMs + exact.runMs }) }
}

function fault(why: string): GuestAnswer {
  return { kind: 'failed', failure: { code: 'ERR_EXECUTOR_CRASHED', why } }
}

port.postMessage({ kind: 'ready' } satisfies GuestAnswer)
