import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Executor } from '@blockless/runtime'
import { compileWat, fixture } from '@blockless/testing'
import {
  codeOf,
  deterministicPart,
  type RunOptions,
  requestOf,
  runWat,
  startExecutor,
  textOf,
  watWithBody,
} from '../run-helpers.ts'

const MEMORY = '(memory (export "memory") 1)'

/** Ends that every node must name alike; `fuel` is exact by the fuel table. */
const ENDS: readonly { name: string; wat: string; kind: string; code?: number; fuel?: number; options?: RunOptions }[] =
  [
    { name: 'a return', wat: watWithBody('nop'), kind: 'exit', fuel: 0 },
    { name: 'unreachable', wat: watWithBody('(drop (i32.const 1)) unreachable'), kind: 'unreachable', fuel: 1 },
    {
      name: 'a load outside the memory',
      wat: watWithBody('(drop (i32.const 1)) (drop (i32.load (i32.const -4))) (drop (i32.const 1))'),
      kind: 'memory-out-of-bounds',
      fuel: 3,
    },
    {
      name: 'a division by zero',
      wat: watWithBody('(drop (i32.div_s (i32.const 1) (i32.const 0)))'),
      kind: 'divide-by-zero',
      fuel: 3,
    },
    {
      name: 'a remainder by zero',
      wat: watWithBody('(drop (i64.rem_u (i64.const 1) (i64.const 0)))'),
      kind: 'divide-by-zero',
      fuel: 3,
    },
    {
      name: 'a division that overflows',
      wat: watWithBody('(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))'),
      kind: 'integer-overflow',
      fuel: 3,
    },
    {
      name: 'a conversion that does not fit',
      wat: watWithBody('(drop (i32.trunc_f64_s (f64.const 1e30)))'),
      kind: 'invalid-conversion',
      fuel: 2,
    },
    {
      name: 'a call through a null entry',
      wat: watWithBody('(call_indirect (i32.const 0))', `${MEMORY} (table 1 funcref)`),
      kind: 'indirect-call-type',
    },
    {
      name: 'a call with another type',
      wat: watWithBody(
        '(call_indirect (param i32) (i32.const 1) (i32.const 0))',
        `${MEMORY} (table funcref (elem $f)) (func $f)`,
      ),
      kind: 'indirect-call-type',
    },
    {
      name: 'a call beyond the table',
      wat: watWithBody('(call_indirect (i32.const 9))', `${MEMORY} (table 1 funcref)`),
      kind: 'table-out-of-bounds',
    },
    {
      name: 'a table access beyond the table',
      wat: watWithBody('(drop (table.get (i32.const 9)))', `${MEMORY} (table 1 funcref)`),
      kind: 'table-out-of-bounds',
    },
    {
      name: 'a data segment outside the memory',
      wat: watWithBody('nop', `${MEMORY} (data (i32.const 65536) "x")`),
      kind: 'memory-out-of-bounds',
      fuel: 0,
    },
    {
      name: 'an element segment outside the table',
      wat: watWithBody('nop', `${MEMORY} (table 1 funcref) (elem (i32.const 1) $f) (func $f)`),
      kind: 'table-out-of-bounds',
      fuel: 0,
    },
    {
      name: 'endless recursion',
      wat: `(module ${MEMORY} (func $f (export "_start") (call $f)))`,
      kind: 'stack-overflow',
    },
    {
      name: 'endless recursion with large frames',
      wat: `(module ${MEMORY} (func $f (export "_start") (local ${'i64 '.repeat(2000)}) (call $f)))`,
      kind: 'stack-overflow',
    },
    {
      name: 'endless recursion with many vectors as parameters',
      wat: `(module ${MEMORY} (func $f (param ${'v128 '.repeat(500)}) (result ${'v128 '.repeat(500)})
      ${Array.from({ length: 500 }, (_, index) => `(local.get ${index})`).join(' ')} (call $f))
      (func (export "_start") ${'(v128.const i64x2 1 2) '.repeat(500)} (call $f) ${'drop '.repeat(500)}))`,
      kind: 'stack-overflow',
    },
    {
      name: 'endless recursion through the table',
      wat: `(module ${MEMORY} (table funcref (elem $f)) (func $f (export "_start") (call_indirect (i32.const 0))))`,
      kind: 'stack-overflow',
    },
    {
      name: 'a loop without end',
      wat: watWithBody('(loop $l (br $l))'),
      kind: 'out-of-fuel',
      fuel: 1000,
      options: { fuel: 1000 },
    },
    {
      name: 'a start function that loops',
      wat: '(module (func $s (loop $l (br $l))) (start $s) (func (export "_start")))',
      kind: 'out-of-fuel',
      fuel: 5000,
      options: { fuel: 5000 },
    },
    {
      name: 'a start function that traps',
      wat: '(module (func $s unreachable) (start $s) (func (export "_start")))',
      kind: 'unreachable',
    },
    {
      name: 'fuel that ends between two checks',
      wat: watWithBody('(drop (i32.const 1)) (drop (i32.const 1)) (drop (i32.const 1))'),
      kind: 'out-of-fuel',
      fuel: 2,
      options: { fuel: 2 },
    },
    {
      name: 'fuel that is just enough',
      wat: watWithBody('(drop (i32.const 1)) (drop (i32.const 1))'),
      kind: 'exit',
      fuel: 2,
      options: { fuel: 2 },
    },
    {
      name: 'a trap after the fuel has ended',
      wat: watWithBody('(drop (i32.const 1)) (drop (i32.load (i32.const -4)))'),
      kind: 'out-of-fuel',
      fuel: 2,
      options: { fuel: 2 },
    },
    {
      name: 'a trap after memory was refused',
      wat: watWithBody('(if (i32.eq (memory.grow (i32.const 900)) (i32.const -1)) (then unreachable))'),
      kind: 'memory-limit',
    },
    { name: 'memory refused and handled', wat: watWithBody('(drop (memory.grow (i32.const 900)))'), kind: 'exit' },
    {
      name: 'memory refused by the module itself',
      wat: watWithBody('(drop (memory.grow (i32.const 9))) unreachable', '(memory (export "memory") 1 2)'),
      kind: 'unreachable',
    },
    {
      name: 'more initial memory than allowed',
      wat: watWithBody('nop', '(memory (export "memory") 300)'),
      kind: 'memory-limit',
      fuel: 0,
    },
    {
      name: 'an exit with a code',
      wat: `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) ${MEMORY}
      (func (export "_start") (call $exit (i32.const 300)) unreachable))`,
      kind: 'exit',
      code: 300,
      fuel: 2,
    },
    {
      name: 'an exit of the older snapshot',
      wat: `(module (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
      (func (export "_start") (call $exit (i32.const 3))))`,
      kind: 'exit',
      code: 3,
    },
  ]

suite('Executor.run()', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor({ threads: 2 })
  })
  after(async () => await executor.stop())

  for (const { name, wat, kind, code = 0, fuel, options } of ENDS) {
    test(`names the end of a run: ${name}`, async () => {
      const report = await runWat(executor, wat, options)
      assert.deepEqual(report.exit, { kind, code })
      if (fuel !== undefined) assert.equal(report.fuelUsed, fuel)
      // the engine's own limit is a hundred times deeper, and not the same everywhere
      if (kind === 'stack-overflow') assert.ok(report.fuelUsed < 100_000)
      const again = await executor.run(requestOf(wat, options))
      assert.deepEqual(deterministicPart(again), deterministicPart(report))
    })
  }

  test('gives stdin and takes stdout', async () => {
    await executor.prepare('echo', await fixture('echo'))
    const stdin = new Uint8Array(200_000).map((_, index) => index * 7)
    const report = await executor.run(requestOf('echo', { stdin, outputBytes: 200_000 }))
    assert.deepEqual(report.exit, { kind: 'exit', code: 0 })
    assert.deepEqual(report.stdout, stdin)
    assert.equal(report.memoryPeakBytes, 131_072)
    assert.equal(report.isPure, true)
    assert.deepEqual(report.transcriptHash, new Uint8Array(32))
  })

  test('gives arguments after the name', async () => {
    await executor.prepare('exit', await fixture('exit'))
    assert.equal((await executor.run(requestOf('exit', { args: ['42'] }))).exit.code, 42)
  })

  test('ends a guest that writes for ever at the limit, with what fits', async () => {
    await executor.prepare('output-bomb', await fixture('output-bomb'))
    const { exit, stdout } = await executor.run(requestOf('output-bomb', { outputBytes: 100_000 }))
    assert.deepEqual([exit.kind, stdout.length], ['output-limit', 100_000])
  })

  test('ends a guest that takes memory for ever at the limit', async () => {
    await executor.prepare('memory-bomb', await fixture('memory-bomb'))
    const { exit, memoryPeakBytes } = await executor.run(requestOf('memory-bomb', { memoryBytes: 5_000_000 }))
    assert.deepEqual([exit.kind, memoryPeakBytes], ['memory-limit', 76 * 65_536])
  })

  test('calls _initialize before another entry than _start', async () => {
    const wat = `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (global $code (mut i32) (i32.const 0))
      (func (export "_initialize") (global.set $code (i32.const 5)))
      (func (export "handle") (call $exit (global.get $code))))`
    assert.equal((await runWat(executor, wat, { entry: 'handle' })).exit.code, 5)
  })

  test('gives every run a fresh instance', async () => {
    const wat = `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) ${MEMORY}
      (func (export "_start") (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $exit (i32.load (i32.const 0)))))`
    for (let turn = 0; turn < 3; turn++) assert.equal((await runWat(executor, wat)).exit.code, 1)
  })

  test('reads stdin and environment through blockless_memory', async () => {
    const wat = `(module
      (import "blockless_memory" "memory_read" (func $memory (param i32 i32 i32) (result i32)))
      (import "blockless_memory" "env_var_read" (func $env (param i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      ${MEMORY}
      (func (export "_start")
        (drop (call $memory (i32.const 100) (i32.const 3) (i32.const 4)))
        (i32.store (i32.const 0) (i32.const 100))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (drop (call $env (i32.const 100) (i32.const 1000) (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`
    const { stdout } = await runWat(executor, wat, { stdin: 'longer', env: { B: 'say "x"', A: '1' } })
    assert.equal(textOf(stdout), 'lon{"A": "1","B": "say \\"x\\""}')
  })

  test('runs the same request to the same result on different threads', async () => {
    await executor.prepare('echo', await fixture('echo'))
    const reports = await Promise.all(
      Array.from({ length: 8 }, () => executor.run(requestOf('echo', { stdin: 'same' }))),
    )
    for (const report of reports) assert.deepEqual(deterministicPart(report), deterministicPart(reports[0] ?? report))
  })

  test('refuses an entry that is not there, naming those that are', async () => {
    await executor.prepare('echo', await fixture('echo'))
    await assert.rejects(executor.run(requestOf('echo', { entry: 'main' })), {
      code: 'ERR_MODULE_ENTRY',
      message: /"main" without parameters, use one of "_start"/,
    })
  })

  test('refuses a function that was not prepared', async () => {
    assert.equal(executor.has('nobody'), false)
    assert.equal(await codeOf(executor.run(requestOf('nobody'))), 'ERR_MODULE_NOT_PREPARED')
  })

  test('prepare() refuses what is not a module, and does not keep it', async () => {
    const garbage = executor.prepare('garbage', new TextEncoder().encode('hello'))
    await assert.rejects(garbage, { code: 'ERR_MODULE_INVALID', message: /it is text/ })
    assert.equal(executor.has('garbage'), false)
    const missing = await compileWat('(module (import "env" "abrot" (func)))')
    await assert.rejects(executor.prepare('missing', missing), { code: 'ERR_MODULE_IMPORT', message: /"env.abort"/ })
  })
})
