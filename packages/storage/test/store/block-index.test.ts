import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { BlockIndex } from '../../src/store/block-index.ts'

const SIZE_MAX = 100
const COUNT_MAX = 8
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

/** The plain model: one list in the order of use and one list of what keeps which key. */
interface Model {
  stored: { key: string; size: number }[]
  keepers: string[]
  pins: Map<string, string[]>
}

type Step =
  | { kind: 'put'; key: string; size: number }
  | { kind: 'touch' | 'remove' | 'keep' | 'release'; key: string }
  | { kind: 'pin'; root: string; keys: string[] }
  | { kind: 'unpin'; root: string }

const key = fc.constantFrom(...KEYS)
const root = fc.constantFrom('x', 'y', 'z')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, size: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ kind: fc.constantFrom('touch' as const, 'remove', 'keep', 'release'), key }),
  fc.record({ kind: fc.constant('pin' as const), root, keys: fc.array(key, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('unpin' as const), root }),
)

test('BlockIndex does what a plain model does under random steps', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const index = new BlockIndex({ sizeMax: SIZE_MAX, countMax: COUNT_MAX })
      const model: Model = { stored: [], keepers: [], pins: new Map() }
      for (const one of steps) {
        assert.deepEqual(applyToIndex(index, one), applyToModel(model, one))
        assertSame(index, model)
      }
    }),
    { numRuns: 500 },
  )
})

function assertSame(index: BlockIndex, model: Model): void {
  const size = model.stored.reduce((sum, block) => sum + block.size, 0)
  const kept = model.stored.filter((block) => isKept(model, block.key))
  assert.equal(index.size, size)
  assert.equal(index.count, model.stored.length)
  assert.equal(
    index.keptSize,
    kept.reduce((sum, block) => sum + block.size, 0),
  )
  assert.ok(size <= SIZE_MAX && index.count <= COUNT_MAX)
  for (const name of KEYS) {
    assert.equal(
      index.has(name),
      model.stored.some((block) => block.key === name),
    )
    assert.equal(index.isKept(name), isKept(model, name))
  }
}

function applyToIndex(index: BlockIndex, one: Step): unknown {
  switch (one.kind) {
    case 'put': {
      if (index.has(one.key)) return 'stored'
      try {
        const victims = index.reserve(one.size)
        index.commit(one.key, one.size)
        return victims
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ERR_STORE_FULL')
        return 'full'
      }
    }
    case 'release':
      return index.isKept(one.key) && isHeld.has(index, one.key) ? release(index, one.key) : undefined
    case 'keep':
      isHeld.add(index, one.key)
      return index.keep(one.key)
    case 'pin':
      return index.pin(one.root, one.keys)
    case 'unpin':
      return index.unpin(one.root)
    case 'touch':
    case 'remove':
      return index[one.kind](one.key)
  }
}

// Releases only undo keeps, never pins; the model does the same through its own list.
const holds = new WeakMap<BlockIndex, string[]>()
const isHeld = {
  has: (index: BlockIndex, name: string): boolean => holds.get(index)?.includes(name) === true,
  add: (index: BlockIndex, name: string): void => void holds.set(index, [...(holds.get(index) ?? []), name]),
}

function release(index: BlockIndex, name: string): void {
  const list = holds.get(index) ?? []
  list.splice(list.indexOf(name), 1)
  index.release(name)
}

function isKept(model: Model, name: string): boolean {
  return model.keepers.includes(name) || [...model.pins.values()].some((keys) => keys.includes(name))
}

function applyToModel(model: Model, one: Step): unknown {
  switch (one.kind) {
    case 'put':
      return putToModel(model, one.key, one.size)
    case 'touch':
      return isKept(model, one.key) ? undefined : moveToEnd(model, one.key)
    case 'remove':
      model.stored = model.stored.filter((block) => block.key !== one.key)
      return undefined
    case 'keep':
      model.keepers.push(one.key)
      return undefined
    case 'release':
      if (!model.keepers.includes(one.key)) return undefined
      return unkeep(model, [one.key], () => model.keepers.splice(model.keepers.indexOf(one.key), 1))
    case 'pin': {
      const before = model.pins.get(one.root) ?? []
      return unkeep(model, before, () => model.pins.set(one.root, one.keys))
    }
    case 'unpin': {
      const before = model.pins.get(one.root)
      if (before === undefined) return false
      unkeep(model, before, () => model.pins.delete(one.root))
      return true
    }
  }
}

// What ceases to be kept counts as used just now, in the order in which it was kept.
function unkeep(model: Model, keys: string[], change: () => unknown): undefined {
  const kept = [...new Set(keys)].filter((name) => isKept(model, name))
  change()
  for (const name of kept) if (!isKept(model, name)) moveToEnd(model, name)
}

function moveToEnd(model: Model, name: string): undefined {
  const block = model.stored.find((candidate) => candidate.key === name)
  if (block === undefined) return
  model.stored = [...model.stored.filter((candidate) => candidate !== block), block]
}

function putToModel(model: Model, name: string, size: number): unknown {
  if (model.stored.some((block) => block.key === name)) return 'stored'
  const stored = [...model.stored]
  const victims: string[] = []
  const total = (): number => stored.reduce((sum, block) => sum + block.size, 0)
  while (total() + size > SIZE_MAX || stored.length + 1 > COUNT_MAX) {
    const position = stored.findIndex((block) => !isKept(model, block.key))
    if (position < 0) return 'full'
    victims.push(...stored.splice(position, 1).map((block) => block.key))
  }
  model.stored = [...stored, { key: name, size }]
  return victims
}

test('BlockIndex.reserve() counts reservations against the cap', () => {
  const index = new BlockIndex({ sizeMax: 10, countMax: 10 })
  assert.deepEqual(index.reserve(6), [])
  assert.throws(() => index.reserve(5), { code: 'ERR_STORE_FULL' })
  index.cancel(6)
  assert.deepEqual(index.reserve(10), [])
  index.commit('a', 10)
  assert.deepEqual(index.reserve(1), ['a'])
})

test('BlockIndex.trim() drops the oldest unkept blocks down to the cap', () => {
  const index = new BlockIndex({ sizeMax: 10, countMax: 10 })
  for (const name of ['a', 'b', 'c', 'd']) index.add(name, 5)
  index.pin('root', ['a'])
  assert.deepEqual(index.trim(), ['b', 'c'])
  assert.deepEqual([...index.keys()], ['a', 'd'])
})

for (const init of [
  { sizeMax: 0, countMax: 1 },
  { sizeMax: 1, countMax: 0 },
  { sizeMax: Number.NaN, countMax: 1 },
]) {
  test(`BlockIndex refuses ${JSON.stringify(init)}`, () => {
    assert.throws(() => new BlockIndex(init), RangeError)
  })
}
