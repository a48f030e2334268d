import assert from 'node:assert/strict'
import test from 'node:test'
import type { Exit } from '@blockless/core'
import fc from 'fast-check'
import { findDivergence, type GroupResult } from '../../src/head/divergence.ts'

const bytes = fc.uint8Array({ maxLength: 200 })
const exit: fc.Arbitrary<Exit> = fc.oneof(
  fc.record({ kind: fc.constant('exit' as const), code: fc.nat({ max: 3 }) }),
  fc.constant({ kind: 'unreachable' as const, code: 0 }),
)
const result = fc.record({ exit, stdout: bytes, stderr: bytes, fuelUsed: fc.nat({ max: 3 }) })

/** The plain version: what the first place of difference is, spelled out. */
function plain(a: GroupResult['result'], b: GroupResult['result']): { field: string; offset?: number } {
  if (a.exit.kind !== b.exit.kind || a.exit.code !== b.exit.code) return { field: 'exit' }
  for (const field of ['stdout', 'stderr'] as const) {
    const [left, right] = [[...a[field]], [...b[field]]]
    if (left.join() === right.join()) continue
    const offset = [...left, -1].findIndex((byte, index) => byte !== (right[index] ?? -2))
    return { field, offset }
  }
  return { field: 'fuel' }
}

test('findDivergence() finds the first place where two results differ', () => {
  fc.assert(
    fc.property(result, result, (a, b) => {
      const found = findDivergence([
        { nodes: ['a'], result: a },
        { nodes: ['b', 'c'], result: b },
      ])
      const expected = plain(a, b)
      assert.equal(found?.field, expected.field)
      assert.equal(found?.offset, expected.offset)
      assert.deepEqual(
        found?.groups.map(({ nodes }) => nodes),
        [['a'], ['b', 'c']],
      )
    }),
  )
})

test('findDivergence() finds one changed byte behind a long equal start, and shows it', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5_000 }), fc.nat({ max: 100 }), (at, rest) => {
      const stdout = new Uint8Array(at + 1 + rest).fill(0x61)
      const changed = stdout.with(at, 0x62)
      const base = { exit: { kind: 'exit' as const, code: 0 }, stderr: new Uint8Array(0), fuelUsed: 1 }
      const found = findDivergence([
        { nodes: ['a'], result: { ...base, stdout } },
        { nodes: ['b'], result: { ...base, stdout: changed } },
      ])
      assert.deepEqual({ field: found?.field, offset: found?.offset }, { field: 'stdout', offset: at })
      assert.ok(!found?.groups[0]?.excerpt.includes('b') && found?.groups[1]?.excerpt.includes('b'))
      assert.ok((found?.groups[1]?.excerpt.length ?? 0) <= 50)
    }),
  )
})

test('findDivergence() finds none in fewer than two results', () => {
  assert.equal(findDivergence([]), undefined)
  const one = {
    exit: { kind: 'exit' as const, code: 0 },
    stdout: new Uint8Array(1),
    stderr: new Uint8Array(0),
    fuelUsed: 1,
  }
  assert.equal(findDivergence([{ nodes: ['a'], result: one }]), undefined)
})
