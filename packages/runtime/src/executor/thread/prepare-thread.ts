// Entry of the thread that reads, rewrites and compiles modules: hostile bytes, so on a thread that can be replaced.
import { registerHooks } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { lockDown } from './lock-down.ts'
import type { PrepareTask } from './messages.ts'

const port = parentPort
if (port === null) throw new Error('The prepare thread must be started by an executor')

// The host says where packages are, so that this thread needs to read neither package folders nor their dependencies.
const packages: Readonly<Record<string, string>> = workerData
registerHooks({
  resolve: (specifier, context, next) => next(packages[specifier] ?? specifier, context),
})
const { prepareModule } = await import('./prepare-module.ts')
lockDown()

port.on('message', (task: PrepareTask) => port.postMessage(prepareModule(task)))
