// Entry of the executor process: reads frames, keeps modules, hands runs to guest threads. No guest code, and no byte
// of a module, is ever looked at on this thread, so it always answers.
import { Socket } from 'node:net'
import { MODULE_FRAME_SIZE_MAX, ORDER_SIZE_MAX } from '../../limits.ts'
import { type Failure, FailureError } from '../failure.ts'
import {
  createFrame,
  createJsonFrame,
  EXECUTOR_FRAME,
  type Frame,
  FrameReader,
  HOST_FRAME,
  readPreparePayload,
} from '../protocol.ts'
import { readOrderHead } from '../run-frames.ts'
import { lockDown } from '../thread/lock-down.ts'
import type { ExecutorProcessInit } from './executor-init.ts'
import { GuestPool } from './guest-pool.ts'
import type { GuestRunState } from './guest-run-state.ts'
import { ModuleStore } from './module-store.ts'
import { Preparer } from './preparer.ts'

/** The pipe to the host, after stdin, stdout and stderr. */
const LINK_DESCRIPTOR = 3

lockDown(['worker'])
const init = JSON.parse(process.argv[2] ?? '') as ExecutorProcessInit
const link = new Socket({ fd: LINK_DESCRIPTOR, readable: true, writable: true })
const reader = new FrameReader(Math.max(MODULE_FRAME_SIZE_MAX, ORDER_SIZE_MAX))
const preparer = new Preparer(init)
const modules = new ModuleStore(preparer, (keys) => pool.forget(keys))
const pool = new GuestPool(
  modules,
  { threads: init.threads, parkedBytesMax: init.parkedBytesMax, heapMegabytesMax: init.threadHeapMegabytesMax },
  { frame: send, failed: sendFailure },
)

link.on('data', (chunk: Buffer) => {
  for (const frame of reader.push(chunk)) onFrame(frame)
})
// the host is gone, however it went: nobody wants the results
link.on('close', () => process.exit(0))
link.on('error', () => process.exit(0))
send(createFrame(EXECUTOR_FRAME.ready, 0, 0))
pool.warm()
preparer.warm()

function send(frame: Uint8Array): void {
  link.write(frame)
}

function sendFailure(id: number, failure: Failure): void {
  send(createJsonFrame(EXECUTOR_FRAME.failed, id, failure))
}

function onFrame({ type, id, payload }: Frame): void {
  switch (type) {
    case HOST_FRAME.prepare:
      void prepare(id, payload)
      break
    case HOST_FRAME.run:
      void pool.submit(runStateOf(id, payload))
      break
    case HOST_FRAME.cancel:
      pool.cancel(id)
      break
    case HOST_FRAME.answer:
      pool.answer(id, payload.slice())
      break
    case HOST_FRAME.evict:
      modules.evict(id)
      break
    case HOST_FRAME.ping:
      send(createFrame(EXECUTOR_FRAME.pong, id, 0))
      break
    default:
      throw new Error(`The host sent a frame of unknown type ${type}`)
  }
}

function runStateOf(id: number, payload: Uint8Array): GuestRunState {
  const head = readOrderHead(payload)
  // the payload gets a buffer of its own, so that it can be handed over to the thread
  const own = payload.slice()
  return {
    ...head,
    id,
    module: modules.find(head.module),
    payload: own,
    receivedMs: performance.now(),
    queueMs: 0,
    deadlineTimer: undefined,
    isParked: false,
    asked: undefined,
    memoryBytes: 0,
    restarts: 0,
  }
}

async function prepare(id: number, payload: Uint8Array): Promise<void> {
  const { module, memoryPages, program } = readPreparePayload(payload)
  try {
    const { info } = await modules.add(module, program, memoryPages)
    send(createJsonFrame(EXECUTOR_FRAME.prepared, id, info))
  } catch (error) {
    if (!(error instanceof FailureError)) throw error
    sendFailure(id, error.failure)
  }
}
