import { section, u32 } from '../encode-module.ts'
import { type InvalidModule, raw, text } from './invalid-module.ts'

/** Definitions outside of function bodies. */
export const DEFINITIONS: readonly InvalidModule[] = [
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
  raw('elements that are vectors', 'at byte 12, a reference type is needed', section(9, [5, 0x7b, 0])),
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
