import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { BUILD_KILL_MS, BUILD_OUTPUT_SIZE_MAX } from '../../defaults.ts'
import { CliError } from '../../errors/cli-error.ts'

/** A build command that failed; `output` is what the compiler said, its end if it said much. */
export class BuildError extends CliError<{ readonly command: string; readonly output: string }> {}

/** Where and how a build command runs. */
export interface CommandOptions {
  /** Absolute; it has to exist. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/**
 * Runs a build command of bls.toml in the shell, as its author wrote it for; tools of the project's own
 * `node_modules/.bin` are found.
 *
 * @returns what it printed
 * @throws {BuildError} ERR_BUILD if it fails
 * @throws the signal's reason, once the command and all that it started are gone
 */
export async function runCommand(command: string, { folder, env, signal }: CommandOptions): Promise<string> {
  signal.throwIfAborted()
  const isWindows = process.platform === 'win32'
  const child = spawn(command, {
    shell: true,
    cwd: folder,
    env: { ...env, PATH: [...binFolders(folder), env['PATH'] ?? ''].join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the compiler below the shell below npm ends with them.
    detached: !isWindows,
  })
  const output = collectOutput(child)
  const kill = (name: NodeJS.Signals): void => killGroup(child, name)
  let killTimer: NodeJS.Timeout | undefined
  const onAbort = (): void => {
    kill('SIGTERM')
    killTimer = setTimeout(() => kill('SIGKILL'), BUILD_KILL_MS)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    child.once('error', reject)
    child.once('close', (code, name) => resolve(name === null ? `exit code ${code}` : `signal ${name}`))
    const ended = await promise
    signal.throwIfAborted()
    if (ended === 'exit code 0') return output()
    throw new BuildError('ERR_BUILD', `Cannot build: "${command}" ended with ${ended}`, { command, output: output() })
  } finally {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(killTimer)
  }
}

function collectOutput({ stdout, stderr }: ChildProcess): () => string {
  let output = Buffer.alloc(0)
  const keep = (chunk: Buffer): void => {
    output = Buffer.concat([output, chunk]).subarray(-BUILD_OUTPUT_SIZE_MAX)
  }
  stdout?.on('data', keep)
  stderr?.on('data', keep)
  return () => output.toString('utf8')
}

function killGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(name)
    else process.kill(-child.pid, name)
  } catch (error) {
    // It ended by itself in between.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** `node_modules/.bin` of the folder and of those above it, nearest first. */
function binFolders(folder: string): string[] {
  const folders: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules', '.bin'))
    if (at === dirname(at)) return folders
  }
}
