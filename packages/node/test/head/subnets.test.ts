import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  type CID,
  candidacyDigest,
  cidOfCanonical,
  DEFAULT_LIMITS,
  encodeCanonical,
  type FunctionSettings,
  settingsOf,
} from '@blockless/core'
import { ManualClock, RecordingLogger, testNetwork, testSigner } from '@blockless/testing'
import type { RollCaller } from '../../src/head/roll-caller.ts'
import { type FormedSubnet, Subnets } from '../../src/head/subnets.ts'

const network = testNetwork(4)
const manifest = { version: 1 as const, name: 'f', modules: [{ file: 'f.wasm', name: 'f', type: 'entry' as const }] }
const settings: FunctionSettings = settingsOf(manifest, DEFAULT_LIMITS)
const live: AbortSignal = new AbortController().signal

function functionOf(index: number): CID {
  return cidOfCanonical(encodeCanonical(index))
}

/** Subnets whose workers stand and prepare as the test lets them. */
function create(): {
  subnets: Subnets
  clock: ManualClock
  log: RecordingLogger
  formed: FormedSubnet[]
  state: { calls: number; underWay: number; underWayMax: number; gate: Promise<void>; standing: number }
} {
  const clock = new ManualClock()
  const log = new RecordingLogger()
  const formed: FormedSubnet[] = []
  const state = { calls: 0, underWay: 0, underWayMax: 0, gate: Promise.resolve(), standing: 4 }
  const call: RollCaller['call'] = async ({ functionCid, epoch }, _expected, signal) => {
    state.calls++
    state.underWay++
    state.underWayMax = Math.max(state.underWayMax, state.underWay)
    try {
      await Promise.race([
        state.gate,
        new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ])
    } finally {
      state.underWay--
    }
    const { chainId } = network
    const candidates = Array.from({ length: state.standing }, (_, index) => {
      const signer = testSigner(index + 1)
      const signature = signer.sign(candidacyDigest({ chainId, functionCid, epoch, weight: 1 }))
      return { node: signer.nodeId, weight: 1, signature }
    })
    return { candidates, declined: [] }
  }
  const links = { nodes: network.workers, nextId: () => 1, call: async () => ({ kind: 'prepared' as const, id: 1 }) }
  const parts = { links, rollCaller: { call }, clock, log, onFormed: (one: FormedSubnet) => formed.push(one) }
  return { subnets: new Subnets(parts, { network }), clock, log, formed, state }
}

test('get() forms a subnet once, and tells of it before it serves', async () => {
  const { subnets, state, formed } = create()
  const all = await Promise.all(
    Array.from({ length: 20 }, async () => await subnets.get(functionOf(1), settings, live)),
  )
  assert.equal(state.calls, 1)
  assert.deepEqual(formed, [all[0]])
  assert.equal(await subnets.get(functionOf(1), settings, live), all[0])
})

test('get() ends the wait of who aborts, not the others\u2019', async () => {
  const { subnets, state } = create()
  const gate = Promise.withResolvers<void>()
  state.gate = gate.promise
  const caller = new AbortController()
  const first = subnets.get(functionOf(1), settings, caller.signal)
  const second = subnets.get(functionOf(1), settings, live)
  caller.abort(new Error('gone'))
  await assert.rejects(first, /gone/)
  gate.resolve()
  assert.equal((await second).subnet.size, 4)
})

test('get() leaves no rejection behind when its signal has aborted already', async () => {
  const { subnets, state } = create()
  state.standing = 1
  await assert.rejects(subnets.get(functionOf(1), settings, AbortSignal.abort(new Error('before'))), /before/)
  for (let index = 0; index < 5; index++) await turn()
  assert.equal(state.calls, 0)
})

test('get() tries again after a draw that failed', async () => {
  const { subnets, state, log } = create()
  state.standing = 3
  await assert.rejects(subnets.get(functionOf(1), settings, live), { code: 'ERR_SUBNET_TOO_SMALL' })
  assert.deepEqual(log.messages('warn'), ['subnet not formed'])
  state.standing = 4
  await subnets.get(functionOf(1), settings, live)
})

test('get() serves on with the last subnet while the new one cannot be formed, and says so', async () => {
  const { subnets, state, clock, log } = create()
  const first = await subnets.get(functionOf(1), settings, live)
  state.standing = 1
  await clock.advance(network.epochMs)
  assert.equal(await subnets.get(functionOf(1), settings, live), first)
  for (let index = 0; index < 5; index++) await turn()
  assert.deepEqual(log.messages('warn'), ['subnet not formed'])
  await clock.advance(network.epochMs)
  await assert.rejects(subnets.get(functionOf(1), settings, live), { code: 'ERR_SUBNET_TOO_SMALL' })
})

test('get() has at most 16 draws under way, in the order in which they were wanted', async () => {
  const { subnets, state, formed } = create()
  const gate = Promise.withResolvers<void>()
  state.gate = gate.promise
  const all = Array.from({ length: 100 }, async (_, index) => await subnets.get(functionOf(index), settings, live))
  for (let index = 0; index < 5; index++) await turn()
  assert.equal(state.underWay, 16)
  gate.resolve()
  await Promise.all(all)
  assert.equal(state.underWayMax, 16)
  assert.deepEqual(
    formed.map(({ subnet }) => subnet.functionCid.toString()),
    Array.from({ length: 100 }, (_, index) => functionOf(index).toString()),
  )
})

test('get() refuses with ERR_HEAD_BUSY when too many draws wait', async () => {
  const { subnets, state } = create()
  state.gate = Promise.withResolvers<void>().promise
  const all = Array.from(
    { length: 16 + 1_024 },
    async (_, index) => await subnets.get(functionOf(index), settings, live),
  )
  const settled = Promise.allSettled(all)
  await assert.rejects(subnets.get(functionOf(-1), settings, live), { code: 'ERR_HEAD_BUSY' })
  subnets.stop(new Error('stopped'))
  for (const outcome of await settled) assert.equal(outcome.status, 'rejected')
  await assert.rejects(subnets.get(functionOf(-2), settings, live), /stopped/)
})

test('forget() makes the next request draw anew', async () => {
  const { subnets, state } = create()
  await subnets.get(functionOf(1), settings, live)
  await subnets.get(functionOf(2), settings, live)
  subnets.forget(functionOf(1))
  await subnets.get(functionOf(2), settings, live)
  assert.equal(state.calls, 2)
  await subnets.get(functionOf(1), settings, live)
  assert.equal(state.calls, 3)
})
