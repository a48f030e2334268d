import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS } from '@blockless/wasm'
import { body, bodyWithLocals, moduleOf, section } from '../encode-module.ts'
import { load } from './guest.ts'

/** Function 1 is `(i32) -> (i32)` and costs 1; the text compiler does not know typed references. */
const IDENTITY = [0x20, 0]
const moduleWith = (run: readonly number[]): Uint8Array<ArrayBuffer> =>
  moduleOf(
    section(1, [0x60, 0, 1, 0x7f], [0x60, 1, 0x7f, 1, 0x7f]),
    section(3, [0], [1]),
    section(7, [3, 0x72, 0x75, 0x6e, 0, 0]),
    section(9, [3, 0, 1, 1]),
    section(10, run, body(...IDENTITY)),
  )

const BODIES: readonly { name: string; run: readonly number[]; fuel: number }[] = [
  { name: 'call_ref and its callee', run: body(0x41, 7, 0xd2, 1, 0x14, 1), fuel: 4 },
  { name: 'return_call_ref and its callee', run: body(0x41, 7, 0xd2, 1, 0x15, 1), fuel: 4 },
  {
    name: 'a local without null',
    run: bodyWithLocals([[1, 0x64, 1]], 0xd2, 1, 0x21, 0, 0x41, 7, 0x20, 0, 0x14, 1),
    fuel: 6,
  },
  { name: 'br_on_null that branches', run: body(0x02, 0x40, 0xd0, 1, 0xd5, 0, 0x1a, 0x0b, 0x41, 7), fuel: 3 },
  { name: 'br_on_null that does not', run: body(0x02, 0x40, 0xd2, 1, 0xd5, 0, 0x1a, 0x0b, 0x41, 7), fuel: 3 },
  {
    name: 'br_on_non_null that branches',
    run: body(0x41, 7, 0x02, 0x64, 1, 0xd2, 1, 0xd6, 0, 0x00, 0x0b, 0x14, 1),
    fuel: 5,
  },
  {
    name: 'br_on_non_null that does not',
    run: body(0x02, 0x64, 1, 0xd0, 1, 0xd6, 0, 0x41, 7, 0x0f, 0x0b, 0x1a, 0x41, 9),
    fuel: 3,
  },
  { name: 'ref.as_non_null', run: body(0x41, 7, 0xd2, 1, 0xd4, 0x14, 1), fuel: 5 },
]

for (const precise of [false, true]) {
  for (const { name, run, fuel } of BODIES) {
    test(`instrument() counts ${name}${precise ? ', in the precise rewriting' : ''}`, () => {
      const guest = load(moduleWith(run), { precise })
      assert.equal(guest.exports['run']?.(), 7)
      assert.equal(guest.used(), fuel)
    })
  }
}

for (const { name, code } of [
  { name: 'call_ref', code: [0x41, 7, 0xd0, 1, 0x14, 1] },
  { name: 'ref.as_non_null', code: [0x41, 7, 0xd0, 1, 0xd4, 0x14, 1] },
]) {
  test(`instrument() keeps fuel exact where ${name} of null traps`, () => {
    const guest = load(moduleWith(body(...code)), { precise: true })
    assert.throws(() => guest.exports['run']?.(), WebAssembly.RuntimeError)
    assert.equal(guest.used(), 3)
    assert.equal(guest.reason(), STATUS.NONE)
  })
}

test('instrument() ends a recursion by references', () => {
  const endless = body(0x41, 0, 0xd2, 2, 0x14, 1)
  const bytes = moduleOf(
    section(1, [0x60, 0, 1, 0x7f], [0x60, 1, 0x7f, 1, 0x7f]),
    section(3, [0], [1], [1]),
    section(7, [3, 0x72, 0x75, 0x6e, 0, 0]),
    section(9, [3, 0, 1, 2]),
    section(10, endless, body(...IDENTITY), endless),
  )
  const deep = load(bytes)
  assert.throws(() => deep.exports['run']?.(), WebAssembly.RuntimeError)
  assert.equal(deep.reason(), STATUS.CALL_DEPTH)
  const short = load(bytes, { fuel: 1_000n })
  assert.throws(() => short.exports['run']?.(), WebAssembly.RuntimeError)
  assert.equal(short.reason(), STATUS.OUT_OF_FUEL)
})
