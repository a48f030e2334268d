import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Executor, RunReport } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { JSON_BYTE_FUEL } from '../../src/limits.ts'
import { deterministicPart, type RunOptions, requestOf, startExecutor, textOf } from '../run-helpers.ts'

const MATH = `(module
  (global $calls (mut i32) (i32.const 0))
  (func (export "sum_to") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "wide") (param i64 f32 f64) (result f64)
    (f64.add (f64.add (f64.convert_i64_s (local.get 0)) (f64.promote_f32 (local.get 1))) (local.get 2))))`

const exitWith = (imports: string, value: string): string => `(module
  ${imports}
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit ${value})))`

const SUM = (count: number): string =>
  exitWith('(import "math" "sum_to" (func $sum (param i32) (result i32)))', `(call $sum (i32.const ${count}))`)

suite('a program of several modules', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor()
  })
  after(async () => await executor.stop())

  async function run(entry: string, modules: Record<string, string>, options: RunOptions = {}): Promise<RunReport> {
    const linked = await Promise.all(
      Object.entries(modules).map(async ([name, wat]) => ({ name, wasm: await compileWat(wat) })),
    )
    const cid = JSON.stringify([entry, modules])
    await executor.prepare(cid, { entry: await compileWat(entry), modules: linked })
    return await executor.run(requestOf(cid, options))
  }

  test('calls functions of its modules, and all fuel is counted', async () => {
    const few = await run(SUM(10), { math: MATH })
    assert.deepEqual(few.exit, { kind: 'exit', code: 55 })
    const many = await run(SUM(20), { math: MATH })
    // ten rounds of the loop, of nine instructions each
    assert.equal(many.fuelUsed - few.fuelUsed, 90)
    assert.deepEqual(deterministicPart(await run(SUM(20), { math: MATH })), deterministicPart(many))
  })

  test('hands over every kind of number', async () => {
    const wide = '(import "math" "wide" (func $wide (param i64 f32 f64) (result f64)))'
    const sum = '(i32.trunc_f64_s (call $wide (i64.const 7) (f32.const 0.5) (f64.const 2.5)))'
    assert.equal((await run(exitWith(wide, sum), { math: MATH })).exit.code, 10)
  })

  test('hands over one NaN, however often it was called', async () => {
    const same = `(module
      (func (export "wide") (param f64) (result f64) (local.get 0))
      (func (export "narrow") (param f32) (result f32) (local.get 0)))`
    // counts what differs from the canonical NaN, of signalling ones with bits of their own
    const count = `(module
      (import "same" "wide" (func $wide (param f64) (result f64)))
      (import "same" "narrow" (func $narrow (param f32) (result f32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\01\\00\\00\\00\\00\\00\\f4\\ff\\01\\00\\a0\\ff")
      (func (export "_start") (local $i i32) (local $different i32)
        (loop $again
          (local.set $different (i32.add (local.get $different) (i32.add
            (i64.ne (i64.reinterpret_f64 (call $wide (f64.load (i32.const 0)))) (i64.const 0x7ff8000000000000))
            (i32.ne (i32.reinterpret_f32 (call $narrow (f32.load (i32.const 8)))) (i32.const 0x7fc00000)))))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000))))
        (call $exit (local.get $different))))`
    assert.deepEqual((await run(count, { same })).exit, { kind: 'exit', code: 0 })
  })

  test('is out of fuel wherever it is used up', async () => {
    const { fuelUsed } = await run(SUM(20), { math: MATH })
    assert.equal((await run(SUM(20), { math: MATH }, { fuel: fuelUsed })).exit.kind, 'exit')
    const short = await run(SUM(20), { math: MATH }, { fuel: fuelUsed - 1 })
    assert.deepEqual([short.exit.kind, short.fuelUsed], ['out-of-fuel', fuelUsed - 1])
    const inside = await run(SUM(1_000_000), { math: MATH }, { fuel: 1000 })
    assert.deepEqual([inside.exit.kind, inside.fuelUsed], ['out-of-fuel', 1000])
  })

  test('traps in a module as it would in the entry, with exact fuel', async () => {
    const divide = '(import "math" "divide" (func $divide (param i32 i32) (result i32)))'
    const { exit, fuelUsed } = await run(exitWith(divide, '(call $divide (i32.const 1) (i32.const 0))'), { math: MATH })
    assert.deepEqual(exit, { kind: 'divide-by-zero', code: 0 })
    assert.equal(fuelUsed, 6) // two constants, the call, two locals, the division
  })

  test('initializes modules in order, each with its own memory for the host', async () => {
    const speaker = (text: string, imports = '', call = ''): string => `(module
      ${imports}
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\08\\00\\00\\00\\02\\00\\00\\00${text}\\n")
      (func $say (export "say") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20))) ${call})
      (func (export "_initialize") (call $say))
      (func (export "_start") (call $say)))`
    const one = speaker('1')
    const two = speaker('2', '(import "one" "say" (func $one))', '(call $one)')
    const entry = speaker('3', '(import "two" "say" (func $two))', '(call $two)')
    const report = await run(entry, { one, two })
    assert.equal(textOf(report.stdout), '1\n2\n1\n3\n2\n1\n')
    assert.equal(report.memoryPeakBytes, 3 * 65_536)
  })

  test('pays for the JSON of its calls, which is not too deep', async () => {
    const entry = (size: number): string => `(module
      (import "blockless" "mcall" (func $mcall (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 40)
      (data (i32.const 0) "{\\"mcall\\":\\"a::b\\",\\"params\\":")
      (func (export "_start")
        (memory.fill (i32.const 25) (i32.const 0x5b) (i32.const ${size}))
        (memory.fill (i32.const ${25 + size}) (i32.const 0x5d) (i32.const ${size}))
        (i32.store8 (i32.const ${25 + 2 * size}) (i32.const 0x7d))
        (call $exit (call $mcall (i32.const 0) (i32.const ${26 + 2 * size}) (i32.const 2500000) (i32.const 64)))))`
    const { exit, fuelUsed } = await run(entry(1_000_000), { math: MATH }, { fuel: 100_000_000 })
    assert.deepEqual(exit, { kind: 'exit', code: 5 })
    assert.ok(fuelUsed > 2_000_000 * JSON_BYTE_FUEL, `${fuelUsed}`)
  })

  for (const alloc of ['(param i64) (result i32) (i32.const 4096)', '(param funcref) (result i32) (i32.const 4096)']) {
    test(`ends as a call of the wrong type if a module allocates by ${alloc}`, async () => {
      const odd = `(module (import "blockless" "register" (func $register (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "{\\"methods\\":[\\"echo\\"]}")
        (func (export "alloc") ${alloc})
        (func (export "dealloc") (param i32 i32))
        (func (export "echo") (param i32 i32 i32 i32))
        (func (export "_initialize")
          (drop (call $register (i32.const 0) (i32.const 20) (i32.const 500) (i32.const 100)))))`
      const entry = `(module (import "blockless" "mcall" (func $mcall (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "{\\"mcall\\":\\"odd::echo\\"}")
        (func (export "_start")
          (drop (call $mcall (i32.const 0) (i32.const 21) (i32.const 100) (i32.const 64)))))`
      assert.deepEqual((await run(entry, { odd })).exit, { kind: 'indirect-call-type', code: 0 })
    })
  }

  test('registers texts only', async () => {
    const odd = `(module (import "blockless" "register" (func $register (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "{\\"methods\\":[{\\"toString\\":1}]}")
      (func (export "none"))
      (func (export "_initialize")
        (if (i32.ne (call $register (i32.const 0) (i32.const 28) (i32.const 500) (i32.const 100)) (i32.const 5))
          (then (unreachable)))))`
    const entry = '(module (import "odd" "none" (func $none)) (func (export "_start") (call $none)))'
    assert.equal((await run(entry, { odd })).exit.kind, 'exit')
  })

  test('ends as a stack overflow when modules call each other without end', async () => {
    const bounce = `(module (import "blockless" "mcall" (func $mcall (param i32 i32 i32 i32) (result i32)))
      (import "blockless" "register" (func $register (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "{\\"methods\\":[\\"again\\"]}")
      (data (i32.const 100) "{\\"mcall\\":\\"a::again\\"}")
      (func (export "alloc") (param i32) (result i32) (i32.const 4096))
      (func (export "dealloc") (param i32 i32))
      (func $again (export "again") (param i32 i32 i32 i32) (result i32)
        (call $mcall (i32.const 100) (i32.const 20) (i32.const 200) (i32.const 64)))
      (func (export "_initialize") (drop (call $register (i32.const 0) (i32.const 21) (i32.const 200) (i32.const 64))))
      (func (export "start") (drop (call $again (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))`
    const entry = '(module (import "a" "start" (func $start)) (func (export "_start") (call $start)))'
    assert.equal((await run(entry, { a: bounce })).exit.kind, 'stack-overflow')
  })

  /** Says back what it is given, in brackets. */
  const ECHO = `(module
    (import "blockless" "register" (func $register (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (data (i32.const 0) "{\\"methods\\":[\\"echo\\"]}")
    (func (export "alloc") (param $size i32) (result i32)
      (global.get $free) (global.set $free (i32.add (global.get $free) (local.get $size))))
    (func (export "dealloc") (param i32 i32))
    (func (export "echo") (param $from i32) (param $size i32) (param $to i32) (param $max i32) (result i32)
      (i32.store8 (local.get $to) (i32.const 0x3c))
      (memory.copy (i32.add (local.get $to) (i32.const 1)) (local.get $from) (local.get $size))
      (i32.const 0))
    (func (export "_initialize") (drop (call $register (i32.const 0) (i32.const 20) (i32.const 500) (i32.const 100)))))`

  const asking = (request: string): string => `(module
    (import "blockless" "mcall" (func $mcall (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\00\\02\\00\\00\\40\\00\\00\\00")
    (data (i32.const 100) "${request.replaceAll('"', '\\"')}")
    (func (export "_start") (local $error i32)
      (local.set $error (call $mcall (i32.const 100) (i32.const ${request.length}) (i32.const 512) (i32.const 64)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
      (call $exit (local.get $error))))`

  const CALLS = [
    { request: '{"mcall":"m::echo","params":{"a":[1]}}', code: 0, text: '<{"a":[1]}' },
    { request: '{"mcall":"m::echo"}', code: 0, text: '<null' },
    { request: '{"mcall":"m::alloc"}', code: 5, text: '{"code":-1,"message":"no module registered the method' },
    { request: '{"mcall":"nobody::echo"}', code: 5, text: '{"code":-1,"message":"no module registered the method' },
    { request: '{"params":1}', code: 5, text: '{"code":-1,"message":"mcall names no method"}' },
    { request: 'what', code: 5, text: '{"code":-1,"message":"mcall names no method"}' },
  ]
  for (const { request, code, text } of CALLS) {
    test(`mcall ${request} answers ${code}`, async () => {
      const { exit, stdout } = await run(asking(request), { m: ECHO })
      assert.equal(exit.code, code)
      assert.ok(textOf(stdout).startsWith(text), textOf(stdout))
    })
  }

  const REFUSED = [
    { name: 'a name of the host', modules: { env: MATH }, message: /has the name of the host's "env"/ },
    { name: 'a function nobody offers', modules: { math: '(module)' }, message: /"math\.sum_to".*exports no function/ },
    {
      name: 'another type',
      modules: { math: '(module (func (export "sum_to") (param i64)))' },
      message: /imported as \(i32\) -> \(i32\), it is \(i64\) -> \(\)/,
    },
    {
      name: 'references that cross',
      modules: { math: '(module (func (export "sum_to") (param funcref)))' },
      message: /takes and gives numbers/,
    },
  ]
  for (const { name, modules, message } of REFUSED) {
    test(`is refused for ${name}`, async () => {
      await assert.rejects(run(SUM(1), modules), { message })
    })
  }

  test('is refused for two modules of one name', async () => {
    const wasm = await compileWat(MATH)
    const twins = { entry: await compileWat(SUM(1)), modules: [1, 2].map(() => ({ name: 'math', wasm })) }
    await assert.rejects(executor.prepare('twins', twins), { message: /two linked modules have the name "math"/ })
  })
})
