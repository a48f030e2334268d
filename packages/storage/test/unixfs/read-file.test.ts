import assert from 'node:assert/strict'
import test from 'node:test'
import { UnixFS } from 'ipfs-unixfs'
import { exporter } from 'ipfs-unixfs-exporter'
import { importFile, importFiles, listFiles, readFile, readFileChunks } from '../../src/index.ts'
import { collect, fileNode, link, memoryStore, putNode, putRaw, sampleBytes } from '../support/blocks.ts'

const directory = new UnixFS({ type: 'directory' })
const shard = new UnixFS({ type: 'hamt-sharded-directory', fanout: 256n, hashType: 0x22n })
const LIMIT = { sizeMax: 10_000_000 }

test('readFile() reads what the reference exporter reads', async () => {
  const store = memoryStore()
  for (const size of [0, 1, 262_144, 262_145, 1_000_000]) {
    const { cid } = await importFile(store, sampleBytes(size))
    const entry = await exporter(cid, store)
    assert.ok(entry.type === 'file' || entry.type === 'raw')
    const expected = Buffer.concat(await collect(entry.content(), (part) => part))
    assert.ok(expected.equals(await readFile(store, cid, '', LIMIT)))
  }
})

test('readFileChunks() gives nodes with data of their own in the order of the file', async () => {
  const store = memoryStore()
  const [b, c] = [await putRaw(store, sampleBytes(3, 2)), await putRaw(store, sampleBytes(4, 3))]
  const inner = await putNode(store, fileNode([4], sampleBytes(2, 4)), [link('', c)])
  const root = await putNode(store, fileNode([3, 6], sampleBytes(5, 1)), [link('', b), link('', inner)])
  const parts = await collect(readFileChunks(store, root, '', LIMIT), (part) => [...part])
  const expected = [sampleBytes(5, 1), sampleBytes(3, 2), sampleBytes(2, 4), sampleBytes(4, 3)]
  assert.deepEqual(
    parts,
    expected.map((part) => [...part]),
  )
})

test('readFile() refuses a file above sizeMax before it reads its parts', async () => {
  const store = memoryStore()
  const { cid, cids } = await importFile(store, sampleBytes(600_000))
  for (const leaf of cids) if (leaf.code === 0x55) await store.delete(leaf)
  await assert.rejects(readFile(store, cid, '', { sizeMax: 599_999 }), { code: 'ERR_UNIXFS_TOO_LARGE' })
  await assert.rejects(readFile(store, cid, '', { sizeMax: 600_000 }), { code: 'ERR_BLOCK_MISSING' })
})

test('readFile() finds what is there and says what is not', async () => {
  const store = memoryStore()
  const { cid } = await importFiles(store, [{ path: 'a/b/c', content: sampleBytes(5) }])
  assert.equal((await readFile(store, cid, 'a/b/c', LIMIT)).length, 5)
  for (const path of ['x', 'a/x', 'a/b/c/d', 'a/b/C']) {
    await assert.rejects(readFile(store, cid, path, LIMIT), { code: 'ERR_UNIXFS_NOT_FOUND' })
  }
  for (const path of ['', 'a', 'a/b']) {
    await assert.rejects(readFile(store, cid, path, LIMIT), { code: 'ERR_UNIXFS_TYPE' })
  }
  for (const path of ['/a', 'a/../a', 'a/b/c/', 'a\0']) {
    await assert.rejects(readFile(store, cid, path, LIMIT), { code: 'ERR_UNIXFS_PATH' })
  }
})

test('readFile() holds every part to the size that its parent claims', async () => {
  const store = memoryStore()
  const leaf = await putRaw(store, sampleBytes(100))
  for (const claimed of [1, 99, 101]) {
    const liar = await putNode(store, fileNode([claimed]), [link('', leaf)])
    await assert.rejects(readFile(store, liar, '', LIMIT), { code: 'ERR_UNIXFS_NODE' })
    const parent = await putNode(store, fileNode([100]), [link('', liar)])
    await assert.rejects(readFile(store, parent, '', LIMIT), { code: 'ERR_UNIXFS_NODE' })
  }
  for (const sizes of [[], [50, 50], [0], [-1], [2 ** 60]]) {
    const liar = await putNode(store, fileNode(sizes.map((size) => (size < 0 ? 2 ** 63 : size))), [link('', leaf)])
    await assert.rejects(readFile(store, liar, '', LIMIT), { code: 'ERR_UNIXFS_NODE' })
  }
})

test('readFile() ends at sizeMax or countMax on files that unfold to more than they weigh', async () => {
  const store = memoryStore()
  let cid = await putRaw(store, sampleBytes(1))
  let size = 1
  for (let level = 0; level < 6; level++) {
    const part = { cid, size }
    cid = await putNode(store, fileNode(Array(174).fill(part.size)), Array(174).fill(link('', part.cid)))
    size *= 174
    const limit = { sizeMax: 174 * 174 }
    if (level < 2) assert.equal((await readFile(store, cid, '', limit)).length, size)
    else await assert.rejects(readFile(store, cid, '', limit), { code: 'ERR_UNIXFS_TOO_LARGE' })
  }
  const limit = { sizeMax: Number.MAX_SAFE_INTEGER, countMax: 1000 }
  await assert.rejects(readFile(store, cid, '', limit), { code: 'ERR_UNIXFS_TOO_MANY' })
})

test('readFile() and listFiles() refuse what is no file or directory', async () => {
  const store = memoryStore()
  const symlink = await putNode(store, new UnixFS({ type: 'symlink', data: sampleBytes(3) }), [])
  const folder = await putNode(store, directory, [link('s', symlink)])
  await assert.rejects(readFile(store, folder, 's', LIMIT), { code: 'ERR_UNIXFS_TYPE' })
  await assert.rejects(listFiles(store, folder), { code: 'ERR_UNIXFS_TYPE' })
  const refused = [
    await putNode(store, new UnixFS({ type: 'metadata' }), []),
    await putNode(store, undefined, []),
    await putRaw(store, sampleBytes(40), 0x70),
    await putRaw(store, sampleBytes(40), 0x71),
  ]
  for (const cid of refused) {
    await assert.rejects(readFile(store, cid, '', LIMIT), { code: 'ERR_UNIXFS_NODE' })
    await assert.rejects(listFiles(store, cid), { code: 'ERR_UNIXFS_NODE' })
  }
  const part = await putNode(store, fileNode([4]), [link('', folder)])
  await assert.rejects(readFile(store, part, '', LIMIT), { code: 'ERR_UNIXFS_TYPE' })
})

for (const name of ['', '.', '..', 'a/b', '/a', 'a\\b', 'a\0', 'x'.repeat(256)]) {
  test(`listFiles() refuses a directory with the name ${JSON.stringify(name.slice(0, 8))}`, async () => {
    const store = memoryStore()
    const leaf = await putRaw(store, sampleBytes(1))
    const flat = await putNode(store, directory, [link(name, leaf)])
    await assert.rejects(listFiles(store, flat), { code: 'ERR_UNIXFS_PATH' })
    if (name === '') return
    const sharded = await putNode(store, shard, [link(`0A${name}`, leaf)])
    await assert.rejects(listFiles(store, sharded), { code: 'ERR_UNIXFS_PATH' })
  })
}

test('listFiles() refuses a name that is there twice, in one node or in two shards', async () => {
  const store = memoryStore()
  const leaf = await putRaw(store, sampleBytes(1))
  const flat = await putNode(store, directory, [link('a', leaf), link('a', leaf)])
  const inner = await putNode(store, shard, [link('0Aa', leaf)])
  const sharded = await putNode(store, shard, [link('01', inner), link('02a', leaf)])
  const twice = await putNode(store, shard, [link('01', inner), link('02', inner)])
  for (const cid of [flat, sharded, twice]) {
    await assert.rejects(listFiles(store, cid), { code: 'ERR_UNIXFS_DUPLICATE' })
    await assert.rejects(readFile(store, cid, 'a', LIMIT), { code: 'ERR_UNIXFS_DUPLICATE' })
  }
})

test('listFiles() refuses shards that are malformed or lead elsewhere', async () => {
  const store = memoryStore()
  const leaf = await putRaw(store, sampleBytes(1))
  const folder = await putNode(store, directory, [])
  const noPrefix = await putNode(store, shard, [link('0', leaf)])
  await assert.rejects(listFiles(store, noPrefix), { code: 'ERR_UNIXFS_NODE' })
  for (const fanout of [0n, 1n, 3n, 2048n, 2n ** 63n]) {
    const odd = await putNode(store, new UnixFS({ type: 'hamt-sharded-directory', fanout }), [])
    await assert.rejects(listFiles(store, odd), { code: 'ERR_UNIXFS_NODE' })
  }
  for (const target of [leaf, folder]) {
    const astray = await putNode(store, shard, [link('01', target)])
    await assert.rejects(listFiles(store, astray), { code: 'ERR_UNIXFS_TYPE' })
  }
})

test('listFiles() ends at its bounds on directories that unfold to more than they weigh', async () => {
  const store = memoryStore()
  let folder = await putNode(store, directory, [])
  let empty = await putNode(store, shard, [])
  for (let level = 0; level < 30; level++) {
    folder = await putNode(
      store,
      directory,
      Array.from({ length: 20 }, (_, index) => link(`${index}`, folder)),
    )
    empty = await putNode(
      store,
      shard,
      ['01', '02', '03'].map((slot) => link(slot, empty)),
    )
  }
  for (const cid of [folder, empty]) {
    await assert.rejects(listFiles(store, cid, { countMax: 1000 }), { code: 'ERR_UNIXFS_TOO_MANY' })
  }
  await assert.rejects(listFiles(store, folder, { depthMax: 3 }), { code: 'ERR_UNIXFS_TOO_DEEP' })
  const { cid } = await importFiles(
    store,
    ['a', 'b', 'c'].map((path) => ({ path, content: sampleBytes(1) })),
  )
  assert.equal((await listFiles(store, cid, { countMax: 7 })).length, 3)
  await assert.rejects(listFiles(store, cid, { countMax: 6 }), { code: 'ERR_UNIXFS_TOO_MANY' })
})
