import { body, bodyWithLocals, moduleOf, section, u32 } from '../encode-module.ts'
import { wat } from '../wat.ts'

/** A module that is to be refused, and the end of its error's message, from "at byte". */
export interface InvalidModule {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly message: string
}

const text = (name: string, source: string, message: string): InvalidModule => ({
  name,
  bytes: wat(`(module ${source})`),
  message,
})
/** A function of the given type, `() -> ()` if there is none, behind definitions that its code may use. */
const func = (name: string, source: string, message: string): InvalidModule =>
  text(
    name,
    `(type $p (func (param i32) (result i32))) (memory 1) (table $t 1 funcref) (table $x 1 externref)
    (global $c i32 (i32.const 1)) (global $g (mut i64) (i64.const 1)) (tag $e (param i32)) (data $d "a") (elem $s externref)
    (func $f (type $p) (local.get 0)) ${source}`,
    message,
  )
const raw = (name: string, message: string, ...sections: (readonly number[])[]): InvalidModule => ({
  name,
  bytes: moduleOf(...sections),
  message,
})
const VOID = [0x60, 0, 0]
/** One function of type 0, `() -> ()`, with this code; type 1 is `(i32) -> (i32)`. */
const code = (name: string, message: string, ...bytes: readonly number[]): InvalidModule =>
  raw(
    name,
    message,
    section(1, VOID, [0x60, 1, 0x7f, 1, 0x7f]),
    section(3, [0]),
    section(5, [0, 1]),
    section(10, body(...bytes)),
  )

const OPERANDS: readonly InvalidModule[] = [
  func(
    'an operand of another type',
    '(func (drop (i32.add (i32.const 1) (f64.const 2))))',
    'at byte 87 in function 1, type mismatch: i32.add needs i32, found f64',
  ),
  func(
    'the other operand of another type',
    '(func (drop (i32.add (f32.const 1) (i32.const 2))))',
    'at byte 83 in function 1, type mismatch: i32.add needs i32, found f32',
  ),
  func(
    'a missing operand',
    '(func (drop (i64.clz)))',
    'at byte 76 in function 1, type mismatch: i64.clz needs i64, found nothing',
  ),
  func(
    'a drop of nothing',
    '(func (drop))',
    'at byte 76 in function 1, type mismatch: drop needs an operand, found nothing',
  ),
  func(
    'an operand of the enclosing block',
    '(func (i32.const 1) (block (drop)) (drop))',
    'at byte 80 in function 1, type mismatch: drop needs an operand, found nothing',
  ),
  func(
    'a result of another type',
    '(func (result i32) (i64.const 1))',
    'at byte 79 in function 1, type mismatch: end needs i32, found i64',
  ),
  func(
    'a missing result',
    '(func (result f32))',
    'at byte 77 in function 1, type mismatch: end needs f32, found nothing',
  ),
  func(
    'an operand too many',
    '(func (i32.const 1))',
    'at byte 78 in function 1, type mismatch: 1 more operand than the block has results',
  ),
  func(
    'operands too many in a block',
    '(func (block (i32.const 1) (i32.const 2)))',
    'at byte 82 in function 1, type mismatch: 2 more operands than the block has results',
  ),
  func(
    'a type error in code that is not reached',
    '(func (unreachable) (drop (i32.add (i64.const 1))))',
    'at byte 79 in function 1, type mismatch: i32.add needs i32, found i64',
  ),
  func(
    'operands too many in code that is not reached',
    '(func (return) (i32.const 1))',
    'at byte 79 in function 1, type mismatch: 1 more operand than the block has results',
  ),
  func(
    'a comparison of vectors as numbers',
    '(func (drop (i32.eqz (i32x4.splat (i32.const 1)))))',
    'at byte 80 in function 1, type mismatch: i32.eqz needs i32, found v128',
  ),
  func(
    'select of two types',
    '(func (drop (select (i32.const 1) (i64.const 1) (i32.const 1))))',
    'at byte 82 in function 1, type mismatch: select needs two operands of one type, found i64',
  ),
  func(
    'select of references without a type',
    '(func (drop (select (ref.null func) (ref.null func) (i32.const 1))))',
    'at byte 82 in function 1, type mismatch: select needs numbers or vectors, or a type of its own, found funcref',
  ),
  func(
    'select with a type of other operands',
    '(func (drop (select (result i64) (i32.const 1) (i32.const 1) (i32.const 1))))',
    'at byte 82 in function 1, type mismatch: select needs i64, found i32',
  ),
  code(
    'select with two types',
    'at byte 40 in function 0, one select type is needed',
    0x41,
    0,
    0x41,
    0,
    0x41,
    0,
    0x1c,
    2,
    0x7f,
    0x7f,
    0x1a,
    0x1a,
  ),
  func(
    'a store of another type',
    '(func (i64.store (i32.const 0) (i32.const 1)))',
    'at byte 80 in function 1, type mismatch: i64.store needs i64, found i32',
  ),
  func(
    'memory.grow of an i64',
    '(func (drop (memory.grow (i64.const 1))))',
    'at byte 78 in function 1, type mismatch: memory.grow needs i32, found i64',
  ),
  func(
    'memory.fill with an i64',
    '(func (memory.fill (i32.const 0) (i32.const 1) (i64.const 1)))',
    'at byte 82 in function 1, type mismatch: memory.fill needs i32, found i64',
  ),
  func(
    'a lane of another type',
    '(func (param v128) (drop (f32x4.replace_lane 0 (local.get 0) (f64.const 1))))',
    'at byte 88 in function 1, type mismatch: f32x4.replace_lane needs f32, found f64',
  ),
]

const CONTROL: readonly InvalidModule[] = [
  func('an unknown label', '(func (br 1))', 'at byte 77 in function 1, unknown label 1, there are 1'),
  func(
    'a branch without its value',
    '(func (result i32) (block (result i32) (br 0)))',
    'at byte 79 in function 1, type mismatch: br needs i32, found nothing',
  ),
  func(
    'a branch with another value',
    '(func (result i32) (block (result i32) (br_if 0 (i64.const 1) (i32.const 1))))',
    'at byte 83 in function 1, type mismatch: br_if needs i32, found i64',
  ),
  func(
    'a condition of another type',
    '(func (br_if 0 (f32.const 0)))',
    'at byte 81 in function 1, type mismatch: br_if needs i32, found f32',
  ),
  func(
    'if without i32',
    '(func (if (i64.const 1) (then)))',
    'at byte 78 in function 1, type mismatch: if needs i32, found i64',
  ),
  func(
    'if with a result and without else',
    '(func (result i32) (if (result i32) (i32.const 1) (then (i32.const 1))))',
    'at byte 83 in function 1, type mismatch: end needs i32, found nothing',
  ),
  func(
    'arms of two types',
    '(func (result i32) (if (result i32) (i32.const 1) (then (i32.const 1)) (else (f32.const 1))))',
    'at byte 89 in function 1, type mismatch: end needs i32, found f32',
  ),
  func(
    'br_table with labels of two arities',
    '(func (block (result i32) (block (br_table 0 1 (i32.const 1) (i32.const 1))) (i32.const 1)) (drop))',
    'at byte 87 in function 1, type mismatch: br_table needs labels with 0 types, found 1',
  ),
  func(
    'br_table with labels of two types',
    '(func (block (result i64) (block (result i32) (br_table 0 1 (i32.const 1) (i32.const 1))) (drop) (i64.const 1)) (drop))',
    'at byte 84 in function 1, type mismatch: br_table needs i64, found i32',
  ),
  func(
    'a loop without its parameter',
    '(func (loop (param i32) (drop)))',
    'at byte 76 in function 1, type mismatch: loop needs i32, found nothing',
  ),
  func(
    'a branch to a loop without its parameter',
    '(func (i32.const 1) (loop (param i32) (drop) (br 0)))',
    'at byte 81 in function 1, type mismatch: br needs i32, found nothing',
  ),
  func(
    'return of another type',
    '(func (result i32) (return (i64.const 1)))',
    'at byte 79 in function 1, type mismatch: return needs i32, found i64',
  ),
  code('an unknown block type', 'at byte 34 in function 0, unknown type 9, there are 2', 0x02, 9, 0x0b),
  code('the empty block type in two bytes', 'at byte 34, a block type in one byte is needed', 0x02, 0xc0, 0x7f, 0x0b),
  func(
    'a tail call with other results',
    '(func (result i64) (return_call $f (i32.const 1)))',
    'at byte 79 in function 1, type mismatch: the tail call needs a callee with the results i64, found i32',
  ),
  func(
    'a call without its argument',
    '(func (drop (call $f)))',
    'at byte 76 in function 1, type mismatch: call needs i32, found nothing',
  ),
  func(
    'an indirect call through externref',
    '(func (drop (call_indirect $x (type $p) (i32.const 1) (i32.const 1))))',
    'at byte 82 in function 1, type mismatch: an indirect call needs a table of funcref, found externref',
  ),
  func(
    'an indirect call at an i64',
    '(func (drop (call_indirect $t (type $p) (i32.const 1) (i64.const 1))))',
    'at byte 80 in function 1, type mismatch: call_indirect needs i32, found i64',
  ),
  func(
    'a tail call through a table with other results',
    '(func (return_call_indirect $t (type $p) (i32.const 1) (i32.const 1)))',
    'at byte 80 in function 1, type mismatch: the tail call needs a callee with the results nothing, found i32',
  ),
  func(
    'throw without its value',
    '(func (throw $e))',
    'at byte 76 in function 1, type mismatch: throw needs i32, found nothing',
  ),
  func(
    'a catch at a label of another type',
    '(func (block (try_table (catch $e 0))))',
    'at byte 81 in function 1, type mismatch: the label of a catch clause needs nothing, found i32',
  ),
  func(
    'a catch of a reference at a label without',
    '(func (block (try_table (catch_all_ref 0))))',
    'at byte 81 in function 1, type mismatch: the label of a catch clause needs nothing, found (ref exn)',
  ),
  func(
    'throw_ref of a number',
    '(func (throw_ref (i32.const 1)))',
    'at byte 78 in function 1, type mismatch: throw_ref needs exnref, found i32',
  ),
  func(
    'rethrow outside of a catch',
    '(func (try (do (rethrow 0)) (catch_all)))',
    'at byte 79 in function 1, rethrow needs the label of a catch',
  ),
  func(
    'rethrow to a block',
    '(func (block (try (do) (catch_all (rethrow 1)))))',
    'at byte 82 in function 1, rethrow needs the label of a catch',
  ),
  func(
    'a catch with a value left',
    '(func (try (do) (catch $e)))',
    'at byte 80 in function 1, type mismatch: 1 more operand than the block has results',
  ),
  code('catch after catch_all', 'at byte 36, a try before catch is needed', 0x06, 0x40, 0x19, 0x19, 0x0b),
  code(
    'delegate to a label that is not there',
    'at byte 36 in function 0, unknown label 2, there are 1',
    0x06,
    0x40,
    0x18,
    2,
  ),
  code('delegate of a block', 'at byte 35, a try before delegate is needed', 0x02, 0x40, 0x18, 0),
]

const INDICES: readonly InvalidModule[] = [
  code('an unknown local', 'at byte 34 in function 0, unknown local 0, there are 0', 0x20, 0, 0x1a),
  code('an unknown global', 'at byte 34 in function 0, unknown global 0, there are 0', 0x23, 0, 0x1a),
  code('an unknown function', 'at byte 34 in function 0, unknown function 7, there are 1', 0x10, 7),
  code('an unknown table', 'at byte 36 in function 0, unknown table 0, there are 0', 0x41, 0, 0x25, 0, 0x1a),
  code(
    'an unknown type of an indirect call',
    'at byte 36 in function 0, unknown type 7, there are 2',
    0x41,
    0,
    0x11,
    7,
    0,
  ),
  code('an unknown tag', 'at byte 34 in function 0, unknown tag 0, there are 0', 0x08, 0),
  code('an unknown element segment', 'at byte 35 in function 0, unknown element segment 0, there are 0', 0xfc, 0x0d, 0),
  code(
    'a data segment without a data count',
    'at byte 33 in function 0, a data count section is needed',
    0xfc,
    0x09,
    0,
  ),
  code('an undeclared function', 'at byte 34 in function 0, undeclared reference to function 0', 0xd2, 0, 0x1a),
  code(
    'a lane out of range',
    'at byte 39 in function 0, a lane is from 0 to 3',
    0x41,
    0,
    0xfd,
    0x11,
    0xfd,
    0x1b,
    4,
    0x1a,
  ),
  code(
    'a lane of a load out of range',
    'at byte 43 in function 0, a lane is from 0 to 1',
    0x41,
    0,
    0x41,
    0,
    0xfd,
    0x11,
    0xfd,
    0x57,
    3,
    0,
    2,
    0x1a,
  ),
  code(
    'a lane of a shuffle out of range',
    'at byte 58 in function 0, a lane of a shuffle is from 0 to 31',
    ...[0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0xfd, 0x0d],
    ...Array<number>(15).fill(0),
    32,
    0x1a,
  ),
  code(
    'an alignment above the natural one',
    'at byte 36 in function 0, the alignment 2^3 is larger than the natural one, 2^2',
    0x41,
    0,
    0x28,
    3,
    0,
    0x1a,
  ),
  code(
    'an alignment of a vector above the natural one',
    'at byte 37 in function 0, the alignment 2^5 is larger than the natural one, 2^4',
    0x41,
    0,
    0xfd,
    0x00,
    5,
    0,
    0x1a,
  ),
  code(
    'an offset above 2^32',
    'at byte 37, a memory offset below 2^32 is needed',
    0x41,
    0,
    0x28,
    2,
    0x80,
    0x80,
    0x80,
    0x80,
    0x10,
    0x1a,
  ),
  raw(
    'a load without a memory',
    'at byte 26 in function 0, unknown memory 0, there are 0',
    section(1, VOID),
    section(3, [0]),
    section(10, body(0x41, 0, 0x28, 2, 0, 0x1a)),
  ),
  raw(
    'memory.size without a memory',
    'at byte 24 in function 0, unknown memory 0, there are 0',
    section(1, VOID),
    section(3, [0]),
    section(10, body(0x3f, 0, 0x1a)),
  ),
  func(
    'a write to an immutable global',
    '(func (global.set $c (i32.const 1)))',
    'at byte 79 in function 1, global 0 is immutable',
  ),
  func(
    'a global of another type',
    '(func (global.set $g (i32.const 1)))',
    'at byte 78 in function 1, type mismatch: global.set needs i64, found i32',
  ),
  func(
    'table.init of another type',
    '(func (table.init $t $s (i32.const 0) (i32.const 0) (i32.const 0)))',
    'at byte 82 in function 1, type mismatch: table.init needs entries of funcref, found externref',
  ),
  func(
    'table.copy of another type',
    '(func (table.copy $t $x (i32.const 0) (i32.const 0) (i32.const 0)))',
    'at byte 82 in function 1, type mismatch: table.copy needs entries of funcref, found externref',
  ),
  func(
    'table.set of another type',
    '(func (table.set $t (i32.const 0) (ref.null extern)))',
    'at byte 80 in function 1, type mismatch: table.set needs funcref, found externref',
  ),
  func(
    'table.grow with another type',
    '(func (drop (table.grow $x (ref.null func) (i32.const 0))))',
    'at byte 80 in function 1, type mismatch: table.grow needs externref, found funcref',
  ),
  func(
    'ref.is_null of a number',
    '(func (drop (ref.is_null (i32.const 0))))',
    'at byte 78 in function 1, type mismatch: ref.is_null needs a reference, found i32',
  ),
]

const REF_1 = [0x64, 1]
/** Type 0 is `() -> ()`, type 1 `(i32) -> (i32)`, type 2 `() -> ((ref 1))`; function 0 of type 0 has the code, 1 is declared. */
const typed = (
  name: string,
  message: string,
  groups: readonly (readonly number[])[],
  ...bytes: readonly number[]
): InvalidModule =>
  raw(
    name,
    message,
    section(1, VOID, [0x60, 1, 0x7f, 1, 0x7f], [0x60, 0, 1, ...REF_1]),
    section(3, [0], [1]),
    section(9, [3, 0, 1, 1]),
    section(10, bodyWithLocals(groups, ...bytes), body(0x20, 0)),
  )

const REFERENCES: readonly InvalidModule[] = [
  typed(
    'a local without null that was not set',
    'at byte 44 in function 0, local 0 has no value yet, it is not nullable',
    [[1, ...REF_1]],
    0x20,
    0,
    0x1a,
  ),
  typed(
    'a local without null that was set in a block',
    'at byte 51 in function 0, local 0 has no value yet, it is not nullable',
    [[1, ...REF_1]],
    0x02,
    0x40,
    0xd2,
    1,
    0x21,
    0,
    0x0b,
    0x20,
    0,
    0x1a,
  ),
  typed(
    'a local without null that was set in one arm',
    'at byte 53 in function 0, local 0 has no value yet, it is not nullable',
    [[1, ...REF_1]],
    0x41,
    0,
    0x04,
    0x40,
    0xd2,
    1,
    0x21,
    0,
    0x05,
    0x20,
    0,
    0x1a,
    0x0b,
  ),
  typed(
    'null for a local without null',
    'at byte 46 in function 0, type mismatch: local.set needs (ref 1), found (ref null 1)',
    [[1, ...REF_1]],
    0xd0,
    1,
    0x21,
    0,
  ),
  typed(
    'call_ref of a reference to another type',
    'at byte 43 in function 0, type mismatch: call_ref needs (ref null 0), found (ref 1)',
    [],
    0xd2,
    1,
    0x14,
    0,
  ),
  typed(
    'call_ref without an argument',
    'at byte 43 in function 0, type mismatch: call_ref needs i32, found nothing',
    [],
    0xd2,
    1,
    0x14,
    1,
    0x1a,
  ),
  typed(
    'return_call_ref with other results',
    'at byte 45 in function 0, type mismatch: the tail call needs a callee with the results nothing, found i32',
    [],
    0x41,
    0,
    0xd2,
    1,
    0x15,
    1,
  ),
  typed(
    'br_on_null of a number',
    'at byte 43 in function 0, type mismatch: br_on_null needs a reference, found i32',
    [],
    0x41,
    0,
    0xd5,
    0,
    0x1a,
  ),
  typed(
    'br_on_non_null to a label without a reference',
    'at byte 44 in function 0, br_on_non_null needs a label whose last type is a reference',
    [],
    0xd2,
    1,
    0xd6,
    0,
  ),
  typed(
    'a number where unreachable code has a reference',
    'at byte 43 in function 0, type mismatch: i32.eqz needs i32, found (ref bot)',
    [],
    0x00,
    0xd4,
    0x45,
    0x1a,
  ),
  typed(
    'ref.as_non_null of a number',
    'at byte 43 in function 0, type mismatch: ref.as_non_null needs a reference, found i32',
    [],
    0x41,
    0,
    0xd4,
    0x1a,
  ),
  typed('an unknown type of a reference', 'at byte 43 in function 0, unknown type 9, there are 3', [[1, 0x64, 9]]),
  raw(
    'a table of references without null and without a value',
    'at byte 17, a table of (ref 0) needs an initial value',
    section(1, VOID),
    section(4, [0x64, 0, 0, 1]),
  ),
  raw(
    'a table whose value is null',
    'at byte 23, type mismatch: the constant expression needs (ref 0), found (ref null 0)',
    section(1, VOID),
    section(4, [0x40, 0, 0x64, 0, 0, 1, 0xd0, 0, 0x0b]),
  ),
]

const DEFINITIONS: readonly InvalidModule[] = [
  text(
    'two exports of one name',
    '(func $f) (export "a" (func $f)) (export "a" (func $f))',
    'at byte 25, duplicate export name "a"',
  ),
  raw('an export of an unknown table', 'at byte 14, unknown table 0, there are 0', section(7, [1, 0x61, 1, 0])),
  raw('an export of an unknown memory', 'at byte 14, unknown memory 0, there are 0', section(7, [1, 0x61, 2, 0])),
  raw('an export of an unknown tag', 'at byte 14, unknown tag 0, there are 0', section(7, [1, 0x61, 4, 0])),
  text(
    'a start function with a parameter',
    '(func $f (param i32)) (start $f)',
    'at byte 21, the start function has parameters or results, it needs none',
  ),
  raw('an unknown start function', 'at byte 10, unknown function 0, there are 0', [8, 1, 0]),
  text(
    'a tag with a result',
    '(type $t (func (result i32))) (tag (type $t))',
    'at byte 19, the type of a tag has results, it needs none',
  ),
  raw('an unknown type of a function', 'at byte 11, unknown type 0, there are 0', section(3, [0])),
  text(
    'a global of another type',
    '(global i32 (i64.const 1))',
    'at byte 13, type mismatch: the constant expression needs i32, found i64',
  ),
  text(
    'a global without a value',
    '(global i32)',
    'at byte 13, type mismatch: the constant expression needs i32, found nothing',
  ),
  text(
    'a global with two values',
    '(global i32 (i32.const 1) (i32.const 2))',
    'at byte 13, type mismatch: the constant expression needs i32, found i32 i32',
  ),
  text(
    'a global of a mutable one',
    '(global $g (mut i32) (i32.const 1)) (global i32 (global.get $g))',
    'at byte 19, global 0 is mutable, a constant expression needs an immutable one',
  ),
  raw('a global of itself', 'at byte 14, unknown global 0, there are 0', section(6, [0x7f, 0, 0x23, 0, 0x0b])),
  text(
    'a sum of two types',
    '(global i32 (i32.add (i64.const 1) (i32.const 1)))',
    'at byte 17, type mismatch: the constant operator needs i32 i32, found i64 i32',
  ),
  text(
    'a global that is computed by a call',
    '(func $f (result i32) (i32.const 1)) (global i32 (call $f))',
    'at byte 24, a constant instruction is needed',
  ),
  raw(
    'a memory that is larger than its maximum',
    'at byte 11, the size of a memory is above its maximum',
    section(5, [1, 2, 1]),
  ),
  raw(
    'a memory of more than 4 GiB',
    'at byte 11, the size of a memory is above 65536 pages',
    section(5, [0, ...u32(65_537)]),
  ),
  raw(
    'a table that is larger than its maximum',
    'at byte 12, the size of a table is above its maximum',
    section(4, [0x70, 1, 2, 1]),
  ),
  text(
    'an element segment for an unknown table',
    '(func $f) (elem (i32.const 0) $f)',
    'at byte 21, unknown table 0, there are 0',
  ),
  text(
    'an element segment for a table of another type',
    '(func $f) (table 1 externref) (elem (i32.const 0) func $f)',
    'at byte 27, type mismatch: the table holds externref, found (ref func)',
  ),
  text(
    'an element segment at an i64',
    '(func $f) (table 1 funcref) (elem (i64.const 0) $f)',
    'at byte 28, type mismatch: the constant expression needs i32, found i64',
  ),
  raw(
    'an element that is no reference to functions',
    'at byte 14, type mismatch: the constant expression needs funcref, found externref',
    section(9, [5, 0x70, 1, 0xd0, 0x6f, 0x0b]),
  ),
  raw(
    'a data segment without a memory',
    'at byte 11, unknown memory 0, there are 0',
    section(11, [0, 0x41, 0, 0x0b, 0]),
  ),
  text(
    'a data segment at an f32',
    '(memory 1) (data (f32.const 0) "a")',
    'at byte 17, type mismatch: the constant expression needs i32, found f32',
  ),
  raw(
    'fewer data segments than the data count',
    'at byte 13, the number of data segments that the data count section says, 2, is needed',
    [12, 1, 2],
    section(11, [1, 0]),
  ),
  raw(
    'a data count without data segments',
    'at byte 11, the number of data segments that the data count section says, 1, is needed',
    [12, 1, 1],
  ),
]

/** Modules that are to be refused for their types or indices, with the words of the refusal. */
export const INVALID_MODULES: readonly InvalidModule[] = [
  ...OPERANDS,
  ...CONTROL,
  ...INDICES,
  ...REFERENCES,
  ...DEFINITIONS,
]
