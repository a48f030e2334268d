import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawOrder, SelectionError, type WeightedNode } from '@blockless/consensus'
import { SeededRandom } from '@blockless/testing'
import fc from 'fast-check'

const seedOf = (number: number): Uint8Array => new SeededRandom(number).bytes(32)
const nodes = (...weights: number[]): WeightedNode[] =>
  weights.map((weight, index) => ({ node: `node-${index}`, weight }))

/** Candidates with distinct names and weights of very different sizes. */
const candidatesArbitrary = fc.uniqueArray(
  fc.record({
    node: fc.string({ minLength: 1, maxLength: 8 }),
    weight: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 0xffff_ffff })),
  }),
  { minLength: 1, maxLength: 30, selector: ({ node }) => node },
)
const seedArbitrary = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** Sum of (observed - expected)^2 / expected. */
function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, index) => sum + (count - (expected[index] ?? 0)) ** 2 / (expected[index] ?? 0), 0)
}

test('drawOrder() gives a permutation that does not depend on the order of the candidates', () => {
  fc.assert(
    fc.property(seedArbitrary, candidatesArbitrary, fc.nat(), (seed, candidates, shuffleSeed) => {
      const order = drawOrder({ seed, candidates, count: candidates.length })
      assert.deepEqual(order.toSorted(), candidates.map(({ node }) => node).toSorted())
      const shuffled = new SeededRandom(shuffleSeed).shuffle(candidates)
      assert.deepEqual(drawOrder({ seed, candidates: shuffled, count: candidates.length }), order)
    }),
  )
})

test('drawOrder() of fewer is the beginning of the draw of more', () => {
  fc.assert(
    fc.property(seedArbitrary, candidatesArbitrary, fc.nat(30), (seed, candidates, wanted) => {
      const count = Math.min(wanted, candidates.length)
      const all = drawOrder({ seed, candidates, count: candidates.length })
      assert.deepEqual(drawOrder({ seed, candidates, count }), all.slice(0, count))
    }),
  )
})

test('drawOrder() moves nobody else when a candidate is left out', () => {
  fc.assert(
    fc.property(seedArbitrary, candidatesArbitrary, fc.nat(), (seed, candidates, choice) => {
      const left = candidates[choice % candidates.length]
      const rest = candidates.filter((candidate) => candidate !== left)
      const all = drawOrder({ seed, candidates, count: candidates.length })
      const without = drawOrder({ seed, candidates: rest, count: rest.length })
      assert.deepEqual(
        without,
        all.filter((node) => node !== left?.node),
      )
    }),
  )
})

test('drawOrder() never places a candidate later when only its weight grows', () => {
  fc.assert(
    fc.property(seedArbitrary, candidatesArbitrary, fc.nat(), (seed, candidates, choice) => {
      const index = choice % candidates.length
      const heavier = candidates.map((one, at) => (at === index ? { ...one, weight: 0xffff_ffff } : one))
      const node = candidates[index]?.node ?? ''
      const before = drawOrder({ seed, candidates, count: candidates.length }).indexOf(node)
      assert.ok(drawOrder({ seed, candidates: heavier, count: candidates.length }).indexOf(node) <= before)
    }),
  )
})

test('drawOrder() draws each candidate of equal weight equally often first', () => {
  const candidates = nodes(7, 7, 7, 7, 7, 7, 7, 7)
  const firsts = new Map(candidates.map(({ node }) => [node, 0]))
  const rounds = 4_000
  for (let seed = 0; seed < rounds; seed++) {
    const [first = ''] = drawOrder({ seed: seedOf(seed), candidates, count: 1 })
    firsts.set(first, (firsts.get(first) ?? 0) + 1)
  }
  // 24.32 is the 99.9 % quantile of chi-square with 7 degrees of freedom; the seeds are fixed, so this never flakes.
  const found = chiSquare(
    [...firsts.values()],
    candidates.map(() => rounds / candidates.length),
  )
  assert.ok(found < 24.32, `chi-square ${found}`)
})

test('drawOrder() draws as successive draws by weight do: every order of three has its probability', () => {
  const candidates = nodes(1, 2, 5)
  const counts = new Map<string, number>()
  const rounds = 6_000
  for (let seed = 0; seed < rounds; seed++) {
    const key = drawOrder({ seed: seedOf(seed), candidates, count: 3 }).join(' ')
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const expected = new Map<string, number>()
  for (const a of candidates) {
    for (const b of candidates.filter((other) => other !== a)) {
      const [c] = candidates.filter((other) => other !== a && other !== b)
      const chance = (a.weight / 8) * (b.weight / (8 - a.weight))
      expected.set(`${a.node} ${b.node} ${c?.node}`, rounds * chance)
    }
  }
  // 20.52 is the 99.9 % quantile with 5 degrees of freedom.
  const found = chiSquare(
    [...expected.keys()].map((key) => counts.get(key) ?? 0),
    [...expected.values()],
  )
  assert.ok(found < 20.52, `chi-square ${found}`)
})

test('drawOrder() gives a weight of 1 against 2^32 - 1 hardly a chance, and the only candidate all of it', () => {
  for (let seed = 0; seed < 200; seed++) {
    assert.deepEqual(drawOrder({ seed: seedOf(seed), candidates: nodes(1, 0xffff_ffff), count: 1 }), ['node-1'])
    assert.deepEqual(drawOrder({ seed: seedOf(seed), candidates: nodes(1), count: 1 }), ['node-0'])
  }
})

test('drawOrder() draws none of none', () => {
  assert.deepEqual(drawOrder({ seed: seedOf(0), candidates: [], count: 0 }), [])
})

for (const { name, candidates, count, seed } of [
  { name: 'more are wanted than stand', candidates: nodes(1, 1), count: 3, seed: seedOf(0) },
  { name: 'the count is not whole', candidates: nodes(1, 1), count: 1.5, seed: seedOf(0) },
  { name: 'the count is negative', candidates: nodes(1, 1), count: -1, seed: seedOf(0) },
  { name: 'a weight is 0', candidates: nodes(1, 0), count: 1, seed: seedOf(0) },
  { name: 'a weight is 2^32', candidates: nodes(1, 2 ** 32), count: 1, seed: seedOf(0) },
  { name: 'a weight is not a number', candidates: nodes(1, Number.NaN), count: 1, seed: seedOf(0) },
  { name: 'the seed is short', candidates: nodes(1), count: 1, seed: new Uint8Array(31) },
  { name: 'too many stand', candidates: nodes(...new Array<number>(10_001).fill(1)), count: 1, seed: seedOf(0) },
]) {
  test(`drawOrder() refuses when ${name}`, () => {
    assert.throws(() => drawOrder({ seed, candidates, count }), RangeError)
  })
}

test('drawOrder() refuses a node that stands twice', () => {
  const candidates = [...nodes(1, 2), { node: 'node-0', weight: 3 }]
  assert.throws(
    () => drawOrder({ seed: seedOf(0), candidates, count: 1 }),
    (error) =>
      error instanceof SelectionError && error.code === 'ERR_CANDIDATE_DUPLICATE' && /node-0/.test(error.message),
  )
})
