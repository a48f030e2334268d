import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const BLS = fileURLToPath(new URL('../../packages/cli/bin/bls.js', import.meta.url))

/** A `bls up` of its own process, in a folder of its own. */
export interface BenchNetwork extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

/** Starts `bls up --json` on a free port and waits until it is ready. @throws {Error} with its output if it is not */
export async function startNetwork(options: readonly string[] = []): Promise<BenchNetwork> {
  const folder = await mkdtemp(join(tmpdir(), 'bls-bench-'))
  const args = [BLS, 'up', '--folder', folder, '--port', '0', '--json', ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await readUrl(child)
  return {
    url,
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function readUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the network has no stdout')
  for await (const line of createInterface(child.stdout)) {
    const json: unknown = JSON.parse(line)
    if (typeof json === 'object' && json !== null && 'url' in json && typeof json.url === 'string') return json.url
  }
  throw new Error('bls up ended before it was ready')
}
