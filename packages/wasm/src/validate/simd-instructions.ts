import { parseTable, type SignatureTable } from './instructions.ts'

const INTEGER_SHAPES: readonly string[] = ['i8x16', 'i16x8', 'i32x4', 'i64x2']
const comparisons = (shape: string, operators: string): string =>
  operators
    .split(' ')
    .map((operator) => `${shape}.${operator}`)
    .join(' ')
const INTEGER_ORDER = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'
const FLOAT_ORDER = 'eq ne lt gt le ge'

/** Source: WebAssembly core spec 3.0, appendix A.7; the format is that of `instructions.ts`. */
const SIMD = `
00 i:v @4 v128.load
01 i:v @3 v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s v128.load32x2_u
07 i:v @0 v128.load8_splat
08 i:v @1 v128.load16_splat
09 i:v @2 v128.load32_splat
0a i:v @3 v128.load64_splat
0b iv: @4 v128.store
0c :v v128.const
0d vv:v i8x16.shuffle i8x16.swizzle
0f i:v i8x16.splat i16x8.splat i32x4.splat
12 l:v i64x2.splat
13 f:v f32x4.splat
14 d:v f64x2.splat
15 v:i i8x16.extract_lane_s i8x16.extract_lane_u
17 vi:v i8x16.replace_lane
18 v:i i16x8.extract_lane_s i16x8.extract_lane_u
1a vi:v i16x8.replace_lane
1b v:i i32x4.extract_lane
1c vi:v i32x4.replace_lane
1d v:l i64x2.extract_lane
1e vl:v i64x2.replace_lane
1f v:f f32x4.extract_lane
20 vf:v f32x4.replace_lane
21 v:d f64x2.extract_lane
22 vd:v f64x2.replace_lane
23 vv:v ${INTEGER_SHAPES.slice(0, 3)
  .map((shape) => comparisons(shape, INTEGER_ORDER))
  .join(' ')}
41 vv:v ${comparisons('f32x4', FLOAT_ORDER)} ${comparisons('f64x2', FLOAT_ORDER)}
4d v:v v128.not
4e vv:v v128.and v128.andnot v128.or v128.xor
52 vvv:v v128.bitselect
53 v:i v128.any_true
54 iv:v @0 v128.load8_lane
55 iv:v @1 v128.load16_lane
56 iv:v @2 v128.load32_lane
57 iv:v @3 v128.load64_lane
58 iv: @0 v128.store8_lane
59 iv: @1 v128.store16_lane
5a iv: @2 v128.store32_lane
5b iv: @3 v128.store64_lane
5c i:v @2 v128.load32_zero
5d i:v @3 v128.load64_zero
5e v:v f32x4.demote_f64x2_zero f64x2.promote_low_f32x4
60 v:v i8x16.abs i8x16.neg i8x16.popcnt
63 v:i i8x16.all_true i8x16.bitmask
65 vv:v i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u
67 v:v f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest
6b vi:v i8x16.shl i8x16.shr_s i8x16.shr_u
6e vv:v i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u
74 v:v f64x2.ceil f64x2.floor
76 vv:v i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u
7a v:v f64x2.trunc
7b vv:v i8x16.avgr_u
7c v:v i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u
7e v:v i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u
80 v:v i16x8.abs i16x8.neg
82 vv:v i16x8.q15mulr_sat_s
83 v:i i16x8.all_true i16x8.bitmask
85 vv:v i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u
87 v:v i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u
8b vi:v i16x8.shl i16x8.shr_s i16x8.shr_u
8e vv:v i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u
94 v:v f64x2.nearest
95 vv:v i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u
9b vv:v i16x8.avgr_u
9c vv:v i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u i16x8.extmul_high_i8x16_u
a0 v:v i32x4.abs i32x4.neg
a3 v:i i32x4.all_true i32x4.bitmask
a7 v:v i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u
ab vi:v i32x4.shl i32x4.shr_s i32x4.shr_u
ae vv:v i32x4.add
b1 vv:v i32x4.sub
b5 vv:v i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s
bc vv:v i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u
c0 v:v i64x2.abs i64x2.neg
c3 v:i i64x2.all_true i64x2.bitmask
c7 v:v i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u
cb vi:v i64x2.shl i64x2.shr_s i64x2.shr_u
ce vv:v i64x2.add
d1 vv:v i64x2.sub
d5 vv:v i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s
dc vv:v i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u
e0 v:v f32x4.abs f32x4.neg
e3 v:v f32x4.sqrt
e4 vv:v f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax
ec v:v f64x2.abs f64x2.neg
ef v:v f64x2.sqrt
f0 vv:v f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax
f8 v:v i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u
fc v:v i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u`

/** Opcodes after the prefix 0xfd, without relaxed SIMD. */
export const SIMD_SIGNATURES: SignatureTable = parseTable(SIMD)

/** For each instruction with a lane immediate the lanes of its shape: `v128.load8_lane` has 16. */
export const LANE_COUNTS: Uint8Array = Uint8Array.from({ length: 256 }, (_, opcode) => laneCount(opcode))

function laneCount(opcode: number): number {
  const name = SIMD_SIGNATURES.names[opcode] ?? ''
  const byShape = /x(\d+)\.(?:extract|replace)_lane/.exec(name)?.[1]
  if (byShape !== undefined) return Number(byShape)
  const bits = /(\d+)_lane/.exec(name)?.[1]
  return bits === undefined ? 0 : 128 / Number(bits)
}
