import assert from 'node:assert/strict'
import test from 'node:test'
import { CarReader, CarWriter } from '@ipld/car'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { CarError, exportCar, importCar, importFiles, type MemoryBlockStore } from '../../src/index.ts'
import { cidOf, collect, memoryStore, sampleBytes } from '../support/blocks.ts'

const LIMIT = { sizeMax: 10_000_000 }

async function sampleDag(): Promise<{ store: MemoryBlockStore; root: CID; car: Uint8Array }> {
  const store = memoryStore()
  const files = [
    { path: 'config.json', content: new TextEncoder().encode('{}') },
    { path: 'lib/a.wasm', content: sampleBytes(300, 1) },
    { path: 'lib/b.wasm', content: sampleBytes(300, 1) },
  ]
  const { cid } = await importFiles(store, files)
  return { store, root: cid, car: Buffer.concat(await collect(exportCar(store, cid), (part) => part)) }
}

function section(cid: CID, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(cid.bytes.length + bytes.length), cid.bytes, bytes])
}

function header(value: unknown): Uint8Array {
  const bytes = dagCbor.encode(value)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Uint8Array {
  return Uint8Array.from(value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))])
}

test('exportCar() writes what the reference reads, each block once, the root first', async () => {
  const { root, car } = await sampleDag()
  const reader = await CarReader.fromBytes(car)
  assert.deepEqual((await reader.getRoots()).map(String), [root.toString()])
  const cids = await collect(reader.cids(), String)
  assert.deepEqual([cids[0], cids.length, new Set(cids).size], [root.toString(), 4, 4])
})

test('importCar() reads what the reference writes', async () => {
  const blocks = [1, 2, 3].map((seed) => ({ cid: cidOf(sampleBytes(99, seed)), bytes: sampleBytes(99, seed) }))
  const { writer, out } = CarWriter.create(blocks.map(({ cid }) => cid))
  const written = (async () => {
    for (const block of blocks) await writer.put(block)
    await writer.close()
  })()
  const store = memoryStore()
  const imported = await importCar(store, out, LIMIT)
  await written
  assert.deepEqual(
    imported.roots.map(String),
    blocks.map(({ cid }) => cid.toString()),
  )
  assert.deepEqual([imported.blocks.length, imported.size], [3, 297])
})

test('importCar() takes a CAR in parts of any size and gives its DAG back', async () => {
  const { root, car } = await sampleDag()
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1 }), async (sizes) => {
      function* parts(): Generator<Uint8Array> {
        let start = 0
        for (let index = 0; start < car.length; index++) {
          const size = (sizes[index % sizes.length] ?? 0) + (index % sizes.length === 0 ? 1 : 0)
          yield car.subarray(start, start + size)
          start += size
        }
      }
      const store = memoryStore()
      const { roots, blocks } = await importCar(store, parts(), LIMIT)
      assert.deepEqual([roots.map(String), blocks.length], [[root.toString()], 4])
      assert.ok(Buffer.concat(await collect(exportCar(store, root), (part) => part)).equals(car))
    }),
    { numRuns: 50 },
  )
})

test('importCar() refuses a CAR that is cut off anywhere, and leaves only valid unpinned blocks', async () => {
  const { car } = await sampleDag()
  const ends = new Set<string>()
  for (let size = 0; size < car.length; size++) {
    const store = memoryStore()
    const error = await importCar(store, car.subarray(0, size), { ...LIMIT, pin: true }).catch((error) => error)
    assert.ok(error instanceof CarError, `${size}: ${error}`)
    assert.ok(error.details.offset <= size)
    ends.add(error.code)
    assert.equal(store.usage().keptSize, 0)
    for await (const { bytes } of store.getAll()) await collect(bytes, () => 0)
  }
  // Between two sections nothing is cut off, but blocks are missing.
  assert.deepEqual([...ends].sort(), ['ERR_CAR_INCOMPLETE', 'ERR_CAR_TRUNCATED'])
})

test('importCar() never takes a CAR with a changed byte for another DAG', async () => {
  const { root, car } = await sampleDag()
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: car.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Uint8Array.from(car)
      changed[at] = (changed[at] ?? 0) ^ flip
      const store = memoryStore()
      const result = await importCar(store, changed, LIMIT).catch((error) => error)
      if (result instanceof Error) return
      // A codec is no part of a hash: a changed one can only address the same bytes in another way.
      for (const cid of result.roots) assert.deepEqual(cid.multihash.bytes, root.multihash.bytes)
    }),
    { numRuns: 500 },
  )
})

test('importCar() refuses garbage with a typed error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const error = await importCar(memoryStore(), bytes, LIMIT).catch((error) => error)
      assert.ok(error instanceof CarError, String(error))
    }),
    { numRuns: 500 },
  )
})

const leaf = sampleBytes(100)
const root = cidOf(leaf)
const good = header({ roots: [root], version: 1 })
const refused = [
  { name: 'version 2', code: 'ERR_CAR_MALFORMED', at: 0, car: header({ version: 2 }) },
  { name: 'no version', code: 'ERR_CAR_MALFORMED', at: 0, car: header({ roots: [root] }) },
  { name: 'no roots', code: 'ERR_CAR_MALFORMED', at: 0, car: header({ version: 1 }) },
  { name: 'a root that is text', code: 'ERR_CAR_MALFORMED', at: 0, car: header({ roots: ['a'], version: 1 }) },
  { name: 'a header that is a list', code: 'ERR_CAR_MALFORMED', at: 0, car: header([1]) },
  { name: 'a header that is null', code: 'ERR_CAR_MALFORMED', at: 0, car: header(null) },
  { name: 'an empty list of roots', code: 'ERR_CAR_ROOTS', at: 0, car: header({ roots: [], version: 1 }) },
  { name: 'too many roots', code: 'ERR_CAR_ROOTS', at: 0, car: header({ roots: Array(17).fill(root), version: 1 }) },
  { name: 'an empty section', code: 'ERR_CAR_MALFORMED', at: good.length, car: [good, [0]] },
  { name: 'a section without CID', code: 'ERR_CAR_MALFORMED', at: good.length, car: [good, [2, 1, 1]] },
  { name: 'a section of 33 MiB', code: 'ERR_CAR_SECTION', at: good.length, car: [good, varint(33 << 20)] },
  { name: 'a length of 2^63', code: 'ERR_CAR_MALFORMED', at: good.length, car: [good, Array(9).fill(0xff), [1]] },
  { name: 'a length that is not minimal', code: 'ERR_CAR_MALFORMED', at: good.length, car: [good, [0x80, 0]] },
  { name: 'a wrong block', code: 'ERR_CAR_BLOCK', at: good.length, car: [good, section(root, leaf.subarray(1))] },
  {
    name: 'a weak hash',
    code: 'ERR_CAR_BLOCK',
    at: good.length,
    car: [good, section(CID.createV1(0x55, createDigest(0x12, root.multihash.digest.subarray(0, 1))), leaf)],
  },
  { name: 'no blocks', code: 'ERR_CAR_INCOMPLETE', at: good.length, car: good },
]
for (const { name, code, at, car } of refused) {
  test(`importCar() refuses ${name} and says where`, async () => {
    const bytes = car instanceof Uint8Array ? car : Buffer.concat(car.map((part) => Uint8Array.from(part)))
    const error = await importCar(memoryStore(), bytes, { sizeMax: 100 << 20 }).catch((error) => error)
    assert.ok(error instanceof CarError, String(error))
    assert.deepEqual([error.code, error.details.offset], [code, at])
  })
}

test('importCar() stops at sizeMax, sectionMax, rootsMax and countMax', async () => {
  const { car } = await sampleDag()
  const limits = [
    [{ sizeMax: car.length - 1 }, 'ERR_CAR_TOO_LARGE'],
    [{ sizeMax: car.length, sectionMax: 200 }, 'ERR_CAR_SECTION'],
    [{ sizeMax: car.length, rootsMax: 0 }, 'ERR_CAR_ROOTS'],
    [{ sizeMax: car.length, countMax: 3 }, 'ERR_CAR_BLOCK'],
  ] as const
  for (const [options, code] of limits) await assert.rejects(importCar(memoryStore(), car, options), { code })
  await importCar(memoryStore(), car, { sizeMax: car.length, countMax: 4, rootsMax: 1 })
})

test('importCar() wants all blocks of the DAG in the CAR itself, unless told otherwise', async () => {
  const { store, root, car } = await sampleDag()
  const first = (await collect(exportCar(store, root), (part) => part)).slice(0, 2)
  const part = Buffer.concat(first)
  await assert.rejects(importCar(store, part, LIMIT), { code: 'ERR_CAR_INCOMPLETE' })
  assert.equal((await importCar(memoryStore(), part, { ...LIMIT, isComplete: false })).blocks.length, 1)
  const fresh = memoryStore()
  await importCar(fresh, car, { ...LIMIT, pin: true })
  assert.deepEqual(fresh.pinnedRoots().map(String), [root.toString()])
  assert.equal(fresh.usage().keptSize, fresh.usage().size)
})

test('importCar() ends its source when it stops, and rejects with the reason of a signal or of the source', async () => {
  let isEnded = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      yield good
      for (;;) yield section(root, leaf)
    } finally {
      isEnded = true
    }
  }
  await assert.rejects(importCar(memoryStore(), endless(), LIMIT), { code: 'ERR_CAR_TOO_LARGE' })
  assert.ok(isEnded)
  const abort = new AbortController()
  async function* aborting(): AsyncGenerator<Uint8Array> {
    yield good
    abort.abort(new Error('enough'))
    for (;;) yield section(root, leaf)
  }
  await assert.rejects(importCar(memoryStore(), aborting(), { ...LIMIT, signal: abort.signal }), /enough/)
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield good
    throw new Error('connection lost')
  }
  await assert.rejects(importCar(memoryStore(), failing(), LIMIT), /connection lost/)
})
