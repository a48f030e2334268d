import { isCodedError } from '@blockless/core'
import { createHead, type RunningHead } from './create-head.ts'
import { createWorker } from './create-worker.ts'
import { createLogger } from './logger.ts'
import { headConfigSchema, workerConfigSchema } from './role-config.ts'
import type { RoleCommand, RoleEvent } from './role-messages.ts'

// The process of one role under `bls up --separate`. It is told what to be over IPC, and it ends with its parent:
// when the parent dies in whatever way, the channel closes.

const log = createLogger({ level: process.env['BLS_LOG'] ?? 'warn', write: (line) => process.stderr.write(line) })
const stopped = new AbortController()
let head: RunningHead | undefined
let running: AsyncDisposable | undefined

function tell(event: RoleEvent): void {
  process.send?.(event)
}

async function start({ role, config }: Extract<RoleCommand, { kind: 'start' }>): Promise<void> {
  if (role === 'head') {
    head = await createHead(headConfigSchema.fromJson(config, 'config'), log)
    running = head
  } else {
    running = await createWorker(workerConfigSchema.fromJson(config, 'config'), log)
  }
  tell({ kind: 'started', url: head?.url ?? '', addresses: head?.addresses ?? [] })
}

async function stop(): Promise<void> {
  if (stopped.signal.aborted) return
  stopped.abort()
  await running?.[Symbol.asyncDispose]()
  process.exit(0)
}

async function obey(command: RoleCommand): Promise<void> {
  try {
    if (command.kind === 'start') await start(command)
    else if (command.kind === 'stop') await stop()
    else {
      await head?.waitForWorkers(command.count, stopped.signal)
      tell({ kind: 'linked', count: command.count })
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    tell({ kind: 'failed', code: isCodedError(error) ? error.code : 'ERR_ROLE', message })
  }
}

process.on('message', (command: RoleCommand) => void obey(command))
process.on('disconnect', () => void stop())
// A Ctrl-C at the terminal reaches every process of the group; the parent decides the order of stopping.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => void stop())
