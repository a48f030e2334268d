import { code, func, type InvalidModule } from './invalid-module.ts'

/** Operands that are missing, too many or of another type. */
export const OPERANDS: readonly InvalidModule[] = [
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
    'select with 65,537 types',
    'at byte 40 in function 0, one select type is needed',
    0x41,
    0,
    0x41,
    0,
    0x41,
    0,
    0x1c,
    0x81,
    0x80,
    0x04,
    0x7f,
    0x1a,
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
