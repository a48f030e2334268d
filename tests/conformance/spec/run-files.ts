import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { ChildAnswer } from './child.ts'
import type { ScriptResult } from './run-script.ts'

/** A script and what it came to. */
export interface FileResult extends ScriptResult {
  /** relative to the folder that was asked for */
  readonly file: string
}

/** How to run many scripts. */
export interface RunFilesOptions {
  /** how many at a time, `>= 1` */
  readonly concurrency: number
  /** longer than this and the script has failed */
  readonly timeoutMs: number
  /** called with each result, in the order in which they end */
  readonly onResult?: (result: FileResult) => void
}

/** A child loads a compiler for texts, which takes a second on a busy machine. */
const START_TIMEOUT_MS = 60_000

/**
 * Runs scripts in child processes. A script that hangs, or that the engine crashes on, has failed and the rest goes on.
 *
 * @param files - relative to `folder`
 * @returns one result for each file, in their order
 */
export async function runFiles(
  folder: string,
  files: readonly string[],
  options: RunFilesOptions,
): Promise<FileResult[]> {
  const results: FileResult[] = []
  let next = 0
  const work = async (): Promise<void> => {
    await using runner = new Runner(options)
    for (let index = next++; index < files.length; index = next++) {
      const file = files[index] as string
      const answer = await runner.run(join(folder, file))
      const result = { file, ...('result' in answer ? answer.result : failed(answer.problem)) }
      results[index] = result
      options.onResult?.(result)
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.concurrency, files.length) }, work))
  return results
}

function failed(problem: string): ScriptResult {
  return { passed: 0, failures: [{ line: 1, command: 'script', problem }], skips: [] }
}

/** One child process at a time, replaced by a new one after a hang or a crash. */
class Runner implements AsyncDisposable {
  readonly #options: RunFilesOptions
  #child: ChildProcess | undefined

  constructor(options: RunFilesOptions) {
    this.#options = options
  }

  async run(file: string): Promise<ChildAnswer> {
    const child = this.#child?.connected === true ? this.#child : await this.#start()
    if (child === undefined) return { problem: 'the process for scripts does not start' }
    child.send(file)
    const answer = await nextMessage<ChildAnswer>(child, this.#options.timeoutMs)
    if (typeof answer !== 'string') return answer
    await this[Symbol.asyncDispose]()
    return { problem: answer }
  }

  async #start(): Promise<ChildProcess | undefined> {
    const child = fork(join(import.meta.dirname, 'child.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const greeting = await nextMessage<string>(child, START_TIMEOUT_MS)
    this.#child = greeting === 'ready' ? child : undefined
    return this.#child
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
  }
}

/** What a child says next, or in words why it says nothing. */
async function nextMessage<Message>(child: ChildProcess, timeoutMs: number): Promise<Message | string> {
  const { promise, resolve } = Promise.withResolvers<Message | string>()
  const onExit = (code: number | null, signal: string | null): void => {
    resolve(`the engine crashed (${signal ?? `exit code ${code}`})`)
  }
  const timer = setTimeout(() => resolve(`it took longer than ${timeoutMs / 1000} s`), timeoutMs)
  child.once('message', (message) => resolve(message as Message))
  child.once('exit', onExit)
  child.once('error', (error) => resolve(error.message))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    child.removeAllListeners()
  }
}
