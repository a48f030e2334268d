import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instrument, ModuleError, STATUS } from '@blockless/wasm'
import { wat } from '../wat.ts'
import { load } from './guest.ts'

const repeat = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => part(i)).join(' ')

test('instrument() stops a loop that does not end when its fuel is used up', () => {
  const guest = load(wat('(module (func (export "spin") (loop (br 0))))'), { fuel: 1000n })
  assert.throws(() => guest.exports['spin']?.(), WebAssembly.RuntimeError)
  assert.equal(guest.reason(), STATUS.OUT_OF_FUEL)
  assert.deepEqual([guest.used(), guest.isExhausted()], [1000, true])
})

test('instrument() lets a run use exactly its fuel, and reports one unit less as out of fuel', () => {
  const bytes = wat('(module (func (export "run") (result i32) (i32.add (i32.const 1) (i32.const 2))))')
  const enough = load(bytes, { fuel: 3n })
  assert.equal(enough.exports['run']?.(), 3)
  assert.deepEqual([enough.used(), enough.isExhausted()], [3, false])
  const short = load(bytes, { fuel: 2n })
  short.exports['run']?.()
  assert.deepEqual([short.used(), short.isExhausted()], [2, true])
})

test('instrument() calls no import once the fuel is used up', () => {
  const bytes = wat('(module (import "env" "act" (func $act)) (func (export "run") (drop (i32.const 1)) (call $act)))')
  for (const fuel of [0n, 1n, 2n]) {
    let calls = 0
    const guest = load(bytes, { fuel }, { env: { act: () => calls++ } })
    if (fuel < 2n) assert.throws(() => guest.exports['run']?.(), WebAssembly.RuntimeError)
    else guest.exports['run']?.()
    assert.equal(calls, fuel < 2n ? 0 : 1)
    assert.equal(guest.reason(), fuel < 2n ? STATUS.OUT_OF_FUEL : STATUS.NONE)
  }
})

test('instrument() lets the host charge fuel inside an import', () => {
  const bytes = wat('(module (import "env" "act" (func $act)) (func $f (call $act)) (func (export "run") (call $f)))')
  const { bytes: rewritten } = instrument(bytes, { memoryPagesMax: 1 })
  const fuel = (): WebAssembly.Global<'i64'> => instance.exports['blockless:fuel'] as WebAssembly.Global<'i64'>
  const act = (): void => {
    fuel().value -= 50n
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(rewritten), { env: { act } })
  fuel().value = 100n
  ;(instance.exports['run'] as () => void)()
  assert.equal(fuel().value, 48n)
})

test('instrument() checks bulk operations before they run', () => {
  const bytes = wat(`(module (memory (export "memory") 2)
    (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))))`)
  const guest = load(bytes, { fuel: 1000n })
  assert.throws(() => guest.exports['fill']?.(), WebAssembly.RuntimeError)
  assert.equal(guest.reason(), STATUS.OUT_OF_FUEL)
  assert.equal(new Uint8Array(guest.memory.buffer)[0], 0)
})

/** Recursions that end at the depth limit, with frames of very different sizes. */
const RECURSIONS: readonly { name: string; text: string }[] = [
  { name: 'a small function', text: '(module (func $f (export "f") (call $f) (nop)))' },
  {
    name: 'six parameters',
    text: `(module (func $f (export "f") (param i64 i64 i64 i64 i64 i64) (result i64)
      (i64.add (local.get 5) (call $f ${repeat(6, (i) => `(local.get ${i})`)}))))`,
  },
  {
    name: '500 locals',
    text: `(module (global (mut i64) (i64.const 0)) (func $f (export "f") (local ${'i64 '.repeat(500)})
      ${repeat(500, (i) => `(local.set ${i} (global.get 0))`)} (call $f) ${repeat(500, (i) => `(global.set 0 (local.get ${i}))`)}))`,
  },
  {
    name: '50 vectors',
    text: `(module (global (mut v128) (v128.const i32x4 0 0 0 0)) (func $f (export "f") (local ${'v128 '.repeat(50)})
      ${repeat(50, (i) => `(local.set ${i} (global.get 0))`)} (call $f) ${repeat(50, (i) => `(global.set 0 (local.get ${i}))`)}))`,
  },
  {
    name: '200 operands',
    text: `(module (global (mut i64) (i64.const 0)) (func $f (export "f") ${repeat(200, () => '(global.get 0)')}
      (call $f) ${repeat(199, () => 'i64.add')} (global.set 0)))`,
  },
  {
    name: 'an indirect call',
    text: '(module (table funcref (elem $f)) (func $f (export "f") (call_indirect (i32.const 0)) (nop)))',
  },
  {
    name: 'an indirect call of a function that is called directly too',
    text: `(module (table funcref (elem $f)) (func $f (export "f") (call_indirect (i32.const 0)) (nop))
      (func (export "g") (call $f)))`,
  },
  {
    name: 'the host',
    text: '(module (import "env" "again" (func $again)) (func (export "f") (call $again) (nop)))',
  },
]

for (const { name, text } of RECURSIONS) {
  test(`instrument() ends a recursion through ${name} before the engine's stack does, at one and the same fuel`, () => {
    const fuels = [false, true].map((precise) => {
      const guest = load(wat(text), { precise }, { env: { again: () => guest.exports['f']?.() } })
      // Often enough for the optimizing tier, whose frames are others.
      for (let run = 0; run < 40; run++) {
        const args = [1n, 2n, 3n, 4n, 5n, 6n]
        assert.throws(() => guest.exports['f']?.(...args), WebAssembly.RuntimeError)
        assert.equal(guest.reason(), STATUS.CALL_DEPTH)
        if (name === 'the host') break // the depth is left where the trap found it
      }
      return guest.used()
    })
    assert.equal(fuels[0], fuels[1])
    assert.ok((fuels[0] ?? 0) > 0)
  })
}

test('instrument() counts a deeper limit in proportion', () => {
  const bytes = wat('(module (func $f (export "f") (call $f) (nop)))')
  const used = (callDepthMax: number): number => {
    const guest = load(bytes, { callDepthMax })
    assert.throws(() => guest.exports['f']?.())
    return guest.used()
  }
  assert.deepEqual([used(1), used(10), used(4000)], [0, 9, 3999])
})

test('instrument() gives depth back when calls return and when exceptions pass', () => {
  const bytes = wat(`(module (tag $e) (table 3 funcref) (elem (i32.const 0) $throws $returns $leaf)
    (func $throws (throw $e))
    (func $returns (call $inner) (nop))
    (func $inner (call_indirect (i32.const 2)) (nop))
    (func $leaf (nop))
    (func (export "run") (param i32)
      (loop $l
        (block $h (try_table (catch $e $h) (call_indirect (i32.const 0))))
        (call_indirect (i32.const 1))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`)
  const guest = load(bytes, { callDepthMax: 20 })
  for (let call = 0; call < 100; call++) guest.exports['run']?.(100)
  assert.equal(guest.reason(), STATUS.NONE)
})

test('instrument() keeps tail calls from taking stack, also through a table', () => {
  const bytes = wat(`(module (type $t (func (param i32) (result i32))) (table funcref (elem $a $b))
    (func $a (export "run") (type $t) (if (result i32) (local.get 0)
      (then (return_call $b (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7))))
    (func $b (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 0))))`)
  const guest = load(bytes)
  assert.equal(guest.exports['run']?.(1_000_000), 7)
})

test('instrument() caps the memory and flags growth that only the cap refused', () => {
  const bytes = wat(`(module (memory (export "memory") 1 8)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`)
  const { memory } = instrument(bytes, { memoryPagesMax: 4 })
  assert.deepEqual(memory, { pagesInitial: 1, pagesMax: 4 })
  const guest = load(bytes, { memoryPagesMax: 4 })
  const grow = (pages: number): unknown => guest.exports['grow']?.(pages)
  assert.equal(grow(3), 1)
  assert.equal(guest.flags(), 0)
  assert.equal(grow(5), -1, 'over the own maximum of the module')
  assert.equal(grow(-1), -1)
  assert.equal(guest.flags(), 0)
  assert.equal(grow(4), -1, 'the module would have allowed it')
  assert.equal(guest.flags(), STATUS.GROW_REFUSED)
  assert.equal(guest.memory.buffer.byteLength, 4 * 65_536)
})

test('instrument() caps an imported memory in the import', () => {
  const bytes = wat(
    '(module (import "env" "memory" (memory 1)) (func (export "f") (drop (memory.grow (i32.const 1)))))',
  )
  const { bytes: rewritten, memory, imports } = instrument(bytes, { memoryPagesMax: 3 })
  assert.deepEqual(memory, { pagesInitial: 1, pagesMax: 3 })
  assert.deepEqual(imports, [{ module: 'env', name: 'memory', kind: 'memory' }])
  const module = new WebAssembly.Module(rewritten)
  const link = (maximum: number): unknown =>
    new WebAssembly.Instance(module, { env: { memory: new WebAssembly.Memory({ initial: 1, maximum }) } })
  assert.throws(() => link(4), WebAssembly.LinkError)
  assert.ok(link(3))
})

/** Modules that are refused for what they ask of the host. */
const REFUSED: readonly { name: string; text: string; code: ModuleError['code'] }[] = [
  { name: 'a memory that starts over the cap', text: '(module (memory 9))', code: 'ERR_MODULE_MEMORY' },
  {
    name: 'an imported memory that starts over the cap',
    text: '(module (import "a" "b" (memory 9)))',
    code: 'ERR_MODULE_MEMORY',
  },
  { name: 'a table that starts over the cap', text: '(module (table 1000001 funcref))', code: 'ERR_MODULE_LIMIT' },
  {
    name: 'an export under a reserved name',
    text: '(module (func (export "blockless:fuel")))',
    code: 'ERR_MODULE_EXPORT',
  },
]

for (const { name, text, code } of REFUSED) {
  test(`instrument() refuses ${name}`, () => {
    assert.throws(() => instrument(wat(text), { memoryPagesMax: 8 }), { name: 'ModuleError', code })
  })
}

test('instrument() refuses to rewrite its own work', () => {
  const { bytes } = instrument(wat('(module (func (export "f")))'), { memoryPagesMax: 1 })
  assert.throws(() => instrument(bytes, { memoryPagesMax: 1 }), ModuleError)
})

test('instrument() refuses options out of range', () => {
  const bytes = wat('(module)')
  for (const memoryPagesMax of [0, -1, 1.5, 65_537, Number.NaN]) {
    assert.throws(() => instrument(bytes, { memoryPagesMax }), RangeError)
  }
  assert.throws(() => instrument(bytes, { memoryPagesMax: 1, callDepthMax: 0 }), RangeError)
})

test('instrument() moves the start function to an export, so that it runs on fuel too', () => {
  const bytes = wat(
    '(module (global $g (mut i32) (i32.const 0)) (export "g" (global $g)) (func $s (global.set $g (i32.const 9))) (start $s))',
  )
  assert.equal(instrument(bytes, { memoryPagesMax: 1 }).start, true)
  const guest = load(bytes)
  assert.equal((guest.exports['g'] as unknown as WebAssembly.Global).value, 9)
  assert.equal(guest.used(), 2)
})

test('instrument() marks a trap by unreachable, with exact fuel, in both rewritings', () => {
  const bytes = wat(
    '(module (func $f (param i32) (if (local.get 0) (then (unreachable)))) (func (export "run") (drop (i32.const 1)) (call $f (i32.const 1))))',
  )
  for (const precise of [false, true]) {
    const guest = load(bytes, { precise })
    assert.throws(() => guest.exports['run']?.(), /unreachable/)
    assert.equal(guest.reason(), STATUS.UNREACHABLE)
    assert.equal(guest.used(), 5)
  }
})

test('instrument() counts fuel up to any trap in the precise rewriting', () => {
  const traps = [
    ['(i32.load (i32.const -1))', 2],
    ['(i32.div_s (i32.const 1) (i32.const 0))', 3],
    ['(i32.trunc_f32_s (f32.const nan))', 2],
    ['(i32.wrap_i64 (i64.rem_u (i64.const 1) (i64.const 0)))', 3],
    ['(i32x4.extract_lane 0 (v128.load (i32.const -1)))', 2],
    ['(ref.is_null (table.get 0 (i32.const 99)))', 2],
  ] as const
  for (const [expression, fuel] of traps) {
    const bytes = wat(
      `(module (memory 1) (table 1 funcref)
      (func $f (result i32) (drop (i32.const 1)) ${expression})
      (func (export "run") (drop (call $f)) (drop (i32.const 1))))`,
    )
    const guest = load(bytes, { precise: true })
    assert.throws(() => guest.exports['run']?.(), WebAssembly.RuntimeError)
    assert.equal(guest.used(), fuel + 2, expression)
    assert.equal(guest.reason(), STATUS.NONE)
  }
})

test('instrument() keeps fuel exact when an exception leaves the module', () => {
  const bytes = wat('(module (tag $e) (func $f (drop (i32.const 1)) (throw $e)) (func (export "run") (call $f)))')
  const guest = load(bytes)
  assert.throws(() => guest.exports['run']?.(), WebAssembly.Exception)
  assert.equal(guest.used(), 3)
})

test('instrument() keeps fuel exact when an exception is caught by the label of the function itself', () => {
  const bytes = wat(`(module (tag $e) (func $throws (drop (i32.const 1)) (throw $e))
    (func $catches (try_table (catch $e 0) (call $throws)))
    (func (export "direct") (try_table (catch_all 0) (call $throws)))
    (func (export "run") (call $catches)))`)
  for (const precise of [false, true]) {
    const guest = load(bytes, { precise })
    guest.exports['direct']?.()
    assert.equal(guest.used(), 4)
    guest.exports['run']?.()
    assert.equal(guest.used(), 9)
  }
})
