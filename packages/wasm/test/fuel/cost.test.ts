import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wat } from '../wat.ts'
import { load } from './guest.ts'

/** Bodies of a function that may use memory, table, globals and a callee, and the fuel that one run of it takes. */
const BODIES: readonly { name: string; body: string; fuel: number }[] = [
  { name: 'nothing for an empty function', body: '', fuel: 0 },
  { name: 'nothing for nop, block, loop and their ends', body: '(nop) (block (loop (nop)))', fuel: 0 },
  { name: 'one for a constant, nothing for its drop', body: '(drop (i32.const 1))', fuel: 1 },
  { name: 'one for each operand and operator', body: '(drop (i64.add (i64.const 1) (i64.const 2)))', fuel: 3 },
  { name: 'nothing for return', body: '(drop (i32.const 1)) (return)', fuel: 1 },
  { name: 'one for if, nothing for else', body: '(if (i32.const 0) (then (nop)) (else (nop)))', fuel: 2 },
  { name: 'only the arm that ran', body: '(if (i32.const 1) (then (drop (i32.const 1))) (else (call $f)))', fuel: 3 },
  { name: 'one for a branch', body: '(block (br 0))', fuel: 1 },
  { name: 'nothing for what a branch passes by', body: '(block (br 0) (drop (i32.const 1)))', fuel: 1 },
  { name: 'one for br_table', body: '(block (block (br_table 0 1 (i32.const 0))) (drop (i32.const 1)))', fuel: 3 },
  { name: 'one for select', body: '(drop (select (i32.const 1) (i32.const 2) (i32.const 0)))', fuel: 4 },
  { name: 'one for each local instruction', body: '(drop (local.tee 0 (local.get 0)))', fuel: 2 },
  { name: 'one for each global instruction', body: '(global.set 0 (global.get 0))', fuel: 2 },
  { name: 'one for a call and its body', body: '(call $f)', fuel: 2 },
  { name: 'one for an indirect call and its body', body: '(call_indirect (i32.const 0))', fuel: 3 },
  { name: 'one for a tail call and its body', body: '(return_call $f)', fuel: 2 },
  { name: 'one for a load', body: '(drop (i32.load offset=8 (i32.const 0)))', fuel: 2 },
  { name: 'one for a store', body: '(i64.store8 (i32.const 0) (i64.const 7))', fuel: 3 },
  { name: 'one for memory.size', body: '(drop (memory.size))', fuel: 1 },
  { name: '1,024 a page for memory.grow', body: '(drop (memory.grow (i32.const 2)))', fuel: 2 + 2048 },
  { name: 'nothing more for growth that fails', body: '(drop (memory.grow (i32.const 100)))', fuel: 2 },
  { name: 'one for a copy below 64 bytes', body: '(memory.copy (i32.const 0) (i32.const 64) (i32.const 63))', fuel: 4 },
  { name: 'one per 64 bytes of a copy', body: '(memory.copy (i32.const 0) (i32.const 64) (i32.const 640))', fuel: 14 },
  { name: 'one per 64 bytes of a fill', body: '(memory.fill (i32.const 0) (i32.const 1) (i32.const 6400))', fuel: 104 },
  { name: 'one per 64 bytes of an init', body: '(memory.init $d (i32.const 0) (i32.const 0) (i32.const 64))', fuel: 5 },
  { name: 'one for data.drop', body: '(data.drop $d)', fuel: 1 },
  {
    name: 'one per 8 entries of table.fill',
    body: '(table.fill 0 (i32.const 0) (ref.func $f) (i32.const 16))',
    fuel: 6,
  },
  { name: 'one per 8 entries of table.copy', body: '(table.copy (i32.const 1) (i32.const 2) (i32.const 8))', fuel: 5 },
  { name: 'one per 8 entries of table.grow', body: '(drop (table.grow 0 (ref.null func) (i32.const 80)))', fuel: 13 },
  { name: 'one for table.get and table.set', body: '(table.set 0 (i32.const 0) (table.get 0 (i32.const 0)))', fuel: 4 },
  { name: 'one for table.size', body: '(drop (table.size 0))', fuel: 1 },
  { name: 'one for saturating conversions', body: '(drop (i32.trunc_sat_f64_s (f64.const 1e99)))', fuel: 2 },
  { name: 'one for sign extensions', body: '(drop (i32.extend8_s (i32.const 200)))', fuel: 2 },
  { name: 'one for references', body: '(drop (ref.is_null (ref.func $f)))', fuel: 2 },
  { name: 'one for SIMD', body: '(drop (i32x4.add (v128.const i32x4 1 2 3 4) (i32x4.splat (i32.const 1))))', fuel: 4 },
  { name: 'one for SIMD loads', body: '(drop (v128.load32_lane 1 (i32.const 0) (v128.const i32x4 1 2 3 4)))', fuel: 3 },
  { name: 'one for throw and try_table', body: '(block $h (try_table (catch $e $h) (throw $e)))', fuel: 2 },
  {
    name: 'every turn of a loop',
    body: `(local.set 0 (i32.const 10)) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))`,
    fuel: 2 + 10 * 5,
  },
]

const moduleOf = (body: string): Uint8Array =>
  wat(`(module
    (import "env" "see" (func $see))
    (memory (export "memory") 1 10) (table 16 funcref) (elem (i32.const 0) $f)
    (global (mut i32) (i32.const 0)) (tag $e) (data $d "${'x'.repeat(64)}")
    (func $f (drop (i32.const 5)))
    (func $body (local i32) ${body})
    (func (export "called") (call $body) (call $see))
    (func (export "direct") (local i32) ${body}))`)

for (const precise of [false, true]) {
  for (const { name, body, fuel } of BODIES) {
    test(`instrument() charges ${name}${precise ? ', in the precise rewriting' : ''}`, () => {
      const bytes = moduleOf(body)
      assert.ok(WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>))
      let seen = -1
      const see = (): void => {
        seen = guest.used()
      }
      const guest = load(bytes, { precise }, { env: { see } })
      guest.exports['direct']?.()
      assert.equal(guest.used(), fuel)

      const other = load(bytes, { precise }, { env: { see: () => (seen = other.used()) } })
      other.exports['called']?.()
      assert.equal(other.used(), fuel + 2, 'the same body in a function that is called')
      assert.equal(seen, fuel + 2, 'fuel is exact inside a call of the host')
    })
  }
}

test('instrument() charges more, never less, for more instructions', () => {
  const parts = BODIES.map(({ body }) => body).filter((body) => !/return|unreachable/.test(body))
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...parts), { maxLength: 6 }),
      fc.constantFrom(...parts),
      fc.nat(6),
      (bodies, added, place) => {
        const isOnce = /data.drop|grow|memory.init/.test(added)
        fc.pre(!isOnce)
        const run = (list: readonly string[]): number => {
          const guest = load(moduleOf(list.map((body) => `(block ${body})`).join('\n')), {}, { env: { see: () => {} } })
          guest.exports['direct']?.()
          return guest.used()
        }
        fc.pre(!bodies.some((body) => /data.drop/.test(body)))
        assert.ok(run(bodies.toSpliced(place, 0, added)) >= run(bodies))
      },
    ),
    { numRuns: 60 },
  )
})
