import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ANSWER_SIZE_MAX, CRASH_TEXT_SIZE_MAX } from '../limits.ts'
import type { ExecutorProcessInit } from './child/executor-init.ts'
import { type Frame, FrameReader } from './protocol.ts'

const LINK_DESCRIPTOR = 3
const MAIN = fileURLToPath(new URL('./child/main.ts', import.meta.url))

/** Configures an {@link ExecutorProcess}. */
export interface ExecutorProcessOptions extends Omit<ExecutorProcessInit, 'packages'> {
  /** JavaScript heap of the process's main thread, which holds modules and frames. */
  readonly heapMegabytesMax: number
}

/** What a process tells its owner. */
export interface ExecutorProcessEvents {
  frame(frame: Frame): void
  /** It is gone; `why` is for people. Called once. */
  exited(why: string): void
}

/** Where the packages are that read modules; the only files an executor may read are theirs and its own, to start. */
function programFiles(): { readonly packages: ExecutorProcessInit['packages']; readonly readable: readonly string[] } {
  const wasm = import.meta.resolve('@blockless/wasm')
  const errors = new URL('./errors.ts', import.meta.resolve('@blockless/core')).href
  const readable = [new URL('..', import.meta.url), new URL('.', wasm), new URL(errors)].map((url) =>
    fileURLToPath(url),
  )
  return { packages: { '@blockless/wasm': wasm, '@blockless/core': errors }, readable }
}

/** Flags that take everything from a Node process but threads and, until it has started, its own program. */
export function sandboxFlags(init: { heapMegabytesMax: number; readable: readonly string[] }): string[] {
  return [
    '--permission',
    '--allow-worker',
    ...init.readable.map((path) => `--allow-fs-read=${path}`),
    // its warning about threads: they give up the same permissions, see lock-down.ts
    '--disable-warning=PERM0006',
    '--disallow-code-generation-from-strings',
    // heaps are a few megabytes, so helper threads cost guests more than they save: +20 % runs/s on two cores
    '--no-concurrent-marking',
    // guests' memories count as what they are, not as a fixed 64 MB that a few of them reach: a third less collecting
    '--external-memory-accounted-in-global-limit',
    // a guest that was dropped leaves memory behind of which V8's own pace knows nothing
    '--expose-gc',
    `--max-old-space-size=${init.heapMegabytesMax}`,
  ]
}

/** The sandboxed process and the pipe to it. */
export class ExecutorProcess {
  readonly #child: ChildProcess
  readonly #link: Socket
  #stderr = ''
  #isGone = false

  constructor(options: ExecutorProcessOptions, events: ExecutorProcessEvents) {
    const { packages, readable } = programFiles()
    const { heapMegabytesMax, ...rest } = options
    const init: ExecutorProcessInit = { ...rest, packages }
    const flags = sandboxFlags({ heapMegabytesMax, readable })
    this.#child = spawn(process.execPath, [...flags, MAIN, JSON.stringify(init)], {
      env: {},
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    })
    this.#link = this.#child.stdio[LINK_DESCRIPTOR] as Socket
    const reader = new FrameReader(ANSWER_SIZE_MAX)
    this.#link.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) events.frame(frame)
      } catch (error) {
        this.kill(error instanceof Error ? error.message : String(error))
      }
    })
    // its end is told by 'close' below; a broken pipe is only a way to notice it
    this.#link.on('error', () => {})
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-CRASH_TEXT_SIZE_MAX)
    })
    const exited = (why: string): void => {
      if (this.#isGone) return
      this.#isGone = true
      events.exited(this.#stderr.trim() === '' ? why : `${why}: ${this.#stderr.trim()}`)
    }
    this.#child.on('error', (error) => exited(error.message))
    this.#child.on('close', (code, signal) => exited(`the executor ended by ${signal ?? `exit code ${code}`}`))
  }

  /** Its process id, for people and tests. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Sends a frame. */
  send(...parts: Uint8Array[]): void {
    if (parts.length > 1) this.#link.cork()
    for (const part of parts) this.#link.write(part)
    if (parts.length > 1) this.#link.uncork()
  }

  /** Ends the process at once; `exited` follows. */
  kill(why?: string): void {
    if (why !== undefined) this.#stderr = why
    this.#link.destroy()
    this.#child.kill('SIGKILL')
  }
}
