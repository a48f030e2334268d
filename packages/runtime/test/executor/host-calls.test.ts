import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { type Executor, type HostFamily, RunHost } from '@blockless/runtime'
import { compileWat, fixture } from '@blockless/testing'
import { CLOSED_GATE } from '../../src/policy/gate.ts'
import { codeOf, deterministicPart, HUGE_FUEL, requestOf, SPIN, startExecutor, textOf } from '../run-helpers.ts'
import { World } from './world.ts'

/** Makes `count` host calls, writes what each gave, and then does what `end` says. */
const asking = (count: number, end = ''): string => `(module
  (import "blockless_ipfs" "ipfs_command" (func $ask (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\64\\00\\00\\00\\04\\00\\00\\00")
  (data (i32.const 200) "{\\"api\\":\\"files/stat\\",\\"args\\":[]}")
  (func (export "_start") (local $i i32)
    (loop $again
      (i32.store (i32.const 100) (i32.const 0x21212121))
      (drop (call $ask (i32.const 200) (i32.const 31) (i32.const 300) (i32.const 100)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))
    ${end}))`

suite('guests that wait for the world outside', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor({ threads: 1 })
    await executor.prepare('ask', await compileWat(asking(1)))
    await executor.prepare('ask twice', await compileWat(asking(2)))
    await executor.prepare(
      'ask and trap',
      await compileWat(asking(1, '(drop (i32.div_s (i32.const 1) (i32.const 0)))')),
    )
    await executor.prepare('hello', await fixture('hello'))
    await executor.prepare('spin', await compileWat(SPIN))
  })
  after(async () => await executor.stop())

  test('get their answers, which are kept and make the run impure', async () => {
    const world = new World()
    await using host = world.host()
    const report = await executor.run(requestOf('ask twice'), undefined, host)
    assert.equal(report.stdout.length, 8)
    assert.equal(report.isPure, false)
    assert.equal(report.transcript.length, 2)
    assert.notDeepEqual(report.transcriptHash, new Uint8Array(32))
    assert.equal(world.seen[0]?.name.split('.')[0], 'ipfs')
  })

  test('are told what nobody offers', async () => {
    const report = await executor.run(requestOf('ask'))
    assert.equal(report.exit.kind, 'exit')
    assert.equal(report.transcript.length, 1)
  })

  test('leave their thread to others', async () => {
    const world = new World({ isOpen: false })
    await using host = world.host()
    const run = executor.run(requestOf('ask'), undefined, host)
    await world.calls(1)
    for (let turn = 0; turn < 3; turn++)
      assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
    world.release()
    assert.equal((await run).exit.kind, 'exit')
  })

  test('wait by the hundred on one thread', async () => {
    const world = new World({ isOpen: false })
    const hosts = Array.from({ length: 300 }, () => world.host())
    const runs = hosts.map(async (host) => await executor.run(requestOf('ask'), undefined, host))
    await world.calls(300)
    assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
    world.release(300)
    assert.deepEqual(new Set((await Promise.all(runs)).map(({ exit }) => exit.kind)), new Set(['exit']))
    for (const host of hosts) await host.close()
  })

  test('begin again when their thread is lost to another guest, and nothing is done twice', async () => {
    const world = new World({ isOpen: false })
    await using host = world.host()
    const run = executor.run(requestOf('ask twice'), undefined, host)
    await world.calls(1)
    world.release()
    await world.calls(2)
    // it computes on the thread where the other one is parked
    await assert.rejects(executor.run(requestOf('spin', { fuel: HUGE_FUEL, deadlineMs: 30 })), { code: 'ERR_DEADLINE' })
    world.release()
    const report = await run
    assert.equal(report.exit.kind, 'exit')
    assert.equal(world.seen.length, 2)
    const open = new World()
    await using other = open.host()
    assert.deepEqual(
      deterministicPart(report),
      deterministicPart(await executor.run(requestOf('ask twice'), undefined, other)),
    )
  })

  test('go on elsewhere when another guest computes on their thread', async () => {
    await using two = await startExecutor({ threads: 2 })
    await two.prepare('ask', await compileWat(asking(2)))
    await two.prepare('spin', await compileWat(SPIN))
    const world = new World({ isOpen: false })
    await using host = world.host()
    const run = two.run(requestOf('ask'), undefined, host)
    await world.calls(1)
    // the only thread that there is yet has room for it
    const controller = new AbortController()
    const spinning = two.run(requestOf('spin', { fuel: HUGE_FUEL }), controller.signal)
    await new Promise((resolve) => setTimeout(resolve, 20))
    world.release()
    await world.calls(2)
    world.release()
    assert.equal((await run).exit.kind, 'exit')
    assert.equal(world.seen.length, 2)
    controller.abort(new Error('enough'))
    await assert.rejects(spinning, /enough/)
  })

  test('are counted exactly after a trap without asking twice', async () => {
    const world = new World()
    await using host = world.host()
    const { exit, fuelUsed, transcript } = await executor.run(requestOf('ask and trap'), undefined, host)
    assert.equal(exit.kind, 'divide-by-zero')
    assert.equal(world.seen.length, 1)
    assert.equal(transcript.length, 1)
    await using again = world.host({ replay: transcript })
    assert.equal((await executor.run(requestOf('ask and trap'), undefined, again)).fuelUsed, fuelUsed)
    // one unit less, and the run ends before the division
    const short = await executor.run(requestOf('ask and trap', { fuel: fuelUsed - 1 }), undefined, world.host())
    assert.equal(short.exit.kind, 'out-of-fuel')
  })

  test('end at their deadline and when they are cancelled, and their thread goes on', async () => {
    const { pid } = executor
    const world = new World({ isOpen: false })
    const host = world.host()
    assert.equal(await codeOf(executor.run(requestOf('ask', { deadlineMs: 30 }), undefined, host)), 'ERR_DEADLINE')
    await host.close()
    const controller = new AbortController()
    const second = world.host()
    const run = executor.run(requestOf('ask'), controller.signal, second)
    await world.calls(2)
    controller.abort(new Error('enough'))
    await assert.rejects(run, /enough/)
    await second.close()
    assert.equal(world.closed, 2)
    assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
    assert.equal(executor.pid, pid)
  })

  test('are replayed from their record without the world', async () => {
    const world = new World()
    await using first = world.host()
    const report = await executor.run(requestOf('ask twice'), undefined, first)
    await using second = world.host({ replay: report.transcript })
    assert.deepEqual(
      deterministicPart(await executor.run(requestOf('ask twice'), undefined, second)),
      deterministicPart(report),
    )
    assert.equal(world.seen.length, 2)
    await using short = world.host({ replay: report.transcript.slice(0, 1) })
    assert.equal(await codeOf(executor.run(requestOf('ask twice'), undefined, short)), 'ERR_REPLAY_DIVERGED')
  })

  test('go on in a new executor with what they were told in the one that broke', async () => {
    await using own = await startExecutor({ threads: 1 })
    const wasm = await compileWat(asking(2))
    await own.prepare('ask', wasm)
    const world = new World({ isOpen: false })
    await using host = world.host()
    const run = own.run(requestOf('ask'), undefined, host)
    await world.calls(1)
    world.release()
    await world.calls(2)
    process.kill(own.pid ?? 0, 'SIGKILL')
    assert.equal(await codeOf(run), 'ERR_EXECUTOR_CRASHED')
    await own.prepare('ask', wasm)
    const again = own.run(requestOf('ask'), undefined, host)
    world.release()
    assert.equal((await again).exit.kind, 'exit')
    assert.equal(world.seen.length, 2)
  })

  test('fail alone when the node cannot serve their call', async () => {
    const broken: HostFamily = {
      name: 'ipfs',
      open: () => ({ call: async () => await Promise.reject(new Error('no luck')), close: async () => {} }),
    }
    const components = { families: [broken], clock: systemClock, log: silentLogger }
    await using host = new RunHost(components, { functionCid: 'bafy', gate: CLOSED_GATE })
    const { pid } = executor
    await assert.rejects(executor.run(requestOf('ask'), undefined, host), { code: 'ERR_HOST_CALL', message: /no luck/ })
    assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
    assert.equal(executor.pid, pid)
  })

  test('are refused when too many wait', async () => {
    await using small = await startExecutor({ threads: 1, queueMax: 0, guestsMax: 3 })
    await small.prepare('ask', await compileWat(asking(1)))
    const world = new World({ isOpen: false })
    const runs: Promise<unknown>[] = []
    for (let count = 1; count <= 3; count++) {
      runs.push(small.run(requestOf('ask'), undefined, world.host()))
      await world.calls(count)
    }
    assert.equal(await codeOf(small.run(requestOf('ask'))), 'ERR_QUEUE_FULL')
    world.release(3)
    await Promise.all(runs)
  })
})
