import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CodedError } from '@blockless/core'
import type { RunningHead } from './create-head.ts'
import { type HeadConfig, headConfigSchema, type WorkerConfig, workerConfigSchema } from './role-config.ts'
import type { RoleCommand, RoleEvent } from './role-messages.ts'

/** How long a role may take to stop before it is killed: a run's worst case is cut short by the stop itself. */
const STOP_MS = 10_000
const START_MS = 30_000

/** A role that has a process to itself. */
export interface OwnProcess {
  readonly pid: number
}

/** Starts a head in a process of its own. @throws {CodedError} what its own start threw */
export async function startHeadProcess(config: HeadConfig): Promise<RunningHead & OwnProcess> {
  const role = new RoleProcess('head')
  try {
    const { url, addresses } = await role.start(headConfigSchema.toJson(config))
    return {
      pid: role.pid,
      url,
      addresses,
      waitForWorkers: async (count, signal) => {
        role.send({ kind: 'wait-for-workers', count })
        await role.expect('linked', signal)
      },
      [Symbol.asyncDispose]: async () => await role.stop(),
    }
  } catch (error) {
    await role.stop()
    throw error
  }
}

/** Starts a worker in a process of its own. @throws {CodedError} what its own start threw */
export async function startWorkerProcess(config: WorkerConfig): Promise<AsyncDisposable & OwnProcess> {
  const role = new RoleProcess('worker')
  try {
    await role.start(workerConfigSchema.toJson(config))
    return { pid: role.pid, [Symbol.asyncDispose]: async () => await role.stop() }
  } catch (error) {
    await role.stop()
    throw error
  }
}

class RoleProcess {
  readonly #role: 'head' | 'worker'
  readonly #child: ChildProcess

  constructor(role: 'head' | 'worker') {
    this.#role = role
    const main = fileURLToPath(new URL('./role-main.ts', import.meta.url))
    this.#child = fork(main, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async start(config: unknown): Promise<Extract<RoleEvent, { kind: 'started' }>> {
    this.send({ kind: 'start', role: this.#role, config })
    return await this.expect('started', AbortSignal.timeout(START_MS))
  }

  send(command: RoleCommand): void {
    if (this.#child.connected) this.#child.send(command)
  }

  async expect<K extends 'started' | 'linked'>(kind: K, signal: AbortSignal): Promise<Extract<RoleEvent, { kind: K }>> {
    const done = new AbortController()
    const either = { signal: AbortSignal.any([signal, done.signal]) }
    try {
      const event = await Promise.race([once(this.#child, 'message', either), this.#exit(either.signal)])
      const [message] = event as [RoleEvent]
      if (message.kind === 'failed') throw new CodedError(message.code, message.message)
      if (message.kind !== kind) throw new CodedError('ERR_ROLE', `Cannot start ${this.#role}: it said ${message.kind}`)
      return message as Extract<RoleEvent, { kind: K }>
    } finally {
      done.abort()
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.send({ kind: 'stop' })
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    await exited
    clearTimeout(timer)
  }

  async #exit(signal: AbortSignal): Promise<never> {
    const [code] = await once(this.#child, 'exit', { signal })
    throw new CodedError('ERR_ROLE', `Cannot start ${this.#role}: its process ended with ${code}`)
  }
}
