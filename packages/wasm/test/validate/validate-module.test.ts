import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instrument, ModuleError, validateModule } from '@blockless/wasm'
import { body, bodyWithLocals, moduleOf, section, u32 } from '../encode-module.ts'
import { wat } from '../wat.ts'
import { CONTROL } from './invalid-control.ts'
import { DEFINITIONS } from './invalid-definitions.ts'
import { INDICES } from './invalid-indices.ts'
import { OPERANDS } from './invalid-operands.ts'
import { REFERENCES } from './invalid-references.ts'

/** What the specification refuses and V8 takes; harmless, since it is refused here. */
const STRICTER_THAN_ENGINE: ReadonlySet<string> = new Set([
  'the empty block type in two bytes',
  'select with 65,537 types',
  'a catch clause at the largest label',
  'elements that are vectors',
  'br_on_non_null to a label without a reference',
  'a number where unreachable code has a reference',
])

for (const { name, bytes, message } of [...OPERANDS, ...CONTROL, ...INDICES, ...REFERENCES, ...DEFINITIONS]) {
  test(`validateModule() refuses ${name}`, () => {
    const isRefusal = (error: unknown): boolean => {
      assert.ok(error instanceof ModuleError, String(error))
      assert.match(error.code, /^ERR_MODULE_(INVALID|MALFORMED)$/)
      assert.equal(error.message.replace(/^Cannot (decode|validate) module: /, ''), message)
      return true
    }
    assert.throws(() => validateModule(bytes), isRefusal)
    assert.throws(() => instrument(bytes, { memoryPagesMax: 1 }), isRefusal)
    assert.equal(WebAssembly.validate(bytes), STRICTER_THAN_ENGINE.has(name), 'what the engine says')
  })
}

const VOID = [0x60, 0, 0]
const code = (...bytes: readonly number[]): Uint8Array<ArrayBuffer> =>
  moduleOf(section(1, VOID), section(3, [0]), section(5, [0, 1]), section(10, body(...bytes)))
const func = (source: string): Uint8Array<ArrayBuffer> => wat(`(module (memory 1) ${source})`)

/** Modules that look wrong and are not. */
const VALID: readonly { name: string; bytes: Uint8Array<ArrayBuffer> }[] = [
  { name: 'operands out of nothing in code that is not reached', bytes: func('(func (unreachable) (drop (i32.add)))') },
  {
    name: 'a result out of nothing after a branch',
    bytes: func('(func (result i32) (block (br 0)) (return (i32.const 1)))'),
  },
  {
    name: 'br_table out of nothing',
    bytes: func('(func (result i32) (block (result i64) (unreachable) (br_table 0 0)) (unreachable))'),
  },
  { name: 'select out of nothing', bytes: func('(func (result f32) (unreachable) (select))') },
  {
    name: 'if with a parameter and without else',
    bytes: func('(func (param i32) (result i32) (local.get 0) (if (param i32) (result i32) (local.get 0) (then)))'),
  },
  {
    name: 'an offset in more bytes than 32 bits take',
    bytes: code(0x41, 0, 0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1a),
  },
  {
    name: 'extended constants and globals before them',
    bytes: func('(global $a i32 (i32.const 1)) (global i32 (i32.mul (global.get $a) (i32.const 3)))'),
  },
  {
    name: 'a call through a table by another name of the same type',
    bytes: func(
      '(type $a (func)) (type $b (func)) (table 1 funcref) (func (type $a) (call_indirect (type $b) (i32.const 0)))',
    ),
  },
  { name: 'try without catch', bytes: code(0x06, 0x40, 0x0b) },
  { name: 'delegate to the function', bytes: code(0x06, 0x40, 0x18, 0) },
  { name: 'a data count of 0 without data', bytes: moduleOf([12, 1, 0]) },
  {
    name: 'a reference to an equal type, and types of themselves',
    bytes: moduleOf(
      section(1, VOID, VOID, [0x60, 0, 1, 0x64, 2], [0x60, 0, 1, 0x64, 3]),
      section(3, [0], [2]),
      section(9, [3, 0, 2, 0, 1]),
      section(10, body(0xd2, 0, 0x14, 1), body(0xd2, 1, 0x14, 3)),
    ),
  },
  {
    name: 'a local without null that is set and read, 40,000 locals on',
    bytes: moduleOf(
      section(1, VOID),
      section(3, [0]),
      section(9, [3, 0, 1, 0]),
      section(
        10,
        bodyWithLocals(
          [
            [0xc0, 0xb8, 0x02, 0x7f],
            [1, 0x64, 0],
          ],
          0xd2,
          0,
          0x21,
          0xc0,
          0xb8,
          0x02,
          0x20,
          0xc0,
          0xb8,
          0x02,
          0x14,
          0,
        ),
      ),
    ),
  },
  {
    name: 'a subtype at a branch, which then has the type of the label',
    bytes: code(0x02, 0x70, 0xd0, 0x73, 0x41, 0, 0x0d, 0, 0x1a, 0xd0, 0x70, 0x0b, 0x1a),
  },
]

for (const { name, bytes } of VALID) {
  test(`validateModule() accepts ${name}`, () => {
    assert.ok(WebAssembly.validate(bytes))
    validateModule(bytes)
    assert.ok(WebAssembly.validate(instrument(bytes, { memoryPagesMax: 1 }).bytes))
  })
}

test('validateModule() refuses both proposals of exceptions in one module by name, as the engine does', () => {
  const legacy = body(0x06, 0x40, 0x0b)
  for (const other of [
    body(0x1f, 0x40, 0, 0x0b),
    body(0x00, 0x0a),
    body(0xd0, 0x69, 0x1a),
    bodyWithLocals([[1, 0x69]]),
  ]) {
    const bytes = moduleOf(section(1, VOID), section(3, [0], [0]), section(10, legacy, other))
    assert.ok(!WebAssembly.validate(bytes))
    assert.throws(() => validateModule(bytes), {
      code: 'ERR_MODULE_FEATURE',
      message: /both proposals of exception handling/,
    })
  }
})

test('validateModule() bounds the types that it compares', () => {
  // 20,000 calls with 1,000 parameters and results, in two bytes each
  const many = Array<number>(1_000).fill(0x7f)
  const type = [0x60, 0xe8, 0x07, ...many, 0xe8, 0x07, ...many]
  const calls = Array.from({ length: 20_000 }, () => [0x10, 0]).flat()
  const locals = many.flatMap((_, index) => [0x20, ...(index < 128 ? [index] : [(index & 0x7f) | 0x80, index >> 7])])
  const contents = [0, ...locals, ...calls, 0x0b]
  const bytes = moduleOf(section(1, type), section(3, [0]), section(10, [...u32(contents.length), ...contents]))
  assert.throws(() => validateModule(bytes), { code: 'ERR_MODULE_LIMIT' })
})
