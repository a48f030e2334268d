import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { decodeModule, type InstrumentedModule, instrument, ModuleError } from '@blockless/wasm'
import fc from 'fast-check'
import { installedModules } from './installed-modules.ts'
import { encodeProgram } from './oracle/encode.ts'
import { randomProgram } from './oracle/program.ts'
import { wat } from './wat.ts'

const OPTIONS = { memoryPagesMax: 65_536 }
const SMALL_SIZE_MAX = 10_000
/**
 * Where the engine takes what the specification does not: long forms of one-byte types, 65,537 types of a `select` for one,
 * elements that are no references, the label 2^32 - 1 of a catch clause, and any type for a reference out of nothing.
 */
const STRICTER_THAN_ENGINE =
  /in one byte|one select type|a reference type is needed|unknown label 4294967295|\(ref bot\)|br_on_non_null needs a label/
const installed = installedModules().map((path) => ({
  name: basename(path),
  bytes: Uint8Array.from(readFileSync(path)),
}))

/** One module with every section and every kind of instruction that the rewriting treats by itself. */
const everything = wat(
  `(module
    (type $t (func (param i32) (result i32)))
    (import "env" "f" (func $import (type $t))) (import "env" "g" (global i32))
    (table $table 4 8 funcref) (memory (export "memory") 1 2) (global $x (mut i64) (i64.const 7)) (tag $e (param i32))
    (export "run" (func $run)) (start $start)
    (elem (i32.const 0) $run $leaf) (elem declare func $pair)
    (data $d "hello") (data (i32.const 0) "world")
    (func $start (global.set $x (i64.const 1)))
    (func $leaf (type $t) (i32.add (local.get 0) (i32.const 1)))
    (func $pair (param i32) (result i32 i64) (local.get 0) (i64.const 3))
    (func $run (type $t) (local $y i32) (local $z v128)
      (block $out (loop $again
        (br_if $out (i32.eqz (local.get 0)))
        (if (local.get 0) (then (local.set 0 (call $leaf (local.get 0)))) (else (return (i32.const 2))))
        (br_table $again $out (call_indirect (type $t) (local.get 0) (i32.const 1)))))
      (block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 1))) (i32.const 2))
      (local.set $y (call $import))
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 5)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))
      (drop (memory.grow (i32.const 1)))
      (local.set $z (i32x4.splat (local.get 0)))
      (drop (ref.func $pair)) (call $pair (local.get $y)) (drop) (drop)
      (return_call $leaf (i32.trunc_sat_f64_s (f64.const 1.5)))))`,
  { names: true },
)

/** Rewrites, and checks that exactly what the engine takes is taken, but for what is refused by name or limit. */
function rewriteAsValid(bytes: Uint8Array<ArrayBuffer>, precise: boolean): InstrumentedModule | undefined {
  const isValid = WebAssembly.validate(bytes)
  try {
    const rewritten = instrument(bytes, { ...OPTIONS, precise })
    assert.ok(isValid, 'the engine refuses what was rewritten')
    assert.ok(WebAssembly.validate(rewritten.bytes), 'the engine refuses the rewriting')
    return rewritten
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error
    const isInvalid = error.code === 'ERR_MODULE_MALFORMED' || error.code === 'ERR_MODULE_INVALID'
    if (isValid && isInvalid) assert.match(error.message, STRICTER_THAN_ENGINE)
    return undefined
  }
}

test('the installed modules are found', () => {
  assert.ok(installed.length >= 4)
  assert.ok(WebAssembly.validate(everything))
})

for (const { name, bytes } of [...installed, { name: 'a module with everything', bytes: everything }]) {
  test(`instrument() rewrites ${name} into a valid module with the same interface`, () => {
    for (const precise of [false, true]) {
      const rewritten = rewriteAsValid(bytes, precise)
      assert.ok(rewritten)
      const before = new WebAssembly.Module(bytes)
      const after = new WebAssembly.Module(rewritten.bytes)
      assert.deepEqual(WebAssembly.Module.imports(after), WebAssembly.Module.imports(before))
      const exports = WebAssembly.Module.exports(before)
      assert.deepEqual(WebAssembly.Module.exports(after).slice(0, exports.length), exports)
      assert.deepEqual(
        rewritten.exports.map(({ name, kind }) => ({ name, kind })),
        exports,
      )
    }
  })
}

const small = [
  { name: 'everything', bytes: everything },
  ...installed.filter(({ bytes }) => bytes.length < SMALL_SIZE_MAX),
]

for (const { name, bytes } of small) {
  test(`instrument() refuses every prefix of ${name} that is not a module, and only with a ModuleError`, () => {
    for (let size = 0; size < bytes.length; size++) rewriteAsValid(bytes.slice(0, size), false)
  })
}

test('instrument() agrees with the engine on mutated modules', () => {
  const seeds = small.map(({ bytes }) => bytes)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.constantFrom(...seeds),
        fc.integer().map((seed) => encodeProgram(randomProgram(seed))),
      ),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255), fc.nat(3)), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.boolean(),
      (original, edits, precise) => {
        let bytes = Array.from(original)
        for (const [place, value, kind] of edits) {
          const at = Math.floor(place * (bytes.length - 1))
          bytes =
            kind === 0 ? bytes.toSpliced(at, 1) : kind === 1 ? bytes.toSpliced(at, 0, value) : bytes.with(at, value)
        }
        rewriteAsValid(Uint8Array.from(bytes), precise)
      },
    ),
    {
      numRuns: Number(process.env['RUNS'] ?? 4000),
      ...(process.env['SEED'] ? { seed: Number(process.env['SEED']) } : {}),
    },
  )
})

test('instrument() keeps function names, and gives moved bodies the name of their function', () => {
  const bytes = wat(
    `(module (func $boom (export "boom") (param i32) (if (local.get 0) (then (unreachable))))
      (func (export "run") (call $boom (i32.const 1))))`,
    { names: true },
  )
  const rewritten = instrument(bytes, OPTIONS)
  const names = WebAssembly.Module.customSections(new WebAssembly.Module(rewritten.bytes), 'name')
  assert.equal(names.length, 1)
  assert.equal(
    Buffer.from(names[0] as ArrayBuffer)
      .toString('latin1')
      .split('boom').length - 1,
    2,
  )
})

test('instrument() keeps the source map and drops sections that name places in the code', () => {
  const custom = (name: string): number[] => [0, name.length + 4, name.length, ...Buffer.from(name), 2, 0x68, 0x69]
  const empty = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
  const names = ['sourceMappingURL', '.debug_info', 'producers', 'reloc.CODE']
  const module = new WebAssembly.Module(
    instrument(Uint8Array.from([...empty, ...names.flatMap(custom)]), OPTIONS).bytes,
  )
  const kept = names.filter((name) => WebAssembly.Module.customSections(module, name).length > 0)
  assert.deepEqual(kept, ['sourceMappingURL', 'producers'])
})

test('decodeModule() describes imports and exports', () => {
  const module = decodeModule(everything)
  assert.deepEqual(module.imports, [
    { module: 'env', name: 'f', kind: 'function', signature: '(i32) -> (i32)' },
    { module: 'env', name: 'g', kind: 'global' },
  ])
  assert.deepEqual(module.exports, [
    { name: 'memory', kind: 'memory' },
    { name: 'run', kind: 'function', signature: '(i32) -> (i32)' },
  ])
})
