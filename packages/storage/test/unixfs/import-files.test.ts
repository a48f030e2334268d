import assert from 'node:assert/strict'
import { createCipheriv, createHash } from 'node:crypto'
import test from 'node:test'
import fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import { collectCids, importFile, importFiles, listFiles, MemoryBlockStore, readFile } from '../../src/index.ts'
import { createLayout } from '../../src/unixfs/import-layout.ts'
import { memoryStore, sampleBytes } from '../support/blocks.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

// Source: Kubo's test/cli/add_test.go and the IPFS documentation.
const fileVectors = [
  { content: 'hello world', cid: 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e' },
  { content: 'hello world\n', cid: 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4' },
]
for (const { content, cid } of fileVectors) {
  test(`importFile() of ${JSON.stringify(content)} has Kubo's CID`, async () => {
    assert.equal((await importFile(memoryStore(), text(content))).cid.toString(), cid)
  })
}

test("importFiles() of nothing has the empty directory's CID", async () => {
  const { cid, cids, size } = await importFiles(memoryStore(), [])
  assert.equal(cid.toString(), 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
  assert.deepEqual([cids.length, size], [1, 4])
})

// Source: Kubo's test/cli/add_test.go, profile test-cid-v1, which differs from ours by chunks of 1 MiB only: 175 of
// them are one more than a node links. Its bytes are the ChaCha20 stream under SHA-256 of the seed and a zero nonce.
test("createLayout() gives Kubo's CID for a file of two levels", async () => {
  const key = createHash('sha256').update('v1-seed').digest()
  const cipher = createCipheriv('chacha20', key, new Uint8Array(16))
  const zeros = new Uint8Array(1 << 20)
  function* content(): Generator<Uint8Array> {
    for (let index = 0; index < 175; index++) yield cipher.update(zeros)
  }
  const sink = { put: async (cid: never) => cid }
  const layout = createLayout({ chunkSize: 1 << 20 })
  let cid = ''
  for await (const entry of importer([{ path: 'file', content: content() }], sink, layout)) cid = entry.cid.toString()
  assert.equal(cid, 'bafybeidhd7lo2n2v7lta5yamob3xwhbxcczmmtmhquwhjesi35jntf7mpu')
})

// Source: Kubo's test/sharness/t0260-sharding.sh, where sharding is forced by a threshold of one byte.
test("createLayout() gives Kubo's CID for a sharded directory, and listFiles() reads it", async () => {
  const store = memoryStore()
  const files = Array.from({ length: 2000 }, (_, index) => {
    return { path: `testdata/file${index + 1}`, content: text(`${index + 1}\n`) }
  })
  let cid = (await importFiles(store, [])).cid
  for await (const entry of importer(files, store, createLayout({ shardThreshold: 1 }))) cid = entry.cid
  assert.equal(cid.toString(), 'bafybeibiemewfzzdyhq2l74wrd6qj2oz42usjlktgnlqv4yfawgouaqn4u')
  const listed = await listFiles(store, cid)
  const expected = files.map(({ path }) => path.slice('testdata/'.length)).sort()
  assert.deepEqual(
    listed.map(({ path }) => path),
    expected,
  )
  assert.deepEqual(new Uint8Array(await readFile(store, cid, 'file1234', { sizeMax: 10 })), text('1234\n'))
})

const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((name) => {
  return !/[/\\\0\uFFFD]/.test(name) && name !== '.' && name !== '..' && name.isWellFormed()
})
const paths = fc.uniqueArray(
  fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
  {
    maxLength: 8,
  },
)

test('importFiles() is the same for files in any order and content in any parts, and reads back', async () => {
  const sizes = fc.array(fc.oneof(fc.nat({ max: 50 }), fc.constantFrom(262_143, 262_144, 262_145)), {
    minLength: 8,
    maxLength: 8,
  })
  await fc.assert(
    fc.asyncProperty(paths, sizes, fc.integer({ min: 1, max: 300_000 }), async (candidates, lengths, part) => {
      const isFree = (path: string): boolean => !candidates.some((other) => other.startsWith(`${path}/`))
      const files = candidates.filter(isFree).map((path, index) => {
        return { path, content: sampleBytes(lengths[index] ?? 0, index) }
      })
      const store = memoryStore()
      const first = await importFiles(store, files)
      const inParts = files.toReversed().map(({ path, content }) => ({ path, content: split(content, part) }))
      const second = await importFiles(memoryStore(), inParts)
      assert.deepEqual([second.cid.toString(), second.size], [first.cid.toString(), first.size])
      assert.deepEqual(second.cids.map(String), first.cids.map(String))
      const sorted = files.map(({ path, content }) => `${path} ${content.length}`).sort()
      const listed = await listFiles(store, first.cid)
      assert.deepEqual(listed.map(({ path, size }) => `${path} ${size}`).sort(), sorted)
      for (const { path, content } of files) {
        const bytes = await readFile(store, first.cid, path, { sizeMax: content.length })
        assert.ok(Buffer.from(bytes).equals(content))
      }
    }),
    { numRuns: 30 },
  )
})

async function* split(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < content.length; start += size) yield content.subarray(start, start + size)
}

const badPaths = [
  '',
  '/a',
  'a/',
  'a//b',
  '.',
  'a/..',
  '../a',
  './a',
  'a\\b',
  'a\0b',
  'x'.repeat(256),
  '\uD800',
  `${'a/'.repeat(2500)}a`,
]
for (const path of badPaths) {
  test(`importFiles() refuses the path ${JSON.stringify(path.slice(0, 20))}`, async () => {
    const store = memoryStore()
    await assert.rejects(importFiles(store, [{ path, content: text('a') }]), { code: 'ERR_UNIXFS_PATH' })
    assert.equal(store.usage().count, 0)
  })
}

for (const pair of [
  ['a', 'a'],
  ['a', 'a/b'],
  ['a/b/c', 'a/b'],
]) {
  test(`importFiles() refuses ${pair.join(' beside ')}`, async () => {
    const files = pair.map((path) => ({ path, content: text('x') }))
    await assert.rejects(importFiles(memoryStore(), files), { code: 'ERR_UNIXFS_DUPLICATE' })
  })
}

test('importFiles() pins its blocks, and keeps them while a full store evicts others', async () => {
  const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
  await importFile(store, sampleBytes(900_000, 1))
  const { cid, cids } = await importFiles(store, [{ path: 'a', content: sampleBytes(900_000, 2) }], { pin: true })
  assert.equal((await collectCids(store, cid)).cids.length, cids.length)
  await assert.rejects(importFile(store, sampleBytes(900_000, 3)), { code: 'ERR_STORE_FULL' })
  assert.deepEqual(store.pinnedRoots().map(String), [cid.toString()])
})

test("importFiles() rejects with the signal's reason", async () => {
  const abort = new AbortController()
  function* content(): Generator<Uint8Array> {
    yield sampleBytes(300_000)
    abort.abort(new Error('enough'))
    yield sampleBytes(300_000)
  }
  const files = [{ path: 'a', content: content() }]
  await assert.rejects(importFiles(memoryStore(), files, { signal: abort.signal }), /enough/)
})
