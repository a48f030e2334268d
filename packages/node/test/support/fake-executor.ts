import { toUtf8 } from '@blockless/core'
import type { WorkerComponents } from '@blockless/node'

type Executor = WorkerComponents['executor']
/** What a run is given. */
export type RunRequest = Parameters<Executor['run']>[0]
/** What comes out of one. */
export type RunReport = Awaited<ReturnType<Executor['run']>>

/** A report of a pure run that wrote `stdout` and ended normally. */
export function report(stdout: string, overrides: Partial<RunReport> = {}): RunReport {
  return {
    exit: { kind: 'exit', code: 0 },
    stdout: toUtf8(stdout),
    stderr: new Uint8Array(0),
    fuelUsed: 10,
    isPure: true,
    transcriptHash: new Uint8Array(32),
    transcript: [],
    memoryPeakBytes: 65_536,
    timings: { queueMs: 0, instantiateMs: 0, runMs: 0, totalMs: 0 },
    ...overrides,
  }
}

/** An executor without a sandbox: what a run gives is up to the test. */
export class FakeExecutor implements Executor {
  readonly prepared: Set<string> = new Set()
  /** Runs that have begun. */
  runsCount = 0
  /** Reasons with which runs were aborted. */
  readonly aborted: unknown[] = []
  behave: (request: RunRequest) => Promise<RunReport> | RunReport = () => report('hello\n')
  onPrepare: (signal: AbortSignal | undefined) => Promise<void> | void = () => {}

  async prepare(functionCid: string, _source: unknown, signal?: AbortSignal): ReturnType<Executor['prepare']> {
    await this.onPrepare(signal)
    this.prepared.add(functionCid)
    return { entries: ['_start'], imports: [], memoryPagesMin: 1, memoryPagesMax: 1, size: 8 }
  }

  has(functionCid: string): boolean {
    return this.prepared.has(functionCid)
  }

  async run(request: RunRequest, signal?: AbortSignal): Promise<RunReport> {
    this.runsCount++
    const ended = Promise.withResolvers<never>()
    const abort = (): void => {
      this.aborted.push(signal?.reason)
      ended.reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await Promise.race([ended.promise, this.behave(request)])
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }
}

/** A run that does not end by itself. */
export async function never(): Promise<never> {
  return await Promise.withResolvers<never>().promise
}
