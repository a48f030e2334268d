import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { type Logger, silentLogger } from '@blockless/core'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { type BlockStorage, BlockStore, MemoryBlockStore } from '../../src/index.ts'
import { cidOf, collect, sampleBytes, temporaryFolder } from '../support/blocks.ts'

const PAGE = 4096
const block = (seed: number, size = 100): { cid: CID; bytes: Uint8Array } => {
  const bytes = sampleBytes(size, seed)
  return { cid: cidOf(bytes), bytes }
}

function recordingLogger(lines: string[]): Logger {
  return { ...silentLogger, warn: (message) => lines.push(message), error: (message) => lines.push(message) }
}

async function fileOf(folder: string, cid: CID): Promise<string> {
  const names = await readdir(join(folder, 'blocks'), { recursive: true })
  const { multihash } = cid
  const { base32 } = await import('multiformats/bases/base32')
  const name = names.find((candidate) => candidate.endsWith(base32.baseEncode(multihash.bytes)))
  assert.ok(name)
  return join(folder, 'blocks', name)
}

const kinds: {
  name: string
  charge: number
  open(folder: string, sizeMax: number): Promise<BlockStorage & Partial<AsyncDisposable>>
}[] = [
  { name: 'BlockStore', charge: PAGE, open: (folder, sizeMax) => BlockStore.open({ folder, sizeMax }) },
  { name: 'MemoryBlockStore', charge: 100, open: async (_, sizeMax) => new MemoryBlockStore({ sizeMax }) },
]

for (const { name, charge, open } of kinds) {
  test(`${name} stores, reads, lists and deletes`, async () => {
    await using folder = await temporaryFolder()
    const store = await open(folder.path, 10 * charge)
    const { cid, bytes } = block(1)
    assert.equal(store.has(cid), false)
    await assert.rejects(store.getBytes(cid), { code: 'ERR_BLOCK_MISSING', name: 'NotFoundError' })
    assert.equal(await store.put(cid, bytes), cid)
    assert.deepEqual(new Uint8Array(await store.getBytes(cid)), bytes)
    assert.deepEqual(await collect(store.get(cid), (part) => part.length), [100])
    const listed = await collect(store.getAll(), (pair) => pair.cid.toString())
    assert.deepEqual(listed, [cid.toString()])
    assert.equal(store.usage().size, charge)
    await store.delete(cid)
    assert.equal(store.has(cid), false)
    await store.delete(cid)
    assert.equal(store.usage().size, 0)
    await store[Symbol.asyncDispose]?.()
  })

  test(`${name}.put() takes bytes in parts and refuses bytes of another CID`, async () => {
    await using folder = await temporaryFolder()
    const store = await open(folder.path, 10 * charge)
    const { cid, bytes } = block(1)
    await store.put(cid, [bytes.subarray(0, 40), bytes.subarray(40)])
    assert.deepEqual(new Uint8Array(await store.getBytes(cid)), bytes)
    await assert.rejects(store.put(block(2).cid, bytes), { code: 'ERR_BLOCK_MISMATCH' })
    assert.equal(store.has(block(2).cid), false)
    const weak = CID.createV1(0x55, createDigest(0x12, cid.multihash.digest.subarray(0, 4)))
    await assert.rejects(store.put(weak, bytes), { code: 'ERR_BLOCK_HASH' })
    await store[Symbol.asyncDispose]?.()
  })

  test(`${name} evicts the least recently used block that nothing keeps`, async () => {
    await using folder = await temporaryFolder()
    const store = await open(folder.path, 3 * charge)
    const [a, b, c, d, e] = [block(1), block(2), block(3), block(4), block(5)]
    for (const { cid, bytes } of [a, b, c]) await store.put(cid, bytes)
    await store.getBytes(a.cid)
    await store.pin(b.cid, [b.cid])
    await store.put(d.cid, d.bytes)
    assert.deepEqual(
      [a, b, c, d].map(({ cid }) => store.has(cid)),
      [true, true, false, true],
    )
    {
      using hold = store.hold()
      hold.add(a.cid)
      hold.add(d.cid)
      await assert.rejects(store.put(e.cid, e.bytes), { code: 'ERR_STORE_FULL' })
      await assert.rejects(store.delete(a.cid), { code: 'ERR_STORE_PINNED' })
    }
    await store.put(e.cid, e.bytes)
    assert.equal(store.usage().size, 3 * charge)
    assert.equal(await store.unpin(b.cid), true)
    assert.equal(await store.unpin(b.cid), false)
    await store.delete(b.cid)
    await store[Symbol.asyncDispose]?.()
  })

  test(`${name}.pin() wants all blocks and replaces an earlier pin of the root`, async () => {
    await using folder = await temporaryFolder()
    const store = await open(folder.path, 10 * charge)
    const [a, b] = [block(1), block(2)]
    await store.put(a.cid, a.bytes)
    await assert.rejects(store.pin(a.cid, [a.cid, b.cid]), { code: 'ERR_BLOCK_MISSING' })
    assert.deepEqual([store.isKept(a.cid), store.pinnedRoots().length], [false, 0])
    await store.put(b.cid, b.bytes)
    await store.pin(a.cid, [a.cid, b.cid])
    await store.pin(a.cid, [b.cid, b.cid])
    assert.deepEqual([store.isKept(a.cid), store.isKept(b.cid)], [false, true])
    assert.deepEqual(store.pinnedRoots().map(String), [a.cid.toString()])
    await store[Symbol.asyncDispose]?.()
  })

  test(`${name} writes a block once when it is put many times at once`, async () => {
    await using folder = await temporaryFolder()
    const store = await open(folder.path, 20 * charge)
    const blocks = Array.from({ length: 100 }, (_, index) => block(index % 10))
    await Promise.all(blocks.map(({ cid, bytes }) => store.put(cid, bytes)))
    assert.deepEqual([store.usage().count, store.usage().size], [10, 10 * charge])
    for (const { cid, bytes } of blocks) assert.deepEqual(new Uint8Array(await store.getBytes(cid)), bytes)
    await store[Symbol.asyncDispose]?.()
  })

  test(`${name} stays within its cap and never loses what is pinned, whatever runs at once`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat({ max: 15 }), { maxLength: 8 }), { maxLength: 6 }), async (rounds) => {
        await using folder = await temporaryFolder()
        const store = await open(folder.path, 6 * charge)
        const pinned = [block(100), block(101)]
        for (const { cid, bytes } of pinned) await store.put(cid, bytes)
        await store.pin(
          block(100).cid,
          pinned.map(({ cid }) => cid),
        )
        for (const seeds of rounds) {
          const work = seeds.map(async (seed) => {
            const { cid, bytes } = block(seed)
            if (seed % 3 === 2) return await store.delete(cid)
            // More at once than fits is refused, and then nothing of it remains.
            await store.put(cid, bytes).catch((error) => assert.equal(error.code, 'ERR_STORE_FULL'))
          })
          await Promise.all(work)
          assert.ok(store.usage().size <= 6 * charge)
          for (const { cid, bytes } of pinned) assert.deepEqual(new Uint8Array(await store.getBytes(cid)), bytes)
        }
        const listed = await collect(store.getAll(), (pair) => pair.cid)
        assert.equal(listed.length, store.usage().count)
        await store[Symbol.asyncDispose]?.()
      }),
      { numRuns: 30 },
    )
  })

  test(`${name} rejects with the signal's reason`, async () => {
    await using folder = await temporaryFolder()
    const store = await open(folder.path, 10 * charge)
    const { cid, bytes } = block(1)
    const signal = AbortSignal.abort(new Error('enough'))
    await assert.rejects(store.put(cid, bytes, { signal }), /enough/)
    await assert.rejects(store.getBytes(cid, { signal }), /enough/)
    assert.equal(store.has(cid), false)
    await store[Symbol.asyncDispose]?.()
  })
}

test('BlockStore.open() finds blocks and pins again and removes unfinished files', async () => {
  await using folder = await temporaryFolder()
  const [a, b] = [block(1), block(2, 9000)]
  {
    await using store = await BlockStore.open({ folder: folder.path, sizeMax: 100 * PAGE })
    for (const { cid, bytes } of [a, b]) await store.put(cid, bytes)
    await store.pin(a.cid, [a.cid])
  }
  await writeFile(join(folder.path, 'tmp', '7'), 'half a block')
  await writeFile(join(folder.path, 'blocks', 'stranger'), 'not a block')
  await using store = await BlockStore.open({ folder: folder.path, sizeMax: 100 * PAGE })
  assert.deepEqual([store.usage().count, store.usage().size, store.usage().keptSize], [2, 4 * PAGE, PAGE])
  assert.deepEqual(new Uint8Array(await store.getBytes(b.cid)), b.bytes)
  assert.deepEqual(await readdir(join(folder.path, 'tmp')), [])
  assert.deepEqual(store.pinnedRoots().map(String), [a.cid.toString()])
})

test('BlockStore.open() drops unpinned blocks that a lower cap leaves no room for', async () => {
  await using folder = await temporaryFolder()
  const blocks = [block(1), block(2), block(3)]
  {
    await using store = await BlockStore.open({ folder: folder.path, sizeMax: 100 * PAGE })
    for (const { cid, bytes } of blocks) await store.put(cid, bytes)
    await store.pin(block(1).cid, [block(1).cid])
  }
  await using store = await BlockStore.open({ folder: folder.path, sizeMax: 2 * PAGE })
  assert.equal(store.usage().size, 2 * PAGE)
  assert.ok(store.has(block(1).cid))
})

test('BlockStore.open() reports a pin that cannot be read and leaves it in place', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'pins'))
  await writeFile(join(folder.path, 'pins', block(1).cid.toString()), 'garbage\n')
  const lines: string[] = []
  await using store = await BlockStore.open({ folder: folder.path, sizeMax: PAGE, log: recordingLogger(lines) })
  assert.deepEqual([lines, store.pinnedRoots()], [['pin unreadable'], []])
  assert.equal((await readdir(join(folder.path, 'pins'))).length, 1)
})

for (const { name, damage } of [
  { name: 'changed', damage: (path: string) => writeFile(path, 'something else') },
  { name: 'cut off', damage: (path: string) => truncate(path, 50) },
  { name: 'gone', damage: (path: string) => rm(path) },
]) {
  test(`BlockStore.getBytes() treats a file that is ${name} as missing, once and for all`, async () => {
    await using folder = await temporaryFolder()
    const lines: string[] = []
    await using store = await BlockStore.open({ folder: folder.path, sizeMax: 9 * PAGE, log: recordingLogger(lines) })
    const { cid, bytes } = block(1)
    await store.put(cid, bytes)
    await store.pin(cid, [cid])
    const path = await fileOf(folder.path, cid)
    await damage(path)
    await assert.rejects(store.getBytes(cid), (error: { details?: unknown }) => {
      assert.deepEqual(error.details, { code: 'ERR_BLOCK_MISSING', cid: cid.toString(), corrupted: true })
      return true
    })
    assert.deepEqual(lines, ['stored block corrupted'])
    assert.deepEqual([store.has(cid), store.usage().size], [false, 0])
    await assert.rejects(readFile(path), { code: 'ENOENT' })
    // The pin outlives its block, which is kept again as soon as it is back.
    await store.put(cid, bytes)
    assert.ok(store.isKept(cid))
    assert.equal(store.usage().keptSize, PAGE)
  })
}

test('BlockStore reports a disk that refuses, and nothing half-written counts', async () => {
  await using folder = await temporaryFolder()
  await assert.rejects(BlockStore.open({ folder: join(folder.path, 'a', '\0'), sizeMax: 1 }))
  await writeFile(join(folder.path, 'file'), '')
  const inFile = join(folder.path, 'file', 'store')
  await assert.rejects(BlockStore.open({ folder: inFile, sizeMax: 1 }), { code: 'ERR_STORE_DISK' })
  await using store = await BlockStore.open({ folder: join(folder.path, 'store'), sizeMax: 9 * PAGE })
  await rm(join(folder.path, 'store', 'tmp'), { recursive: true })
  const { cid, bytes } = block(1)
  await assert.rejects(
    store.put(cid, bytes),
    (error: { code?: string; details?: { errno?: string }; cause?: unknown }) => {
      assert.deepEqual([error.code, error.details?.errno], ['ERR_STORE_DISK', 'ENOENT'])
      assert.ok(error.cause instanceof Error)
      return true
    },
  )
  assert.deepEqual([store.has(cid), store.usage().size], [false, 0])
  await mkdir(join(folder.path, 'store', 'tmp'))
  await store.put(cid, bytes)
  assert.ok(store.has(cid))
})

test('BlockStore refuses every call after close()', async () => {
  await using folder = await temporaryFolder()
  const store = await BlockStore.open({ folder: folder.path, sizeMax: 9 * PAGE })
  const { cid, bytes } = block(1)
  const put = store.put(cid, bytes).then(
    () => true,
    (error) => error.code !== 'ERR_STORE_CLOSED',
  )
  await store.close()
  await store.close()
  const isStored = await put
  assert.throws(() => store.has(cid), { code: 'ERR_STORE_CLOSED' })
  await assert.rejects(store.put(cid, bytes), { code: 'ERR_STORE_CLOSED' })
  await assert.rejects(store.getBytes(cid), { code: 'ERR_STORE_CLOSED' })
  await using again = await BlockStore.open({ folder: folder.path, sizeMax: 9 * PAGE })
  assert.equal(again.has(cid), isStored)
})

test('BlockStore takes thousands of calls at once without opening as many files', async () => {
  await using folder = await temporaryFolder()
  await using store = await BlockStore.open({ folder: folder.path, sizeMax: 4000 * PAGE })
  const blocks = Array.from({ length: 500 }, (_, seed) => block(seed))
  await Promise.all(blocks.map(({ cid, bytes }) => store.put(cid, bytes)))
  const reads = [...blocks, ...blocks, ...blocks].map(({ cid }) => store.getBytes(cid))
  assert.equal((await Promise.all(reads)).length, 1500)
})

test('BlockStore pins and unpins one root many times at once, and disk and index agree', async () => {
  await using folder = await temporaryFolder()
  const { cid, bytes } = block(1)
  for (const isPinned of [true, false]) {
    await using store = await BlockStore.open({ folder: folder.path, sizeMax: 9 * PAGE })
    await store.put(cid, bytes)
    const steps = Array.from({ length: 10 }, (_, index) =>
      (index % 2 === 0) === isPinned ? store.unpin(cid) : store.pin(cid, [cid]),
    )
    await Promise.all(steps)
    assert.equal(store.isKept(cid), isPinned)
    await store.close()
    await using again = await BlockStore.open({ folder: folder.path, sizeMax: 9 * PAGE })
    assert.equal(again.isKept(cid), isPinned)
  }
})
