import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cidOfCanonical, type VoteContext } from '@blockless/core'
import { FAULTLESS, type NetworkFaults, SeededRandom, simulationSeeds } from '@blockless/testing'
import { type Behaviour, HONEST_HASH, type SimulationRun, simulate } from './simulation.ts'

const agreement = { kind: 'aggregate', nodes: 4, threshold: 3 } as const
const context: VoteContext = {
  chainId: 'blockless-test',
  requestId: new Uint8Array(32).fill(3),
  functionCid: cidOfCanonical(Uint8Array.of(1)),
  subnetCid: cidOfCanonical(Uint8Array.of(2)),
  epoch: 5,
}
const ORDER_COUNT = 8
const SEEDS_COUNT = 200
const ABSENT: readonly Behaviour[] = ['slow', 'silent', 'refusing', 'forging']
const FALSE: readonly Behaviour[] = ['lying', 'equivocating']
const ROUGH: NetworkFaults = { delayMsMin: 1, delayMsMax: 90, dropRate: 0.1, duplicateRate: 0.2 }

/** `badCount` of the order behave as one of `kinds`, wherever the seed puts them. */
function behavioursOf(seed: number, badCount: number, kinds: readonly Behaviour[]): Behaviour[] {
  const random = new SeededRandom(seed + 1_000_000)
  const bad = Array.from({ length: badCount }, () => random.pick(kinds))
  return random.shuffle([...bad, ...Array.from({ length: ORDER_COUNT - badCount }, (): Behaviour => 'honest')])
}

/** What holds in every run, whoever misbehaves and however the network does. */
function checkSafety(run: SimulationRun): void {
  assert.equal(run.ends.length, 1, 'every request ends, once')
  assert.ok(run.endedAtMs <= 1_000)
  const [end] = run.ends
  assert.deepEqual(end?.asked, run.order.slice(0, end?.asked.length))
  if (end?.kind !== 'decided') return
  assert.ok(end.agreeing.length >= agreement.threshold)
  for (const node of end.agreeing) assert.deepEqual(run.votes.get(node)?.resultHash, end.resultHash)
}

for (const seed of simulationSeeds(SEEDS_COUNT, process.env)) {
  const name = (what: string): string => `aggregation ${what} (SEED=${seed})`

  test(name('decides the honest result when spares stand in for all who are absent'), () => {
    const behaviours = behavioursOf(seed, seed % 5, ABSENT)
    const run = simulate({ seed, agreement, context, behaviours, faults: FAULTLESS })
    checkSafety(run)
    assert.equal(run.ends[0]?.kind, 'decided')
  })

  test(name('decides the honest result with one liar or equivocator among the absent'), () => {
    const random = new SeededRandom(seed)
    const behaviours = behavioursOf(seed, 1, FALSE)
    const index = behaviours.indexOf('honest')
    behaviours[index] = random.pick(ABSENT)
    const run = simulate({ seed, agreement, context, behaviours, faults: FAULTLESS })
    checkSafety(run)
    const [end] = run.ends
    assert.ok(end?.kind === 'decided')
    assert.deepEqual(end.resultHash, HONEST_HASH)
  })

  test(name('never decides a lie of fewer than the threshold, whatever the network does'), () => {
    const behaviours = behavioursOf(seed, 5, [...ABSENT, ...FALSE])
    for (let index = 0, liars = 0; index < behaviours.length; index++) {
      const isFalse = behaviours[index] === 'lying' || behaviours[index] === 'equivocating'
      if (isFalse && ++liars >= agreement.threshold) behaviours[index] = 'silent'
    }
    const run = simulate({ seed, agreement, context, behaviours, faults: ROUGH })
    checkSafety(run)
    const [end] = run.ends
    if (end?.kind === 'decided') assert.deepEqual(end.resultHash, HONEST_HASH)
  })
}

test('simulate() replays a seed exactly', () => {
  const init = { seed: 7, agreement, context, behaviours: behavioursOf(7, 4, [...ABSENT, ...FALSE]), faults: ROUGH }
  assert.deepEqual(simulate(init), simulate(init))
})

test('simulate() reaches every end and every kind of effect, so the runs above mean something', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 150; seed++) {
    const behaviours = behavioursOf(seed, 6, [...ABSENT, ...FALSE])
    for (const effect of simulate({ seed, agreement, context, behaviours, faults: ROUGH }).effects) {
      seen.add(effect.kind === 'ignored' ? effect.why : effect.kind)
    }
  }
  const wanted = ['ask', 'decided', 'diverged', 'duplicate', 'ended', 'equivocated', 'failed', 'not-enough']
  assert.deepEqual([...seen].filter((kind) => kind !== 'answered').toSorted(), wanted)
})
