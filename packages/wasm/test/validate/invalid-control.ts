import { code, func, type InvalidModule } from './invalid-module.ts'

/** Blocks, branches, calls and exceptions with other types or labels than they need. */
export const CONTROL: readonly InvalidModule[] = [
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
  code(
    'a catch clause at the largest label',
    'at byte 37 in function 0, unknown label 4294967295, there are 1',
    0x1f,
    0x40,
    1,
    2,
    0xff,
    0xff,
    0xff,
    0xff,
    0x0f,
    0x0b,
  ),
  code('delegate of a block', 'at byte 35, a try before delegate is needed', 0x02, 0x40, 0x18, 0),
]
