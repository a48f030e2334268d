import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const BLS = fileURLToPath(new URL('../../../packages/cli/bin/bls.js', import.meta.url))

/** How a command ended. */
export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the real command line as a user would, without a terminal. */
export async function bls(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string>; readonly stdin?: string } = {},
): Promise<CommandResult> {
  const { BLS_GATEWAY: _, ...env } = process.env
  const child = spawn(process.execPath, [BLS, ...args], { cwd: options.cwd, env: { ...env, ...options.env } })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  child.stdin.on('error', () => {}) // a command that ended early does not read it
  child.stdin.end(options.stdin ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: stdout(), stderr: stderr() }
}

/** What `bls up --json` says when it is ready. */
export interface Ready {
  readonly event: 'ready'
  readonly url: string
  readonly folder: string
  readonly chainId: string
  readonly pid: number
  /** Processes of the roles, under `--separate`. */
  readonly processes: readonly { readonly role: string; readonly pid: number }[]
}

/** A running `bls up`. */
export interface RunningUp extends AsyncDisposable {
  readonly ready: Ready
  readonly child: ChildProcess
  /** Stops it as Ctrl-C does. @returns its exit code */
  stop(): Promise<number | null>
}

/** Starts `bls up` in a folder and waits until it is ready. @throws {Error} with what it said if it ended before */
export async function startUp(folder: string, options: readonly string[] = []): Promise<RunningUp> {
  const args = [BLS, 'up', '--folder', folder, '--port', '0', '--json', ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const stderr = collect(child.stderr)
  const exited = once(child, 'exit') as Promise<[number | null]>
  const ready = await readReady(child)
  if (ready === undefined) throw new Error(`bls up ended before it was ready: ${stderr()}`)
  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT')
    const [code] = await exited
    return code
  }
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) await stop()
  }
  return { ready, child, stop, [Symbol.asyncDispose]: dispose }
}

/** A folder that is gone when the test is. */
export async function tempFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'bls-e2e-'))
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Waits until a condition holds, asking again whenever the event loop is free. @throws {Error} after `withinMs` */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`still not so after ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function readReady(child: ChildProcess): Promise<Ready | undefined> {
  if (child.stdout === null) return undefined
  for await (const line of createInterface(child.stdout)) {
    const json: unknown = JSON.parse(line)
    if (typeof json === 'object' && json !== null && 'event' in json && json.event === 'ready') return json as Ready
  }
  return undefined
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = []
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}
