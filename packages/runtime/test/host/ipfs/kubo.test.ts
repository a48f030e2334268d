import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { IpfsFamily } from '../../../src/host/ipfs/ipfs-family.ts'
import { openSession } from '../session-bench.ts'
import { runFilesScenario } from './files-scenario.ts'

const KUBO = 'ipfs'
/** Kubo itself, where the machine has it. */
const isInstalled = spawnSync(KUBO, ['version']).status === 0

test('IpfsSession works on Kubo', { skip: isInstalled ? false : `there is no ${KUBO} on the PATH` }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blockless-kubo-'))
  const env = { ...process.env, IPFS_PATH: folder }
  try {
    // loopback, ports of its own, no network
    await promisify(execFile)(KUBO, ['init', '--profile=test'], { env })
    const daemon = spawn(KUBO, ['daemon', '--offline'], { env, stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      await isReady(daemon)
      const [, , host, , port] = (await readFile(join(folder, 'api'), 'utf8')).trim().split('/')
      await using session = openSession(new IpfsFamily({ endpoint: new URL(`http://${host}:${port}`) }))
      await runFilesScenario(session)
    } finally {
      daemon.kill()
      if (daemon.exitCode === null) await once(daemon, 'exit')
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

async function isReady({ stdout }: ChildProcess): Promise<void> {
  let said = ''
  for await (const part of stdout ?? []) {
    said += String(part)
    if (said.includes('Daemon is ready')) return
  }
  throw new Error(`the daemon ended: ${said}`)
}
