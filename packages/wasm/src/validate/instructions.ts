// Names and types of the instructions whose types depend on nothing but the opcode.
// Source: WebAssembly core spec 3.0, appendix A.7 (index of instructions), and the threads proposal.
import { F32, F64, I32, I64, V128 } from '../binary/value-type.ts'

/** Operands of one instruction, in parallel arrays by opcode; a code of 0 is none. */
export interface SignatureTable {
  readonly names: readonly string[]
  /** type of the operand on top of the stack, and of the two below it */
  readonly top: Uint8Array
  readonly second: Uint8Array
  readonly third: Uint8Array
  readonly result: Uint8Array
  /** natural alignment of a memory access, as a power of two */
  readonly alignment: Uint8Array
}

const TYPE_BY_LETTER: Readonly<Record<string, number>> = { i: I32, l: I64, f: F32, d: F64, v: V128 }

/**
 * Each line: the first opcode, operands and result (i32 `i`, i64 `l`, f32 `f`, f64 `d`, v128 `v`), the natural alignment of
 * a memory access, and the names of this and the following opcodes. `?` is for what has types of its own.
 */
const MAIN = `
00 ? unreachable nop block loop if else try catch throw rethrow throw_ref end br br_if br_table return
10 ? call call_indirect return_call return_call_indirect call_ref return_call_ref
18 ? delegate catch_all drop select select
1f ? try_table local.get local.set local.tee global.get global.set table.get table.set
28 i:i @2 i32.load
29 i:l @3 i64.load
2a i:f @2 f32.load
2b i:d @3 f64.load
2c i:i @0 i32.load8_s i32.load8_u
2e i:i @1 i32.load16_s i32.load16_u
30 i:l @0 i64.load8_s i64.load8_u
32 i:l @1 i64.load16_s i64.load16_u
34 i:l @2 i64.load32_s i64.load32_u
36 ii: @2 i32.store
37 il: @3 i64.store
38 if: @2 f32.store
39 id: @3 f64.store
3a ii: @0 i32.store8
3b ii: @1 i32.store16
3c il: @0 i64.store8
3d il: @1 i64.store16
3e il: @2 i64.store32
3f :i memory.size
40 i:i memory.grow
41 :i i32.const
42 :l i64.const
43 :f f32.const
44 :d f64.const
45 i:i i32.eqz
46 ii:i i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
50 l:i i64.eqz
51 ll:i i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
5b ff:i f32.eq f32.ne f32.lt f32.gt f32.le f32.ge
61 dd:i f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
67 i:i i32.clz i32.ctz i32.popcnt
6a ii:i i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor
74 ii:i i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr
79 l:l i64.clz i64.ctz i64.popcnt
7c ll:l i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor
86 ll:l i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr
8b f:f f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt
92 ff:f f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign
99 d:d f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt
a0 dd:d f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign
a7 l:i i32.wrap_i64
a8 f:i i32.trunc_f32_s i32.trunc_f32_u
aa d:i i32.trunc_f64_s i32.trunc_f64_u
ac i:l i64.extend_i32_s i64.extend_i32_u
ae f:l i64.trunc_f32_s i64.trunc_f32_u
b0 d:l i64.trunc_f64_s i64.trunc_f64_u
b2 i:f f32.convert_i32_s f32.convert_i32_u
b4 l:f f32.convert_i64_s f32.convert_i64_u
b6 d:f f32.demote_f64
b7 i:d f64.convert_i32_s f64.convert_i32_u
b9 l:d f64.convert_i64_s f64.convert_i64_u
bb f:d f64.promote_f32
bc f:i i32.reinterpret_f32
bd d:l i64.reinterpret_f64
be i:f f32.reinterpret_i32
bf l:d f64.reinterpret_i64
c0 i:i i32.extend8_s i32.extend16_s
c2 l:l i64.extend8_s i64.extend16_s i64.extend32_s
d0 ? ref.null ref.is_null ref.func
d4 ? ref.as_non_null br_on_null br_on_non_null`

const MISC = `
00 f:i i32.trunc_sat_f32_s i32.trunc_sat_f32_u
02 d:i i32.trunc_sat_f64_s i32.trunc_sat_f64_u
04 f:l i64.trunc_sat_f32_s i64.trunc_sat_f32_u
06 d:l i64.trunc_sat_f64_s i64.trunc_sat_f64_u
08 iii: memory.init
09 : data.drop
0a iii: memory.copy memory.fill table.init
0d : elem.drop
0e iii: table.copy
0f ? table.grow table.size table.fill`

const ATOMIC = `
00 ii:i @2 memory.atomic.notify
01 iil:i @2 memory.atomic.wait32
02 ill:i @3 memory.atomic.wait64
03 : atomic.fence
10 i:i @2 i32.atomic.load
11 i:l @3 i64.atomic.load
12 i:i @0 i32.atomic.load8_u
13 i:i @1 i32.atomic.load16_u
14 i:l @0 i64.atomic.load8_u
15 i:l @1 i64.atomic.load16_u
16 i:l @2 i64.atomic.load32_u
17 ii: @2 i32.atomic.store
18 il: @3 i64.atomic.store
19 ii: @0 i32.atomic.store8
1a ii: @1 i32.atomic.store16
1b il: @0 i64.atomic.store8
1c il: @1 i64.atomic.store16
1d il: @2 i64.atomic.store32`
const ATOMIC_UPDATES: readonly string[] = ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg']
const ATOMIC_UPDATE_FIRST = 0x1e

/** Single-byte opcodes. */
export const MAIN_SIGNATURES: SignatureTable = parseTable(MAIN)
/** Opcodes after the prefix 0xfc. */
export const MISC_SIGNATURES: SignatureTable = parseTable(MISC)
/** Opcodes after the prefix 0xfe. */
export const ATOMIC_SIGNATURES: SignatureTable = parseTable(`${ATOMIC}\n${atomicUpdates()}`)

/** Reads a table in the format of {@link SignatureTable}'s texts. */
export function parseTable(text: string): SignatureTable {
  const byte = (): Uint8Array => new Uint8Array(256)
  const names: string[] = []
  const table = { names, top: byte(), second: byte(), third: byte(), result: byte(), alignment: byte() }
  for (const line of text.trim().split('\n')) {
    const [first = '', signature = '', ...rest] = line.split(' ')
    const alignment = rest[0]?.startsWith('@') ? Number(rest.shift()?.slice(1)) : 0
    const [operands = '', result = ''] = signature === '?' ? [] : signature.split(':')
    for (const [index, name] of rest.entries()) {
      const opcode = Number.parseInt(first, 16) + index
      names[opcode] = name
      table.top[opcode] = TYPE_BY_LETTER[operands.at(-1) ?? ''] ?? 0
      table.second[opcode] = TYPE_BY_LETTER[operands.at(-2) ?? ''] ?? 0
      table.third[opcode] = TYPE_BY_LETTER[operands.at(-3) ?? ''] ?? 0
      table.result[opcode] = TYPE_BY_LETTER[result] ?? 0
      table.alignment[opcode] = alignment
    }
  }
  return table
}

/** Read-modify-write instructions: seven widths for each update, in the same order. */
function atomicUpdates(): string {
  const lines = ATOMIC_UPDATES.flatMap((update, row) => {
    const widths = [
      ['i', 2, 'i32.atomic.rmw'],
      ['l', 3, 'i64.atomic.rmw'],
      ['i', 0, 'i32.atomic.rmw8', '_u'],
      ['i', 1, 'i32.atomic.rmw16', '_u'],
      ['l', 0, 'i64.atomic.rmw8', '_u'],
      ['l', 1, 'i64.atomic.rmw16', '_u'],
      ['l', 2, 'i64.atomic.rmw32', '_u'],
    ] as const
    return widths.map(([letter, alignment, name, suffix = ''], column) => {
      const opcode = (ATOMIC_UPDATE_FIRST + row * widths.length + column).toString(16)
      const operands = update === 'cmpxchg' ? letter.repeat(2) : letter
      return `${opcode} i${operands}:${letter} @${alignment} ${name}.${update}${suffix}`
    })
  })
  return lines.join('\n')
}
