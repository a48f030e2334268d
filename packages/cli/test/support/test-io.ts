import type { Io, Sink } from '../../src/index.ts'
import { runCli } from '../../src/index.ts'

/** What a test sets up of the world. */
export interface TestIoInit {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Piped into stdin; a terminal if absent. */
  readonly stdin?: string | Uint8Array
  readonly isTty?: boolean
  readonly signal?: AbortSignal
}

/** How a command ended and what it printed. */
export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command line in this process. */
export async function bls(init: TestIoInit, ...args: readonly string[]): Promise<Ran> {
  const [stdout, stderr] = [collectSink(init.isTty ?? false), collectSink(init.isTty ?? false)]
  const { cwd, env = {}, stdin, isTty = false, signal = new AbortController().signal } = init
  const io: Io = {
    stdout: stdout.sink,
    stderr: stderr.sink,
    stdin: {
      isTty: stdin === undefined,
      async *[Symbol.asyncIterator]() {
        if (stdin !== undefined) yield typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin
      },
    },
    isTty,
    env: { PATH: process.env['PATH'], ...env },
    cwd,
    signal,
    now: () => 1_767_225_660_000,
  }
  const exitCode = await runCli(args, io)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

function collectSink(isTty: boolean): { sink: Sink; text: () => string } {
  const chunks: Buffer[] = []
  const write = (chunk: string | Uint8Array): void => void chunks.push(Buffer.from(chunk))
  return { sink: { isTty, columns: 100, write }, text: () => Buffer.concat(chunks).toString() }
}
