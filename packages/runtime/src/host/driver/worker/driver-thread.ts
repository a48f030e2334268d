// Entry of the threads that hold drivers: one per driver and run, ended when it does not answer in time.
import { parentPort, workerData } from 'node:worker_threads'
import { decodeAnswer, encodeCall, type HostAnswer } from '../../../host-call/host-call.ts'
import { type Driver, DriverFailure } from './driver.ts'
import type { DriverReply, DriverRequest, DriverSource, FromDriver, ToDriver } from './messages.ts'

const NO_BYTES = new Uint8Array()
const port = parentPort
if (port === null) throw new Error('The thread of a driver must be started by its owner')
const source: DriverSource = workerData
let asked: ((answer: HostAnswer) => void) | undefined
const post = (message: FromDriver): void => port.postMessage(message)

const link = {
  call: async (call: Parameters<typeof encodeCall>[0]): Promise<HostAnswer> => {
    const { promise, resolve } = Promise.withResolvers<HostAnswer>()
    asked = resolve
    post({ kind: 'call', call: encodeCall(call) })
    return await promise
  },
}

async function perform(driver: Driver, request: DriverRequest): Promise<DriverReply> {
  switch (request.verb) {
    case 'open':
      return { error: 0, value: await driver.open(request.url, request.options), bytes: NO_BYTES }
    case 'read':
      return { error: 0, value: 0, bytes: await driver.read(request.handle, request.size) }
    case 'write':
      return { error: 0, value: await driver.write(request.handle, request.bytes), bytes: NO_BYTES }
    case 'close':
      await driver.close(request.handle)
      return { error: 0, value: 0, bytes: NO_BYTES }
  }
}

/** A driver that fails in any other way than by an error of drivers is in a state that nobody knows. */
async function serve(driver: Driver, request: DriverRequest): Promise<void> {
  try {
    post({ kind: 'reply', reply: await perform(driver, request) })
  } catch (error) {
    if (error instanceof DriverFailure) {
      post({ kind: 'reply', reply: { error: error.number, value: 0, bytes: NO_BYTES } })
    } else post({ kind: 'broken', why: whyOf(error) })
  }
}

function whyOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500)
}

let driver: Driver | undefined
port.on('message', (message: ToDriver) => {
  if (message.kind === 'answer') {
    asked?.(decodeAnswer(message.answer))
    asked = undefined
  } else if (driver !== undefined) void serve(driver, message.request)
})
try {
  // only one of them is needed, and the one for WebAssembly brings the whole sandbox
  if (source.kind === 'wasm') driver = await (await import('./wasm-driver.ts')).loadWasmDriver(source, link)
  else driver = await (await import('./javascript-driver.ts')).loadJavascriptDriver(source.bytes)
  post({ kind: 'ready' })
} catch (error) {
  post({ kind: 'broken', why: whyOf(error) })
}
