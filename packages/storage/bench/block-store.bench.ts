// Which way to keep blocks on disk: one file each (ours), or rows of node:sqlite, the best alternative built in.
import { createHash, randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { BlockStore } from '../src/index.ts'

const CONCURRENCY = 8
const folder = await mkdtemp(join(tmpdir(), 'blockless-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
console.log(`Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores`)

for (const { size, count } of [
  { size: 1024, count: 2000 },
  { size: 262_144, count: 400 },
]) {
  const blocks = Array.from({ length: count }, () => {
    const bytes = randomBytes(size)
    return { cid: CID.createV1(raw.code, createDigest(0x12, createHash('sha256').update(bytes).digest())), bytes }
  })
  await using store = await BlockStore.open({ folder: join(folder, `files-${size}`), sizeMax: 10 ** 10 })
  await measure(`files   put ${size}`, CONCURRENCY, blocks, ({ cid, bytes }) => store.put(cid, bytes))
  await measure(`files   get ${size}`, CONCURRENCY, blocks, ({ cid }) => store.getBytes(cid))

  using database = openDatabase(join(folder, `sqlite-${size}`))
  const insert = database.prepare('INSERT INTO block VALUES (?, ?)')
  const select = database.prepare('SELECT bytes FROM block WHERE key = ?')
  await measure(`sqlite  put ${size}`, 1, blocks, ({ cid, bytes }) => insert.run(cid.toString(), bytes))
  await measure(`sqlite  get ${size}`, 1, blocks, ({ cid }) => select.get(cid.toString()))
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE block (key TEXT PRIMARY KEY, bytes BLOB) WITHOUT ROWID')
  return database
}

async function measure<T>(name: string, width: number, items: readonly T[], act: (item: T) => unknown): Promise<void> {
  const times: number[] = []
  const queue = items.values()
  const startMs = performance.now()
  const work = Array.from({ length: width }, async () => {
    for (const item of queue) {
      const beginMs = performance.now()
      await act(item)
      times.push(performance.now() - beginMs)
    }
  })
  await Promise.all(work)
  const perSecond = Math.round((items.length / (performance.now() - startMs)) * 1000)
  times.sort((a, b) => a - b)
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2)
  console.log(`${name.padEnd(20)} ${String(perSecond).padStart(7)}/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`)
}
