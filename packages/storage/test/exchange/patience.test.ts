import assert from 'node:assert/strict'
import test from 'node:test'
import { Patience } from '../../src/exchange/patience.ts'
import { PeerRoster, type RosterPeer } from '../../src/exchange/peer-roster.ts'

function peerOf(name: string): RosterPeer {
  const id = { toString: () => name } as RosterPeer['id']
  return { id, order: 0, asking: 0, misses: 0, silences: 0, gaveAtMs: Number.NEGATIVE_INFINITY }
}

test('Patience ends for a peer that gives nothing, and starts anew for one that gave', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const peer = peerOf('a')
  using patience = new Patience(peer, 60_000)
  mock.timers.tick(59_999)
  assert.equal(patience.signal.aborted, false)
  peer.gaveAtMs = performance.now()
  mock.timers.tick(1)
  assert.equal(patience.signal.aborted, false)
  peer.gaveAtMs = Number.NEGATIVE_INFINITY
  mock.timers.tick(60_001)
  assert.equal(patience.signal.aborted, true)
})

test('Patience leaves no timer when its question has ended', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const patience = new Patience(peerOf('a'), 1_000)
  patience[Symbol.dispose]()
  mock.timers.tick(10_000)
  assert.equal(patience.signal.aborted, false)
})

test('PeerRoster.pick() prefers who answers, then who has, then the least busy, then the first', () => {
  const roster = new PeerRoster(4)
  const ids = ['a', 'b', 'c', 'd', 'e'].map((name) => peerOf(name).id)
  assert.deepEqual(
    ids.map((id) => roster.add(id)),
    [true, true, true, true, false],
  )
  assert.equal(roster.add(peerOf('a').id), false)
  const picked: string[] = []
  const done = new Set<RosterPeer>()
  const next = (): RosterPeer | undefined => roster.pick(done)
  Object.assign(next() ?? {}, { silences: 1 })
  Object.assign(next() ?? {}, { misses: 1 })
  Object.assign(next() ?? {}, { asking: 1 })
  for (let peer = next(); peer !== undefined; peer = next()) {
    picked.push(peer.id.toString())
    done.add(peer)
  }
  assert.deepEqual(picked, ['d', 'c', 'b', 'a'])
})
