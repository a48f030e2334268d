import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InMemoryNetwork, type NetworkFaults, SeededRandom, SeededScheduler } from '@blockless/testing'

interface Setup {
  readonly network: InMemoryNetwork<number>
  readonly scheduler: SeededScheduler
  readonly heard: number[]
}

function setUp(seed: number, faults: Partial<NetworkFaults> = {}): Setup {
  const random = new SeededRandom(seed)
  const scheduler = new SeededScheduler({ random })
  const all = { delayMsMin: 1, delayMsMax: 50, dropRate: 0, duplicateRate: 0, ...faults }
  const network = new InMemoryNetwork<number>({ scheduler, random }, all)
  const heard: number[] = []
  network.join('b', (_, message) => heard.push(message))
  return { network, scheduler, heard }
}

function sendAll({ network, scheduler }: Setup, count: number): void {
  for (let message = 0; message < count; message++) network.send('a', 'b', message)
  scheduler.run()
}

test('send() delivers everything, reordered, the same way for the same seed', () => {
  const setups = [setUp(5), setUp(5), setUp(6)] as const
  for (const setup of setups) sendAll(setup, 40)
  const [first, again, other] = setups
  assert.deepEqual(first.heard, again.heard)
  assert.notDeepEqual(first.heard, other.heard)
  assert.notDeepEqual(
    first.heard,
    first.heard.toSorted((a, b) => a - b),
  )
  assert.equal(new Set(first.heard).size, 40)
})

test('send() drops and duplicates at the given rates and counts both', () => {
  const setup = setUp(1, { dropRate: 0.25, duplicateRate: 0.25 })
  sendAll(setup, 1_000)
  const { sent, delivered, dropped, duplicated } = setup.network.counts
  assert.equal(sent, 1_000)
  assert.equal(delivered, sent - dropped + duplicated)
  assert.ok(Math.abs(dropped - 250) < 60, `${dropped} dropped`)
  assert.ok(Math.abs(duplicated - 188) < 60, `${duplicated} duplicated`)
})

test('partition() cuts messages under way too, heal() lets new ones through', () => {
  const setup = setUp(1)
  setup.network.send('a', 'b', 1)
  setup.network.partition([['a'], ['b']])
  setup.scheduler.run()
  assert.deepEqual(setup.heard, [])
  setup.network.heal()
  sendAll(setup, 1)
  assert.deepEqual(setup.heard, [0])
})

test('leave() loses what was under way', () => {
  const setup = setUp(1)
  setup.network.send('a', 'b', 1)
  setup.network.leave('b')
  setup.scheduler.run()
  assert.deepEqual({ heard: setup.heard, dropped: setup.network.counts.dropped }, { heard: [], dropped: 1 })
})

test('run() stops at its time and goes on from there', () => {
  const scheduler = new SeededScheduler({ random: new SeededRandom(0) })
  const ran: number[] = []
  for (const ms of [30, 10, 20]) scheduler.schedule(ms, () => ran.push(ms))
  assert.equal(scheduler.run(20), 2)
  assert.deepEqual({ ran, nowMs: scheduler.nowMs }, { ran: [10, 20], nowMs: 20 })
  scheduler.run()
  assert.deepEqual(ran, [10, 20, 30])
})
