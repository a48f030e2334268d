import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from '../fuel/guest.ts'
import { wat } from '../wat.ts'

/** One float type, its bits as an unsigned BigInt, and NaNs and numbers to start from. */
interface Width {
  readonly float: 'f32' | 'f64'
  readonly integer: 'i32' | 'i64'
  readonly bits: 32 | 64
  readonly canonical: bigint
  readonly infinity: bigint
  readonly inputs: readonly bigint[]
}

const WIDTHS: readonly Width[] = [
  {
    float: 'f32',
    integer: 'i32',
    bits: 32,
    canonical: 0x7fc00000n,
    infinity: 0x7f800000n,
    inputs: [
      ...[0x7fc00000n, 0xffc00000n, 0x7fc12345n, 0xffe00001n, 0x7f800001n, 0xffa00000n],
      ...[0x7f800000n, 0xff800000n, 0n, 0x80000000n, 0xbf800000n, 0x40490fdbn],
    ],
  },
  {
    float: 'f64',
    integer: 'i64',
    bits: 64,
    canonical: 0x7ff8000000000000n,
    infinity: 0x7ff0000000000000n,
    inputs: [
      ...[0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff8000012345678n, 0xfffc000000000001n],
      ...[0x7ff0000000000001n, 0xfff4000000000000n, 0x7ff0000000000000n, 0xfff0000000000000n],
      ...[0n, 0x8000000000000000n, 0xbff0000000000000n, 0x400921fb54442d18n],
    ],
  },
]

const UNARY: readonly string[] = ['sqrt', 'ceil', 'floor', 'trunc', 'nearest']
const BINARY: readonly string[] = ['add', 'sub', 'mul', 'div', 'min', 'max']
const VECTOR_TYPE = { f32: 'f32x4', f64: 'f64x2' } as const
const WORD_TYPE = { f32: 'i32x4', f64: 'i64x2' } as const

/**
 * Ways to look at the bits of the float that `$make` leaves on the stack. `T` stands for the float type and `I` for the
 * integer type; `after` is what the observer itself does to the bits.
 */
const OBSERVERS: readonly { name: string; code: string; after?: (bits: bigint, sign: bigint) => bigint }[] = [
  { name: 'reinterpret', code: '(I.reinterpret_T MAKE)' },
  { name: 'a store', code: '(T.store (i32.const 8) MAKE) (I.load (i32.const 8))' },
  { name: 'neg', code: '(I.reinterpret_T (T.neg MAKE))', after: (bits, sign) => bits ^ sign },
  { name: 'abs', code: '(I.reinterpret_T (T.abs MAKE))', after: (bits, sign) => bits & ~sign },
  {
    name: 'copysign as magnitude',
    code: '(I.reinterpret_T (T.copysign MAKE (T.const -1)))',
    after: (bits, sign) => bits | sign,
  },
  {
    name: 'copysign as sign',
    code: '(I.reinterpret_T (T.copysign (T.const 0) MAKE))',
    after: (bits, sign) => bits & sign,
  },
  { name: 'a direct call', code: '(call $bits MAKE)' },
  { name: 'a function result', code: '(I.reinterpret_T (call $same (call $same MAKE)))' },
  { name: 'an indirect call', code: '(call_indirect (type $bitsType) MAKE (i32.const 0))' },
  { name: 'a tail call', code: '(call $tail MAKE)' },
  { name: 'a tail call of what is made there', code: '(return_call $bits MAKE)' },
  { name: 'a global', code: '(global.set $g MAKE) (I.reinterpret_T (global.get $g))' },
  { name: 'a return out of a block', code: '(block (I.reinterpret_T MAKE) (return))(unreachable)' },
  { name: 'a block result', code: '(I.reinterpret_T (block (result T) MAKE))' },
  { name: 'br', code: '(I.reinterpret_T (block (result T) (br 0 MAKE)))' },
  { name: 'br_if', code: '(I.reinterpret_T (block (result T) (br_if 0 MAKE (i32.const 1)) (drop) (T.const 3)))' },
  { name: 'br_table', code: '(I.reinterpret_T (block (result T) (br_table 0 0 MAKE (i32.const 1))))' },
  { name: 'if', code: '(I.reinterpret_T (if (result T) (i32.const 1) (then MAKE) (else (T.const 1))))' },
  { name: 'select', code: '(I.reinterpret_T (select MAKE (T.const 1) (i32.const 1)))' },
  { name: 'select with a type', code: '(I.reinterpret_T (select (result T) (T.const 1) MAKE (i32.const 0)))' },
  { name: 'a local', code: '(local.set $x MAKE) (I.reinterpret_T (local.get $x))' },
  {
    name: 'a local that holds neg',
    code: '(local.set $x (T.neg MAKE)) (I.reinterpret_T (local.get $x))',
    after: (bits, sign) => bits ^ sign,
  },
  {
    name: 'a local that holds copysign',
    code: '(local.set $x (T.copysign MAKE (T.const -1))) (I.reinterpret_T (local.get $x))',
    after: (bits, sign) => bits | sign,
  },
  {
    name: 'a local vector that holds neg',
    code: '(local.set $v (VEC.neg (VEC.splat MAKE))) (WORD.extract_lane 0 (local.get $v))',
    after: (bits, sign) => bits ^ sign,
  },
  { name: 'a local, teed', code: '(I.reinterpret_T (local.tee $x MAKE))' },
  {
    name: 'a local after a loop',
    code: `(loop $l (local.set $x MAKE) (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3))))
      (I.reinterpret_T (local.get $x))`,
  },
  {
    name: 'a local with an input in it before',
    code: `(local.set $x (T.reinterpret_I (local.get $a)))
      (if (local.get $one) (then (local.set $x MAKE))) (I.reinterpret_T (local.get $x))`,
  },
  {
    name: 'a thrown payload',
    code: '(I.reinterpret_T (block $h (result T) (try_table (catch $e $h) (throw $e MAKE)) (unreachable)))',
  },
  { name: 'a vector lane', code: '(WORD.extract_lane 1 (VEC.splat MAKE))' },
  { name: 'a replaced vector lane', code: '(WORD.extract_lane 1 (VEC.replace_lane 1 (v128.const i64x2 0 0) MAKE))' },
  { name: 'a block with a parameter', code: 'MAKE (block (param T) (result I) (I.reinterpret_T))' },
]

function moduleFor(width: Width, make: string): Uint8Array<ArrayBuffer> {
  const fill = (text: string): string =>
    text
      .replaceAll('MAKE', make)
      .replaceAll('VEC', VECTOR_TYPE[width.float])
      .replaceAll('WORD', WORD_TYPE[width.float])
      .replace(/\bT\b/g, width.float)
      .replace(/\bI\b/g, width.integer)
      .replace(/reinterpret_T/g, `reinterpret_${width.float}`)
      .replace(/reinterpret_I/g, `reinterpret_${width.integer}`)
  const observers = OBSERVERS.map(
    ({ name, code }) => `(func (export "${name}") (param $a I) (param $b I) (result I)
      (local $x T) (local $v v128) (local $n i32) (local $one i32) (local.set $one (i32.const 1)) ${code})`,
  )
  return wat(
    fill(`(module (memory 1) (global $g (mut T) (T.const 0)) (tag $e (param T))
      (type $bitsType (func (param T) (result I))) (table funcref (elem $bits))
      (func $bits (type $bitsType) (I.reinterpret_T (local.get 0)))
      (func $same (param T) (result T) (local.get 0))
      (func $tail (param T) (result I) (return_call $bits (local.get 0)))
      ${observers.join('\n')})`),
  )
}

const isNan = (bits: bigint, { bits: size, infinity }: Width): boolean =>
  (bits & ((1n << BigInt(size - 1)) - 1n)) > infinity

type Run = (a: bigint | number, b: bigint | number) => bigint | number

function checkAll(width: Width, make: string, pairs: readonly (readonly [bigint, bigint])[]): void {
  const bytes = moduleFor(width, make)
  const sign = 1n << BigInt(width.bits - 1)
  const pass = (value: bigint): bigint | number =>
    width.bits === 64 ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value))
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Record<string, Run>
  const guests = [load(bytes), load(bytes, { precise: true })]
  const unfixed = load(bytes, { canonicalNan: false })
  for (const { name, after } of OBSERVERS) {
    for (const [a, b] of pairs) {
      const made = BigInt.asUintN(width.bits, BigInt(plain['reinterpret']?.(pass(a), pass(b)) ?? 0))
      const value = isNan(made, width) ? width.canonical : made
      const expected = after?.(value, sign) ?? value
      for (const guest of guests) {
        const seen = (guest.exports[name] as Run)(pass(a), pass(b))
        assert.equal(
          BigInt.asUintN(width.bits, BigInt(seen)).toString(16),
          expected.toString(16),
          `${name} of ${make} with ${a.toString(16)} and ${b.toString(16)}`,
        )
      }
      unfixed.exports[name]?.(pass(a), pass(b))
    }
  }
  for (const guest of guests) assert.equal(guest.used(), unfixed.used(), 'canonical NaNs cost no fuel')
}

const PAIRS = WIDTHS.map(({ inputs }) => inputs.flatMap((a) => inputs.map((b) => [a, b] as const)))
const A = '(T.reinterpret_I (local.get $a))'
const B = '(T.reinterpret_I (local.get $b))'

for (const [index, width] of WIDTHS.entries()) {
  const pairs = PAIRS[index] ?? []
  for (const op of UNARY) {
    test(`instrument() makes the NaNs of ${width.float}.${op} canonical, whoever looks`, () => {
      checkAll(width, `(T.${op} ${A})`, pairs)
      checkAll(width, `(VEC.extract_lane 1 (VEC.${op} (VEC.splat ${A})))`, pairs)
    })
  }
  for (const op of BINARY) {
    test(`instrument() makes the NaNs of ${width.float}.${op} canonical, whoever looks`, () => {
      checkAll(width, `(T.${op} ${A} ${B})`, pairs)
      checkAll(width, `(VEC.extract_lane 1 (VEC.${op} (VEC.splat ${A}) (VEC.splat ${B})))`, pairs)
    })
  }
}

test('instrument() makes the NaNs of conversions between the widths canonical, whoever looks', () => {
  const [f32, f64] = WIDTHS as [Width, Width]
  const narrow = '(f32.reinterpret_i32 (i32.wrap_i64 (i64.shr_u (local.get $a) (i64.const 32))))'
  checkAll(f64, `(f64.promote_f32 ${narrow})`, PAIRS[1] ?? [])
  checkAll(f64, `(f64x2.extract_lane 1 (f64x2.promote_low_f32x4 (f32x4.splat ${narrow})))`, PAIRS[1] ?? [])
  const wide =
    '(f64.reinterpret_i64 (i64.or (i64.shl (i64.extend_i32_u (local.get $a)) (i64.const 32)) (i64.extend_i32_u (local.get $b))))'
  checkAll(f32, `(f32.demote_f64 ${wide})`, PAIRS[0] ?? [])
  checkAll(f32, `(f32x4.extract_lane 1 (f32x4.demote_f64x2_zero (f64x2.splat ${wide})))`, PAIRS[0] ?? [])
})

for (const width of WIDTHS) {
  const ways = [
    { name: 'a float that passes through', make: A },
    {
      name: 'a float from memory',
      make: '(block (result T) (I.store (i32.const 32) (local.get $a)) (T.load (i32.const 32)))',
    },
    { name: 'a float that a host call could have given', make: `(call $same ${A})` },
    { name: 'a lane that passes through', make: `(VEC.extract_lane 1 (VEC.splat ${A}))` },
    { name: 'the smaller of two vectors', make: `(VEC.extract_lane 1 (VEC.pmin (VEC.splat ${A}) (VEC.splat ${A})))` },
  ]
  for (const { name, make } of ways) {
    test(`instrument() keeps the bits of ${name}, ${width.float}`, () => {
      const plain = new WebAssembly.Instance(new WebAssembly.Module(moduleFor(width, make))).exports as Record<
        string,
        Run
      >
      for (const precise of [false, true]) {
        const guest = load(moduleFor(width, make), { precise })
        for (const { name: observer } of OBSERVERS) {
          for (const input of width.inputs) {
            const given = width.bits === 64 ? BigInt.asIntN(64, input) : Number(BigInt.asIntN(32, input))
            const expected = plain[observer]?.(given, given)
            assert.equal(
              (guest.exports[observer] as Run)(given, given),
              expected,
              `${observer} of ${input.toString(16)}`,
            )
          }
        }
      }
    })
  }
}
