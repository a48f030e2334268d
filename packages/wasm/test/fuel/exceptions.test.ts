import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wat } from '../wat.ts'
import { load } from './guest.ts'
import { ProfileCollector } from './profile-collector.ts'

/** Bodies that throw and catch, and the fuel of one run: 1 for `try`, `try_table`, `throw`, `rethrow` and `throw_ref`. */
const BODIES: readonly { name: string; body: string; fuel: number }[] = [
  { name: 'try without an exception', body: '(try (do (drop (i32.const 1))) (catch_all (unreachable)))', fuel: 2 },
  { name: 'try without catch', body: '(try (do (drop (i32.const 1))))', fuel: 2 },
  { name: 'a caught value', body: '(drop (try (result i32) (do (throw $i (i32.const 7))) (catch $i)))', fuel: 3 },
  {
    name: 'the first catch that fits',
    body: '(try (do (call $throws)) (catch $i (drop)) (catch $e (nop)) (catch_all))',
    fuel: 4,
  },
  {
    name: 'rethrow',
    body: '(try (do (try (do (call $throws)) (catch $e (drop (i32.const 1)) (rethrow 0)))) (catch_all))',
    fuel: 7,
  },
  {
    name: 'rethrow of an outer exception',
    body: `(try (do (try (do (throw $i (i32.const 1))) (catch $i (drop)
      (try (do (throw $e)) (catch $e (rethrow 1)))))) (catch $i (drop)))`,
    fuel: 7,
  },
  {
    name: 'delegate',
    body: '(try $out (do (try (do (call $throws)) (delegate $out)) (unreachable)) (catch_all (drop (i32.const 1))))',
    fuel: 6,
  },
  { name: 'delegate out of a function', body: '(try (do (call $delegates)) (catch_all))', fuel: 6 },
  { name: 'a branch out of try', body: '(block (try (do (drop (i32.const 1)) (br 1)) (catch_all)))', fuel: 3 },
  { name: 'a branch out of catch', body: '(block (try (do (throw $e)) (catch $e (br 1))) (unreachable))', fuel: 3 },
  {
    name: 'a loop around try',
    body: '(local.set 0 (i32.const 3)) (loop (try (do (call $throws)) (catch_all)) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))',
    fuel: 2 + 3 * (4 + 5),
  },
]

const TABLES: readonly { name: string; body: string; fuel: number }[] = [
  {
    name: 'throw_ref',
    body: `(block $all (try_table (catch_all $all)
      (block $ref (result exnref) (try_table (catch_all_ref $ref) (call $throws)) (unreachable)) (throw_ref)))`,
    fuel: 6,
  },
  {
    name: 'a caught value and its reference',
    body: `(block $i (result i32 exnref) (try_table (catch_ref $i $i) (throw $i (i32.const 1))) (unreachable)) (drop) (drop)`,
    fuel: 3,
  },
  {
    name: 'try_table at a loop',
    body: `(local.set 0 (i32.const 3)) (block $end (loop $again
      (br_if $end (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (try_table (catch $e $again) (call $throws))))`,
    fuel: 2 + 2 * (6 + 4) + 6,
  },
]

const moduleOf = (body: string, delegates: string): Uint8Array =>
  wat(`(module (import "env" "see" (func $see)) (tag $e) (tag $i (param i32))
    (func $throws (drop (i32.const 1)) (throw $e)) ${delegates}
    (func $body (local i32) ${body})
    (func (export "called") (call $body) (call $see))
    (func (export "direct") (local i32) ${body}))`)
const DELEGATES = '(func $delegates (try (do (call $throws)) (delegate 0)))'

for (const precise of [false, true]) {
  for (const [bodies, delegates] of [
    [BODIES, DELEGATES],
    [TABLES, ''],
  ] as const) {
    for (const { name, body, fuel } of bodies) {
      test(`instrument() counts ${name}${precise ? ', in the precise rewriting' : ''}`, () => {
        const bytes = moduleOf(body, delegates)
        let seen = -1
        const direct = load(bytes, { precise }, { env: { see: () => undefined } })
        direct.exports['direct']?.()
        assert.equal(direct.used(), fuel)
        const called = load(bytes, { precise }, { env: { see: () => (seen = called.used()) } })
        called.exports['called']?.()
        assert.equal(seen, fuel + 2)
        assert.equal(called.used(), fuel + 2)
        const collector = new ProfileCollector(1_000_000_000)
        const profiled = load(bytes, { precise, collector }, { env: { see: () => undefined } })
        profiled.exports['called']?.()
        const selfByPath = collector.finish(1_000_000_000 - profiled.used())
        assert.equal(profiled.used(), fuel + 2)
        assert.equal(selfByPath[delegates === '' ? 3 : 4], 2, 'what the caller of the body used')
        assert.equal(collector.depth, 0)
      })
    }
  }
}
