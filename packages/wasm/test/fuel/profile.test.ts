import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { FUEL_EXPORT, instrument, ModuleError, PROFILE_EXPORT, STATUS } from '@blockless/wasm'
import { compileKernels } from '../../bench/kernels.ts'
import { installedModules } from '../installed-modules.ts'
import { wat } from '../wat.ts'
import { load } from './guest.ts'
import { ProfileCollector } from './profile-collector.ts'

const FUEL = 1_000_000

/** What `run` of a module does: its fuel by path, its fuel in all, and how it ended. */
function profileRun(
  bytes: Uint8Array,
  { fuel = FUEL, ...options }: { fuel?: number; precise?: boolean; callDepthMax?: number } = {},
  imports: (used: () => number) => WebAssembly.Imports = () => ({}),
): { selfByPath: Record<string, number>; used: number; reason: number; depth: number } {
  const collector = new ProfileCollector(fuel)
  const guest = load(
    bytes,
    { fuel: BigInt(fuel), collector, ...options },
    imports(() => guest.used()),
  )
  try {
    guest.exports['run']?.()
  } catch {
    // how it ended is in the status
  }
  const depth = collector.depth
  const used = guest.reason() === STATUS.OUT_OF_FUEL ? fuel : guest.used()
  return { selfByPath: collector.finish(fuel - used), used, reason: guest.reason(), depth }
}

interface Case {
  readonly name: string
  readonly module: string
  readonly selfByPath: Record<string, number>
}

const CASES: readonly Case[] = [
  {
    name: 'a small function whose callers charge for it otherwise',
    module: `(func $leaf (result i32) (i32.add (i32.const 1) (i32.const 2)))
      (func (export "run") (drop (call $leaf)) (drop (call $leaf)))`,
    selfByPath: { 1: 2, '1;0': 6 },
  },
  {
    name: 'what is due before a call, and what comes after it',
    module: `(func $callee (loop (drop (i32.const 1)))) (func (export "run") (drop (i32.const 1)) (call $callee) (drop (i32.const 1)))`,
    selfByPath: { 1: 3, '1;0': 1 },
  },
  {
    name: 'recursion, frame by frame',
    module: `(func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "run") (call $down (i32.const 2)))`,
    selfByPath: { 1: 2, '1;0': 6, '1;0;0': 6, '1;0;0;0': 2 },
  },
  {
    name: 'functions called through a table, of both kinds',
    module: `(type $f (func)) (table funcref (elem $moved $only)) (func $moved (call $nothing)) (func $only (nop) (drop (i32.const 1)))
      (func $nothing) (func (export "run") (call $moved) (call_indirect (type $f) (i32.const 0)) (call_indirect (type $f) (i32.const 1)))`,
    selfByPath: { 3: 5, '3;0': 2, '3;1': 1 },
  },
  {
    name: 'a tail call in the place of its caller',
    module: `(func $last (drop (i32.const 1)) (drop (i32.const 1))) (func $first (drop (i32.const 1)) (return_call $last))
      (func (export "run") (call $first))`,
    selfByPath: { 2: 1, '2;1': 2, '2;0': 2 },
  },
  {
    name: 'return, and a branch to the function itself',
    module: `(func $returns (if (i32.const 1) (then (return))) (drop (i32.const 1)))
      (func $branches (br_if 0 (i32.const 1)) (drop (i32.const 1)))
      (func (export "run") (call $returns) (call $branches) (drop (i32.const 1)))`,
    selfByPath: { 2: 3, '2;0': 2, '2;1': 2 },
  },
  {
    name: 'an exception through two functions, caught by catch',
    module: `(tag $e) (func $throws (drop (i32.const 1)) (throw $e)) (func $between (call $throws) (unreachable))
      (func (export "run") (try (do (call $between)) (catch $e (drop (i32.const 1)))) (call $after))
      (func $after (drop (i32.const 1)))`,
    selfByPath: { 2: 4, '2;1': 1, '2;1;0': 2, '2;3': 1 },
  },
  {
    name: 'an exception caught by the function itself at its own label',
    module: `(tag $e) (func $throws (throw $e)) (func $catches (try_table (catch_all 0) (call $throws)))
      (func (export "run") (call $catches) (drop (i32.const 1)))`,
    selfByPath: { 2: 2, '2;1': 2, '2;1;0': 1 },
  },
  {
    name: 'exceptions caught at a loop',
    module: `(tag $e) (func $throws (throw $e))
      (func (export "run") (local i32) (loop $again (br_if 1 (i32.eq (local.get 0) (i32.const 2)))
        (local.set 0 (i32.add (local.get 0) (i32.const 1))) (try_table (catch $e $again) (call $throws))))`,
    selfByPath: { 1: 2 * (4 + 4 + 2) + 4, '1;0': 2 },
  },
  {
    name: 'an exception that leaves the module',
    module: `(tag $e) (func $throws (drop (i32.const 1)) (throw $e)) (func (export "run") (call $throws))`,
    selfByPath: { 1: 1, '1;0': 2 },
  },
  {
    name: 'unreachable',
    module: `(func $gives-up (drop (i32.const 1)) (unreachable)) (func (export "run") (drop (i32.const 1)) (call $gives-up))`,
    selfByPath: { 1: 2, '1;0': 1 },
  },
  {
    name: 'growth and copies, by size',
    module: `(memory 1 4) (func $copies (memory.copy (i32.const 0) (i32.const 64) (i32.const 640)))
      (func $grows (drop (memory.grow (i32.const 2)))) (func (export "run") (call $copies) (call $grows))`,
    selfByPath: { 2: 2, '2;0': 14, '2;1': 2050 },
  },
]

for (const { name, module, selfByPath } of CASES) {
  for (const precise of [false, true]) {
    test(`instrument() with a profile reports ${name}${precise ? ', in the precise rewriting' : ''}`, () => {
      const profile = profileRun(wat(`(module ${module})`), { precise })
      assert.deepEqual(profile.selfByPath, selfByPath)
    })
  }
}

test('instrument() with a profile reports a trap where it happened, in the precise rewriting', () => {
  const bytes =
    wat(`(module (func $traps (drop (i32.const 1)) (drop (i32.div_u (i32.const 1) (i32.const 0))) (drop (i32.const 1)))
    (func (export "run") (call $traps)))`)
  assert.deepEqual(profileRun(bytes, { precise: true }).selfByPath, { 1: 1, '1;0': 4 })
})

test('instrument() with a profile splits the limit of a run out of fuel', () => {
  const bytes = wat(`(module (func $spin (loop (br 0))) (func (export "run") (drop (i32.const 1)) (call $spin)))`)
  assert.deepEqual(profileRun(bytes, { fuel: 100 }).selfByPath, { 1: 2, '1;0': 98 })
})

test('instrument() with a profile ends nested calls at the same depth and fuel', () => {
  const bytes = wat(
    `(module (func $leaf (param i64 i64)) (func $down (export "run") (call $leaf (i64.const 1) (i64.const 1)) (call $down)))`,
  )
  for (const precise of [false, true]) {
    const plain = load(bytes, { callDepthMax: 100, precise })
    assert.throws(() => plain.exports['run']?.())
    const profiled = profileRun(bytes, { callDepthMax: 100, precise })
    assert.equal(profiled.reason, STATUS.CALL_DEPTH)
    assert.equal(profiled.used, plain.used())
  }
})

test('instrument() with a profile gives what a host call charges to its caller', () => {
  const bytes = wat(
    `(module (import "env" "work" (func $work)) (func $asks (call $work)) (func (export "run") (call $asks)))`,
  )
  const collector = new ProfileCollector(FUEL)
  const rewritten = instrument(bytes, { memoryPagesMax: 1, profile: true })
  const work = (): void => {
    fuel.value -= 500n
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(rewritten.bytes), { env: { work } })
  const fuel = exports[FUEL_EXPORT] as WebAssembly.Global<'i64'>
  fuel.value = BigInt(FUEL)
  collector.attach(exports)
  const run = exports['run'] as () => void
  run()
  assert.deepEqual(collector.finish(Number(fuel.value)), { 2: 1, '2;1': 501 })
})

test('instrument() refuses a module that exports the table of hooks itself', () => {
  const bytes = wat(`(module (table (export "${PROFILE_EXPORT}") 2 2 funcref))`)
  assert.throws(() => instrument(bytes, { memoryPagesMax: 1 }), ModuleError)
})

test('instrument() adds the table of hooks behind the tables that are there', () => {
  const bytes = wat(
    `(module (import "env" "t" (table 1 funcref)) (table (export "own") 3 5 externref) (func (export "run")))`,
  )
  const { bytes: profiled } = instrument(bytes, { memoryPagesMax: 1, profile: true })
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(profiled), { env: { t: table } })
  assert.equal((exports['own'] as WebAssembly.Table).length, 3)
  assert.equal((exports[PROFILE_EXPORT] as WebAssembly.Table).length, 2)
})

for (const path of installedModules()) {
  test(`instrument() with a profile makes a valid module of ${basename(path)}`, () => {
    for (const precise of [false, true]) {
      const { bytes } = instrument(readFileSync(path), { memoryPagesMax: 65_536, precise, profile: true })
      assert.ok(WebAssembly.validate(bytes))
    }
  })
}

for (const { name, bytes } of await compileKernels()) {
  test(`instrument() with a profile changes neither result nor fuel of ${name}, and accounts for all of it`, () => {
    for (const precise of [false, true]) {
      const plain = load(bytes, { precise })
      const collector = new ProfileCollector(1_000_000_000)
      const profiled = load(bytes, { precise, collector })
      assert.equal(profiled.exports['run']?.(21), plain.exports['run']?.(21))
      assert.equal(profiled.used(), plain.used())
      const sum = Object.values(collector.finish(1_000_000_000 - profiled.used())).reduce((all, fuel) => all + fuel, 0)
      assert.equal(sum, profiled.used())
      assert.equal(collector.depth, 0)
    }
  })
}
