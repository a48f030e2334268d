import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom, simulationSeeds } from '@blockless/testing'

test('bytes() gives one stream whatever the sizes asked for', () => {
  const [a, b] = [new SeededRandom(3), new SeededRandom(3)]
  const parts = [1, 7, 32, 60].map((size) => [...a.bytes(size)])
  assert.deepEqual(parts.flat(), [...b.bytes(100)])
  assert.notDeepEqual(new SeededRandom(4).bytes(100), new SeededRandom(3).bytes(100))
})

test('integer() stays in its range and reaches both ends', () => {
  const random = new SeededRandom(1)
  const seen = new Set(Array.from({ length: 500 }, () => random.integer(-2, 3)))
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [-2, -1, 0, 1, 2, 3],
  )
})

test('chance() never happens at 0, always at 1, and half the time at 0.5', () => {
  const random = new SeededRandom(1)
  const count = (probability: number): number =>
    Array.from({ length: 1_000 }, () => random.chance(probability)).filter(Boolean).length
  assert.equal(count(0), 0)
  assert.equal(count(1), 1_000)
  assert.ok(Math.abs(count(0.5) - 500) < 80)
})

test('shuffle() keeps the items and leaves its argument alone', () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8]
  const shuffled = new SeededRandom(2).shuffle(items)
  assert.notDeepEqual(shuffled, items)
  assert.deepEqual(
    shuffled.toSorted((a, b) => a - b),
    items,
  )
  assert.throws(() => new SeededRandom(2).pick([]), RangeError)
})

test('simulationSeeds() gives the wanted count, or the one that SEED names', () => {
  assert.deepEqual(simulationSeeds(3, {}), [0, 1, 2])
  assert.deepEqual(simulationSeeds(3, { SEED: '41' }), [41])
  assert.throws(() => simulationSeeds(3, { SEED: 'x' }), RangeError)
})
