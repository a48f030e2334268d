// A process that puts blocks until it is killed, and says which ones are stored.
import { BlockStore } from '../../src/index.ts'
import { cidOf, sampleBytes } from './blocks.ts'

const [folder = '', first = '0'] = process.argv.slice(2)
const store = await BlockStore.open({ folder, sizeMax: 1_000_000_000 })
process.stdout.write('open\n')
const next = { seed: Number(first) }
async function putForever(): Promise<void> {
  for (;;) {
    const seed = next.seed++
    const bytes = sampleBytes(50_000, seed)
    const cid = cidOf(bytes)
    await store.put(cid, bytes)
    process.stdout.write(`${cid}\n`)
  }
}
await Promise.all([putForever(), putForever(), putForever(), putForever()])
