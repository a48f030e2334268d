import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { CID } from 'multiformats/cid'
import { BlockStore } from '../../src/index.ts'
import { temporaryFolder } from '../support/blocks.ts'

const WRITER = fileURLToPath(new URL('../support/store-writer.ts', import.meta.url))
const KILLS = 4

test('BlockStore keeps every block it confirmed and no broken one when its process is killed', async () => {
  await using folder = await temporaryFolder()
  const confirmed = new Set<string>()
  for (let round = 0; round < KILLS; round++) {
    for (const cid of await writeUntilKilled(folder.path, round * 1000, 5 + 13 * round)) confirmed.add(cid)
    await using store = await BlockStore.open({ folder: folder.path, sizeMax: 1_000_000_000 })
    for (const cid of confirmed) assert.ok(store.has(CID.parse(cid)), cid)
    for await (const { bytes } of store.getAll()) for await (const part of bytes) assert.equal(part.length, 50_000)
  }
  assert.ok(confirmed.size >= 4 * 5)
})

test('BlockStore.open() names the process that has the folder, and succeeds once that is killed', async () => {
  await using folder = await temporaryFolder()
  const writer = spawn(process.execPath, [WRITER, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(writer.stdout)
  await once(lines, 'line')
  const opening = BlockStore.open({ folder: folder.path, sizeMax: 1_000_000 })
  await assert.rejects(opening, (error: { code?: string; details?: { ownerPid?: number } }) => {
    assert.deepEqual([error.code, error.details?.ownerPid], ['ERR_STORE_LOCKED', writer.pid])
    return true
  })
  writer.kill('SIGKILL')
  await once(writer, 'exit')
  await using store = await BlockStore.open({ folder: folder.path, sizeMax: 1_000_000_000 })
  assert.ok(store.usage().count >= 0)
})

test('BlockStore.open() refuses a folder that the same process has open', async () => {
  await using folder = await temporaryFolder()
  await using store = await BlockStore.open({ folder: folder.path, sizeMax: 1_000_000 })
  await assert.rejects(BlockStore.open({ folder: folder.path, sizeMax: 1_000_000 }), { code: 'ERR_STORE_LOCKED' })
  assert.equal(store.usage().count, 0)
})

test('BlockStore.put() reports a full disk, and nothing half-written counts', {
  skip: process.platform === 'win32',
}, async () => {
  await using folder = await temporaryFolder()
  // A limit on the size of files stands for the full disk: the write fails in the middle in the same way.
  const program = `
    import { BlockStore } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'src', 'index.ts'))}
    import { cidOf, sampleBytes } from ${JSON.stringify(join(import.meta.dirname, '..', 'support', 'blocks.ts'))}
    import { readdirSync } from 'node:fs'
    const store = await BlockStore.open({ folder: ${JSON.stringify(folder.path)}, sizeMax: 10_000_000 })
    const bytes = sampleBytes(1_000_000)
    const error = await store.put(cidOf(bytes), bytes).catch((error) => error)
    const left = readdirSync(${JSON.stringify(join(folder.path, 'tmp'))})
    process.stdout.write(JSON.stringify([error.code, error.details.errno, store.usage().size, left]))`
  const command = 'ulimit -f 64; exec "$0" --input-type=module-typescript -e "$1"'
  const child = spawnSync('sh', ['-c', command, process.execPath, program], { encoding: 'utf8' })
  assert.deepEqual(JSON.parse(child.stdout), ['ERR_STORE_DISK', 'EFBIG', 0, []], child.stderr)
})

async function writeUntilKilled(folder: string, first: number, count: number): Promise<string[]> {
  const writer = spawn(process.execPath, [WRITER, folder, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const confirmed: string[] = []
  for await (const line of createInterface(writer.stdout)) {
    if (line !== 'open') confirmed.push(line)
    if (confirmed.length >= count) writer.kill('SIGKILL')
  }
  return confirmed
}
