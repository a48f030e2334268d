import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FuelProfile } from '../../src/profile/fuel-profile.ts'
import { decodeProfile, type ProfileNode, type RunProfile } from '../../src/profile/profile-bytes.ts'

const LIMIT = 1_000_000

/** Fuel by path, without paths that used none. */
function selfByPath(profile: RunProfile): Record<string, number> {
  const paths: string[] = []
  for (const { parent, function: called } of profile) {
    const before = paths[parent]
    const name = nameOf(called)
    paths.push(before === undefined || before === '' ? name : `${before};${name}`)
  }
  const used = profile.flatMap(({ selfFuel }, index): [string, number][] =>
    selfFuel === 0 ? [] : [[paths[index] as string, selfFuel]],
  )
  return Object.fromEntries(used.sort())
}

function nameOf(called: ProfileNode['function']): string {
  if (called.kind === 'guest') return String(called.index)
  if (called.kind === 'host') return called.name
  return called.kind === 'root' ? '' : '(other)'
}

test('FuelProfile agrees with plain stacks of names on any calls, ends of several frames and fuel below zero', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: -3, max: 5 }), fc.integer({ min: 0, max: 30 })), { maxLength: 200 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 2000 }), (calls, limit) => {
      const profile = new FuelProfile(limit)
      const expected = new Map<string, number>()
      const stack: number[] = []
      let left = limit
      for (const [step, fuel] of calls) {
        const path = stack.join(';')
        const used = Math.max(0, left) - Math.max(0, left - fuel)
        left -= fuel
        if (used > 0) expected.set(path, (expected.get(path) ?? 0) + used)
        if (step < 0) {
          stack.length = Math.max(0, stack.length + step)
          profile.unwind(stack.length, left)
        } else {
          assert.equal(profile.enter(step, left), stack.length)
          stack.push(step)
        }
      }
      const fuelUsed = limit - Math.max(0, left)
      const nodes = decodeProfile(profile.finish(Math.max(0, left)), fuelUsed)
      assert.deepEqual(selfByPath(nodes), Object.fromEntries([...expected].sort()))
    }),
  )
})

test('FuelProfile keeps the fuel of every function when there are more paths than it has nodes', () => {
  const profile = new FuelProfile(LIMIT)
  const expected = new Map<number, number>()
  let left = LIMIT
  for (let outer = 0; outer < 300; outer++) {
    profile.enter(outer, left)
    for (let inner = 0; inner < 300; inner++) {
      const frames = profile.enter(1000 + inner, left)
      left -= 2
      profile.unwind(frames, left)
      expected.set(1000 + inner, (expected.get(1000 + inner) ?? 0) + 2)
    }
    left -= 1
    profile.unwind(0, left)
    expected.set(outer, 1)
  }
  const nodes = decodeProfile(profile.finish(left), LIMIT - left)
  const found = new Map<number, number>()
  for (const { function: called, selfFuel } of nodes) {
    if (called.kind === 'guest') found.set(called.index, (found.get(called.index) ?? 0) + selfFuel)
  }
  assert.deepEqual([...found].sort(), [...expected].sort())
  assert.ok(nodes.some(({ parent, function: called }) => parent === 1 && called.kind === 'guest'))
})

test('FuelProfile holds a bounded number of nodes whatever is called', () => {
  const profile = new FuelProfile(LIMIT)
  let left = LIMIT
  for (let index = 0; index < 100_000; index++) {
    const frames = profile.enter(index, left--)
    profile.unwind(frames, left)
  }
  const nodes = decodeProfile(profile.finish(left), 100_000)
  assert.equal(nodes.length, 65_536)
  assert.ok((nodes[1]?.selfFuel ?? 0) > 0)
})

test('FuelProfile names functions of the host, up to a bound', () => {
  const profile = new FuelProfile(LIMIT)
  let left = LIMIT
  for (let index = 0; index < 3000; index++) {
    const frames = profile.enter(profile.hostKey(`env.${index}${'x'.repeat(1000)}`), left--)
    profile.unwind(frames, left)
  }
  assert.equal(profile.hostKey('env.7'), profile.hostKey('env.8'))
  const nodes = decodeProfile(profile.finish(left), 3000)
  assert.equal(nodes.filter(({ function: called }) => called.kind === 'host').length, 1024)
})
