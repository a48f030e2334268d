import { type Logger, silentLogger, systemClock } from '@blockless/core'
import { Executor, type ExecutorInit, type RunReport, type RunRequest } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'

/** Far beyond what any test runs, so that a guest which should have ended otherwise fails its test by this. */
const LONG_MS = 20_000
export const HUGE_FUEL: number = Number.MAX_SAFE_INTEGER

/** A started executor. */
export async function startExecutor(init: ExecutorInit = {}, log: Logger = silentLogger): Promise<Executor> {
  const executor = new Executor({ log, clock: systemClock }, { threads: 1, ...init })
  await executor.start()
  return executor
}

/** What a test says of a run. */
export interface RunOptions {
  readonly fuel?: number
  readonly memoryBytes?: number
  readonly outputBytes?: number
  readonly deadlineMs?: number
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: Uint8Array | string
  readonly entry?: string
  readonly seed?: Uint8Array
}

/** A request with small limits and an empty input. */
export function requestOf(functionCid: string, options: RunOptions = {}): RunRequest {
  const { fuel = 10_000_000, memoryBytes = 16 << 20, outputBytes = 65_536, deadlineMs = LONG_MS } = options
  const { args = [], env = {}, stdin = '', entry = '_start', seed = new Uint8Array(32).fill(7) } = options
  return {
    functionCid,
    entry,
    limits: { fuel, memoryBytes, outputBytes, deadlineMs },
    input: { args, env, stdin: typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin },
    timestampMs: 1_767_225_600_000,
    seed,
    name: 'test.wasm',
  }
}

/** Prepares a module in WebAssembly text and runs it. */
export async function runWat(executor: Executor, wat: string, options: RunOptions = {}): Promise<RunReport> {
  await executor.prepare(wat, await compileWat(wat))
  return await executor.run(requestOf(wat, options))
}

/** A module whose entry has this body. */
export function watWithBody(body: string, rest = '(memory (export "memory") 1)'): string {
  return `(module ${rest} (func (export "_start") ${body}))`
}

/** A loop that does not end. */
export const SPIN: string = watWithBody('(loop $again (br $again))')

/** What two nodes compare. */
export function deterministicPart({ timings: _, ...rest }: RunReport): Omit<RunReport, 'timings'> {
  return rest
}

/** The code of the error that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof Error && 'code' in error ? error.code : error
}

/** stdout as text. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
