import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { CLOSED_GATE, type Executor, RunHost, type RunReport } from '@blockless/runtime'
import { compileWat, fixture } from '@blockless/testing'
import { codeOf, deterministicPart, type RunOptions, requestOf, startExecutor, textOf } from '../run-helpers.ts'

// Each attack comes to an end that has a name, and the executor serves the next run on the same process.

const WASI = 'import "wasi_snapshot_preview1"'
/** Makes a guest one that may wait, so that it runs on a stack of its own. */
const WAITS = '(import "blockless_ipfs" "ipfs_close" (func $wait (param i32) (result i32)))'

const start = (body: string, rest = ''): string => `(module ${rest} (memory (export "memory") 1)
  (func (export "_start") (local $i i32) ${body}))`
const recursion = (imports: string, locals = ''): string => `(module ${imports}
  (memory (export "memory") 1)
  (func $down (param i32) (result i32) ${locals} (i32.add (call $down (local.get 0)) (i32.const 1)))
  (func (export "_start") (drop (call $down (i32.const 0)))))`
const MANY_LOCALS = `(local ${'i64 '.repeat(400)})`

interface Attack {
  readonly name: string
  readonly wat: string
  readonly kind: string
  readonly options?: RunOptions
}

const ATTACKS: readonly Attack[] = [
  { name: 'a loop without end', wat: start('(loop $l (br $l))'), kind: 'out-of-fuel' },
  {
    name: 'a start function that never returns',
    wat: '(module (func $s (loop $l (br $l))) (start $s) (func (export "_start")))',
    kind: 'out-of-fuel',
  },
  { name: 'recursion', wat: recursion(''), kind: 'stack-overflow' },
  { name: 'recursion with large frames', wat: recursion('', MANY_LOCALS), kind: 'stack-overflow' },
  { name: 'recursion on a stack of its own', wat: recursion(WAITS), kind: 'stack-overflow' },
  {
    name: 'recursion with large frames on a stack of its own',
    wat: recursion(WAITS, MANY_LOCALS),
    kind: 'stack-overflow',
  },
  {
    name: 'recursion through a table',
    wat: `(module (table 1 funcref) (elem (i32.const 0) $down) (type $t (func))
      (func $down (call_indirect (type $t) (i32.const 0)) (nop)) (func (export "_start") (call $down)))`,
    kind: 'stack-overflow',
  },
  {
    name: 'growing memory without end',
    wat: start('(loop $l (drop (memory.grow (i32.const 1))) (br $l))'),
    kind: 'out-of-fuel',
  },
  {
    name: 'asking for all memory at once',
    wat: start('(if (i32.lt_s (memory.grow (i32.const 65535)) (i32.const 0)) (then (unreachable)))'),
    kind: 'memory-limit',
  },
  {
    name: 'growing a table without end',
    wat: start('(loop $l (drop (table.grow (ref.null func) (i32.const 100000))) (br $l))', '(table 1 funcref)'),
    kind: 'out-of-fuel',
  },
  {
    name: 'a data segment behind the memory',
    wat: start('', '(data (i32.const 70000) "x")'),
    kind: 'memory-out-of-bounds',
  },
  {
    name: 'an element segment behind the table',
    wat: start('', '(table 1 funcref) (elem (i32.const 9) $f) (func $f)'),
    kind: 'table-out-of-bounds',
  },
  {
    name: 'filling memory again and again',
    wat: start('(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l))'),
    kind: 'out-of-fuel',
  },
  {
    name: 'throwing and catching without end',
    wat: start('(loop $l (try (do (throw $e)) (catch $e)) (br $l))', '(tag $e)'),
    kind: 'out-of-fuel',
  },
  {
    name: 'drawing randomness without end',
    wat: start(
      '(loop $l (drop (call $random (i32.const 0) (i32.const 65536))) (br $l))',
      `(${WASI} "random_get" (func $random (param i32 i32) (result i32)))`,
    ),
    kind: 'out-of-fuel',
  },
  {
    name: 'sleeping for ever',
    wat: start(
      `(i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const -1))
       (loop $l (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))) (br $l))`,
      `(${WASI} "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))`,
    ),
    kind: 'out-of-fuel',
  },
  {
    name: 'calling the host without end',
    wat: start('(loop $l (drop (call $wait (i32.const 1))) (br $l))', WAITS),
    kind: 'out-of-fuel',
  },
]

suite('an executor under attack', () => {
  let executor: Executor
  let pid: number | undefined
  before(async () => {
    executor = await startExecutor({ threads: 1 })
    await executor.prepare('hello', await fixture('hello'))
    await executor.run(requestOf('hello'))
    pid = executor.pid
  })
  after(async () => await executor.stop())

  async function attack(wat: string, options: RunOptions = {}, host?: RunHost): Promise<RunReport> {
    await executor.prepare(wat, await compileWat(wat))
    return await executor.run(requestOf(wat, options), undefined, host)
  }

  async function assertServing(): Promise<void> {
    assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
    assert.equal(executor.pid, pid, 'the process was replaced')
  }

  for (const { name, wat, kind, options } of ATTACKS) {
    test(`ends ${name} as ${kind}`, async () => {
      const report = await attack(wat, options)
      assert.equal(report.exit.kind, kind)
      assert.deepEqual(deterministicPart(await attack(wat, options)), deterministicPart(report))
      await assertServing()
    })
  }

  test('serves the host at the deepest call that there can be', async () => {
    for (const imports of ['', WAITS]) {
      const deep = `(module ${imports}
        (${WASI} "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00") (data (i32.const 16) "hi\\n")
        (func $down (param i32) (result i32)
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (i32.add (call $down (local.get 0)) (i32.const 1)))
        (func (export "_start") (drop (call $down (i32.const 0)))))`
      const { exit, stdout } = await attack(deep)
      assert.equal(exit.kind, 'stack-overflow')
      assert.ok(stdout.length > 3000, `${stdout.length} bytes`)
      await assertServing()
    }
  })

  test('ends a flood of host calls at its limit, whatever the guest makes of that', async () => {
    const flood = start('(loop $l (drop (call $wait (i32.const 1))) (br $l))', WAITS)
    const components = { families: [], clock: systemClock, log: silentLogger }
    await using host = new RunHost(components, { functionCid: 'x', gate: CLOSED_GATE, limits: { callsMax: 5 } })
    const { exit, transcript } = await attack(flood, { fuel: 1_000_000 }, host)
    assert.equal(exit.kind, 'call-limit')
    assert.equal(transcript.length, 6)
    // an end that is caught is the end all the same
    const stubborn = start('(loop $l (try (do (drop (call $wait (i32.const 1)))) (catch_all)) (br $l))', WAITS)
    await using second = new RunHost(components, { functionCid: 'x', gate: CLOSED_GATE, limits: { callsMax: 5 } })
    const caught = await attack(stubborn, { fuel: 1_000_000 }, second)
    assert.equal(caught.transcript.length, 6)
    assert.ok(['call-limit', 'out-of-fuel'].includes(caught.exit.kind), caught.exit.kind)
    await assertServing()
  })

  test('takes a module of 100,000 functions', async () => {
    const functions = '(func (nop))'.repeat(100_000)
    const { exit } = await attack(`(module ${functions} (func (export "_start")))`)
    assert.equal(exit.kind, 'exit')
    await assertServing()
  })

  const TOO_LARGE = [
    { name: 'zeros', bytes: () => new Uint8Array(200_000_000) },
    {
      name: 'one custom section',
      bytes: () => {
        const bytes = new Uint8Array(200_000_000)
        // magic, version, custom section of 199,999,987 bytes with an empty name
        bytes.set([0, 97, 115, 109, 1, 0, 0, 0, 0, 0xf3, 0xc7, 0xaf, 0x5f])
        return bytes
      },
    },
  ]
  for (const { name, bytes } of TOO_LARGE) {
    test(`refuses a module of 200 MB that is ${name}`, async () => {
      await assert.rejects(executor.prepare('large', bytes()), {
        code: 'ERR_MODULE_INVALID',
        message: /200000000 bytes/,
      })
      await assertServing()
    })
  }

  test('ends blocks nested as deeply as bytes allow', async () => {
    const depth = 200_000
    const body = [...Array(depth).fill([0x02, 0x40]).flat(), ...Array(depth).fill(0x0b), 0x0b]
    const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)])
    const code = [1, ...leb(body.length + 1), 0, ...body]
    const head = [
      0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 10, 1, 6, 95, 115, 116, 97, 114, 116, 0, 0,
    ]
    const wasm = Uint8Array.from([...head, 10, ...leb(code.length), ...code])
    const code1 = await codeOf(executor.prepare('nested', wasm))
    assert.ok(code1 === undefined || /^ERR_MODULE_/.test(String(code1)) || typeof code1 === 'object', `${code1}`)
    await assertServing()
  })
})
