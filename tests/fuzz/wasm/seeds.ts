import { readFileSync } from 'node:fs'
import wabtInit from 'wabt'
import { u32 } from './leb.ts'

const FEATURES = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  extended_const: true,
}

/** Definitions that the snippets refer to: index 0 of everything exists and has the simplest type. */
const HEAD = `
  (type $v (func)) (type $p (func (param i32) (result i32))) (type $m (func (param i64 f64) (result f64 i64)))
  (import "env" "host" (func $host (type $v))) (import "env" "base" (global $base i32))
  (table $t 4 9 funcref) (table $x 2 externref) (tag $e (type $v)) (tag $i (param i32 i64))
  (global $g (mut i32) (i32.const 1)) (global $h i64 (i64.add (i64.const 2) (i64.const 3)))
  (global $f (mut funcref) (ref.func $host)) (global $w (mut v128) (v128.const i32x4 1 2 3 4))
  (export "host" (func $host)) (export "g" (global $g))
  (elem (i32.const 0) $host $host) (elem funcref (ref.func $host) (ref.null func)) (elem declare func $host)
  (data "passive") (data (i32.const 8) "active")`

const TEXTS: readonly string[] = [
  // control flow, calls and several values
  `${HEAD} (memory 1 3) (start $go)
  (func $go (export "go") (local i32 i64)
    (block $out (loop $again
      (br_if $out (i32.eqz (local.get 0)))
      (if (local.get 0) (then (local.set 0 (call $p (i32.const 3)))) (else (return)))
      (br_table $again $out $again (local.get 0)))))
  (func $p (type $p) (if (result i32) (local.get 0) (then (i32.const 1)) (else (call_indirect (type $p) (local.get 0) (i32.const 1)))))
  (func $m (export "m") (type $m) (local.get 0) (local.get 1) (block (type $m) (call $m) (br 0)))
  (func (param i32) (result i32) (return_call $p (local.get 0)))
  (func (param i32) (result i32) (return_call_indirect (type $p) (local.get 0) (i32.const 0)))
  (func (result i32 i64) (block (result i32 i64) (i32.const 1) (i64.const 2) (br_if 0 (i32.const 0))))`,
  // numbers and memory
  `${HEAD} (memory (export "memory") 1)
  (func (param i32 i64 f32 f64) (result i32)
    (i64.store offset=8 (local.get 0) (i64.add (local.get 1) (i64.load32_u (i32.const 4))))
    (f64.store (local.get 0) (f64.mul (local.get 3) (f64.promote_f32 (f32.sqrt (local.get 2)))))
    (i32.store8 (i32.const 0) (i32.trunc_sat_f32_s (local.get 2)))
    (drop (memory.grow (i32.div_u (memory.size) (i32.const 3))))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 5)) (memory.copy (i32.const 0) (i32.const 1) (i32.const 5))
    (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 2)) (data.drop 0)
    (global.set $g (select (i32.const 1) (i32.wrap_i64 (local.get 1)) (local.get 0)))
    (i32.extend8_s (i32.trunc_f64_s (local.get 3))))`,
  // tables and references
  `${HEAD} (memory 1)
  (func (export "r") (param funcref externref) (result funcref)
    (table.set $t (i32.const 1) (table.get $t (i32.const 0))) (table.set $x (i32.const 0) (local.get 1))
    (drop (table.grow $t (ref.null func) (i32.const 2))) (drop (table.size $x))
    (table.fill $t (i32.const 0) (local.get 0) (i32.const 1)) (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))
    (table.init $t 1 (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop 1)
    (global.set $f (ref.func $host)) (drop (ref.is_null (local.get 1)))
    (select (result funcref) (local.get 0) (ref.func $host) (i32.const 1)))`,
  // vectors
  `${HEAD} (memory 1)
  (func (export "s") (param v128 i32) (result v128)
    (local.set 0 (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (local.get 0) (v128.load (local.get 1))))
    (v128.store16_lane offset=2 7 (local.get 1) (local.get 0)) (v128.store (i32.const 0) (f32x4.add (local.get 0) (global.get $w)))
    (drop (i32x4.extract_lane 3 (local.get 0))) (drop (f64x2.extract_lane 1 (i64x2.splat (i64.const 1))))
    (i16x8.replace_lane 7 (v128.bitselect (local.get 0) (v128.load8_splat (i32.const 1)) (v128.load32_zero (i32.const 2)))
      (i8x16.bitmask (local.get 0))))`,
  // exceptions with references
  `${HEAD} (memory 1)
  (func (export "c") (local i32)
    (block $h (try_table (catch $e $h) (throw $e)))
    (block $k (result i32 i64) (try_table (catch $i $k) (call $host)) (i32.const 1) (i64.const 2)) (drop) (drop)
    (block $all (try_table (catch_all $all) (throw $i (i32.const 1) (i64.const 2))))
    (block $ref (result exnref) (try_table (catch_all_ref $ref) (call $host)) (return)) (throw_ref))`,
  // exceptions as they were
  `${HEAD} (memory 1)
  (func (export "l") (result i32)
    (try (do (call $host)) (catch $e (nop)) (catch $i (drop) (drop)) (catch_all (rethrow 0)))
    (try $out (do (try (do (throw $i (i32.const 1) (i64.const 2))) (delegate $out))) (catch_all))
    (try (result i32) (do (call $host) (i32.const 1)) (catch $i (drop))))`,
  // threads
  `${HEAD} (memory (export "memory") 1 3 shared)
  (func (export "a") (param i32 i64) (result i32)
    (drop (i32.atomic.rmw.add (local.get 0) (i32.const 1))) (i64.atomic.store32 (local.get 0) (local.get 1))
    (drop (i64.atomic.rmw16.cmpxchg_u (i32.const 0) (local.get 1) (i64.const 1))) (atomic.fence)
    (drop (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const 0))) (drop (memory.grow (i32.const 1)))
    (memory.atomic.notify (local.get 0) (i32.atomic.load8_u (i32.const 0))))`,
]

const section = (id: number, ...entries: (readonly number[])[]): number[] => {
  const contents = [...u32(entries.length), ...entries.flat()]
  return [id, ...u32(contents.length), ...contents]
}
const body = (...code: number[]): number[] => [...u32(code.length + 1), ...code, 0x0b]

/** Typed function references, which the text compiler does not know. */
function typedReferences(): Uint8Array {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      [0x60, 0, 0],
      [0x60, 1, 0x7f, 1, 0x7f],
      [0x60, 1, 0x64, 1, 1, 0x63, 1], // (ref 1) -> (ref null 1)
      [0x60, 1, 0x63, 3, 1, 0x64, 3], // of itself
      [0x60, 1, 0x7f, 1, 0x7f], // equals type 1
      [0x60, 1, 0x63, 5, 1, 0x64, 5], // equals type 3
    ),
    ...section(3, [0], [1], [2], [3], [4]),
    ...section(4, [0x40, 0, 0x64, 1, 1, 2, 5, 0xd2, 1, 0x0b], [0x63, 4, 0, 2]),
    ...section(6, [0x64, 1, 1, 0xd2, 4, 0x0b], [0x63, 0, 0, 0xd0, 0, 0x0b], [0x70, 1, 0xd2, 0, 0x0b]),
    ...section(7, [1, 0x61, 0, 1], [1, 0x62, 0, 2]),
    ...section(9, [6, 1, 0x41, 0, 0x0b, 0x64, 1, 1, 0xd2, 1, 0x0b], [1, 0, 2, 3, 4]),
    ...section(
      10,
      // a local without null that is set before it is read
      body(1, 1, 0x64, 1, 0xd2, 1, 0x21, 0, 0x41, 7, 0x20, 0, 0x14, 1, 0x1a, 0x02, 0x40, 0xd2, 4, 0x21, 0, 0x0b),
      body(0, 0x20, 0, 0xd2, 1, 0x15, 1),
      body(0, 0x02, 0x64, 1, 0x20, 0, 0xd6, 0, 0x00, 0x0b, 0xd4),
      body(0, 0x02, 0x40, 0x20, 0, 0xd5, 0, 0x0f, 0x0b, 0xd2, 3),
      body(0, 0x20, 0, 0x41, 1, 0x25, 0, 0x14, 1, 0x23, 0, 0xd2, 1, 0x24, 0, 0x14, 4),
    ),
  ])
}

/** The modules that mutation starts from: ours for each proposal, and those in the given files. */
export async function seedModules(files: readonly string[]): Promise<Uint8Array[]> {
  const wabt = await wabtInit()
  const compiled = TEXTS.map((text) => {
    const module = wabt.parseWat('seed.wat', `(module ${text})`, FEATURES)
    const { buffer } = module.toBinary({})
    module.destroy()
    return Uint8Array.from(buffer)
  })
  return [...compiled, typedReferences(), ...files.map((file) => Uint8Array.from(readFileSync(file)))]
}
