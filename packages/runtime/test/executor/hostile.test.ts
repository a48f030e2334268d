import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { Executor } from '@blockless/runtime'
import { compileWat, fixture, ManualClock } from '@blockless/testing'
import { codeOf, HUGE_FUEL, requestOf, SPIN, startExecutor, textOf, watWithBody } from '../run-helpers.ts'

suite('Executor against hostile guests', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor({ threads: 2, queueMax: 100 })
    await executor.prepare('spin', await compileWat(SPIN))
    await executor.prepare('hello', await fixture('hello'))
    await executor.prepare('echo', await fixture('echo'))
    await executor.prepare('trap', await fixture('trap'))
  })
  after(async () => await executor.stop())

  const spin = (deadlineMs?: number): ReturnType<typeof requestOf> =>
    requestOf('spin', { fuel: HUGE_FUEL, ...(deadlineMs === undefined ? {} : { deadlineMs }) })

  test('run() kills a guest that is past its deadline, soon, and goes on with the next', async () => {
    await executor.run(requestOf('hello'))
    const startMs = performance.now()
    await assert.rejects(executor.run(spin(20)), { code: 'ERR_DEADLINE', message: /still running after 20 ms/ })
    const lateMs = performance.now() - startMs - 20
    assert.ok(lateMs < 1000, `${lateMs} ms late`)
    assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
  })

  test('run() leaves neighbours alone when one guest is killed', async () => {
    const controller = new AbortController()
    const spinning = executor.run(spin(), controller.signal)
    const echoes = Array.from({ length: 20 }, (_, index) => executor.run(requestOf('echo', { stdin: `${index}` })))
    const texts = (await Promise.all(echoes)).map(({ stdout }) => textOf(stdout))
    assert.deepEqual(
      texts,
      texts.map((_, index) => `${index}`),
    )
    controller.abort(new Error('enough'))
    await assert.rejects(spinning, /enough/)
  })

  test('run() kills a guest whose caller aborts, and one that still waits', async () => {
    const controller = new AbortController()
    const runs = [1, 2, 3, 4].map(() => executor.run(spin(), controller.signal))
    controller.abort(new Error('enough'))
    for (const run of runs) await assert.rejects(run, /enough/)
    assert.equal((await executor.run(requestOf('hello'))).exit.kind, 'exit')
  })

  test('run() rejects at once when its signal has been aborted before', async () => {
    await assert.rejects(executor.run(spin(), AbortSignal.abort(new Error('before'))), /before/)
  })

  test('20 mixed runs at once each come to their own end', async () => {
    const kinds = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        switch (index % 4) {
          case 0:
            return (await executor.run(requestOf('hello'))).exit.kind
          case 1:
            return (await executor.run(requestOf('trap'))).exit.kind
          case 2:
            return (await executor.run(requestOf('spin', { fuel: 100_000 }))).exit.kind
          default:
            return await codeOf(executor.run(spin(10)))
        }
      }),
    )
    const expected = ['exit', 'unreachable', 'out-of-fuel', 'ERR_DEADLINE']
    assert.deepEqual(
      kinds,
      Array.from({ length: 20 }, (_, index) => expected[index % 4]),
    )
  })

  test('prepare() takes any bytes without harm', async () => {
    const valid = await fixture('echo')
    for (let turn = 0; turn < 60; turn++) {
      const bytes = valid.slice(0, turn % 3 === 0 ? valid.length - turn : valid.length)
      bytes[8 + ((turn * 37) % (bytes.length - 8))] = (turn * 91) & 0xff
      const cid = `garbage ${turn}`
      const code = await codeOf(executor.prepare(cid, bytes))
      assert.ok(code === undefined || /^ERR_MODULE_/.test(String(code)), `${code}`)
      // what is left valid may do as it likes inside its limits
      if (code === undefined) await executor.run(requestOf(cid, { fuel: 10_000 })).catch(() => {})
    }
    assert.equal((await executor.run(requestOf('hello'))).exit.kind, 'exit')
  })

  test('run() refuses what its queue cannot hold', async () => {
    await using small = await startExecutor({ threads: 1, queueMax: 1 })
    await small.prepare('spin', await compileWat(SPIN))
    const controller = new AbortController()
    const runs = [1, 2].map(() => small.run(spin(), controller.signal))
    await assert.rejects(small.run(spin()), { code: 'ERR_QUEUE_FULL', message: /1 wait already, at most 1 may/ })
    controller.abort()
    await Promise.allSettled(runs)
  })

  test('prepare() drops the modules used longest ago when they pass the limit', async () => {
    const wat = (index: number): string => watWithBody(`(drop (i32.const ${index}))`)
    const modules = await Promise.all([1, 2, 3].map((index) => compileWat(wat(index))))
    const size = modules[0]?.length ?? 0
    await using small = await startExecutor({ moduleCacheBytesMax: size * 2 })
    for (const [index, wasm] of modules.entries()) {
      await small.prepare(`${index}`, wasm)
      if (index === 1) await small.run(requestOf('0'))
    }
    assert.deepEqual(
      ['0', '1', '2'].map((cid) => small.has(cid)),
      [true, false, true],
    )
    assert.equal((await small.run(requestOf('0'))).exit.kind, 'exit')
  })

  test('a run ends although its module is dropped meanwhile, also when it has to be replayed', async () => {
    const count = '(local $i i32) (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))'
    const slow = await compileWat(watWithBody(`${count} (i32.const 3000000)))) (drop (i32.load (i32.const -4)))`))
    const other = await fixture('hello')
    await using small = await startExecutor({ moduleCacheBytesMax: 1 })
    await small.prepare('slow', slow)
    const running = [1, 2].map(() => small.run(requestOf('slow', { fuel: HUGE_FUEL })))
    await small.prepare('other', other)
    assert.equal(small.has('slow'), false)
    for (const { exit, fuelUsed } of await Promise.all(running)) {
      assert.deepEqual([exit.kind, fuelUsed], ['memory-out-of-bounds', 3_000_000 * 7 + 2])
    }
    assert.equal((await small.run(requestOf('other'))).exit.kind, 'exit')
  })

  test('prepare() of one function from several callers reads it once; one that gives up leaves the others', async () => {
    await using small = await startExecutor()
    const wasm = await fixture('hello')
    const controller = new AbortController()
    const aborted = small.prepare('hello', wasm, controller.signal)
    const kept = small.prepare('hello', wasm)
    controller.abort(new Error('enough'))
    await assert.rejects(aborted, /enough/)
    assert.equal(await small.prepare('hello', wasm), await kept)
  })

  test('a crash of the process rejects its runs, and it starts again empty', async () => {
    const { promise: crashed, resolve } = Promise.withResolvers<void>()
    const log = { error: () => {}, info: () => {}, debug: () => {}, warn: () => resolve() }
    await using fragile = await startExecutor({ threads: 2 }, log)
    await fragile.prepare('spin', await compileWat(SPIN))
    const runs = [1, 2, 3].map(() => codeOf(fragile.run(spin())))
    const first = fragile.pid ?? 0
    process.kill(first, 'SIGKILL')
    assert.deepEqual(await Promise.all(runs), Array(3).fill('ERR_EXECUTOR_CRASHED'))
    await crashed
    assert.equal(fragile.has('spin'), false)
    await fragile.prepare('hello', await fixture('hello'))
    assert.equal((await fragile.run(requestOf('hello'))).exit.kind, 'exit')
    assert.notEqual(fragile.pid, first)
  })

  test('a process that does not answer is killed after its silence', async () => {
    const clock = new ManualClock()
    await using silent = new Executor({ log: silentLogger, clock }, { threads: 1 })
    await silent.start()
    await silent.prepare('spin', await compileWat(SPIN))
    const run = silent.run(spin())
    process.kill(silent.pid ?? 0, 'SIGSTOP')
    const failed = assert.rejects(run, { code: 'ERR_EXECUTOR_CRASHED', message: /it did not answer for 10000 ms/ })
    await clock.advance(20_000)
    await failed
  })

  test('stop() rejects what is running and ends the process', async () => {
    const stopped = await startExecutor({ threads: 1 })
    await stopped.prepare('spin', await compileWat(SPIN))
    const runs = [1, 2].map(() => codeOf(stopped.run(spin())))
    await stopped.stop()
    assert.deepEqual(await Promise.all(runs), ['ERR_ABORTED', 'ERR_ABORTED'])
    assert.equal(stopped.pid, undefined)
    assert.equal(await codeOf(stopped.prepare('x', await compileWat(SPIN))), 'ERR_EXECUTOR_STATE')
    await stopped.start()
    await stopped.prepare('hello', await fixture('hello'))
    assert.equal((await stopped.run(requestOf('hello'))).exit.kind, 'exit')
    await stopped.stop()
  })

  test('start() rejects with the reason of its signal and leaves no process', async () => {
    const late = new Executor({ log: silentLogger, clock: systemClock }, { threads: 1 })
    const controller = new AbortController()
    const starting = late.start(controller.signal)
    controller.abort(new Error('changed my mind'))
    await assert.rejects(starting, /changed my mind/)
    assert.equal(late.pid, undefined)
  })

  test('the process ends when its owner is killed, even while guests spin', async (t) => {
    const { spawn } = await import('node:child_process')
    const script = new URL('./fixtures/orphan.ts', import.meta.url)
    const owner = spawn(process.execPath, [script.pathname], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(owner.stdout, 'data')
    const pid = Number(String(line))
    assert.ok(isAlive(pid))
    owner.kill('SIGKILL')
    await t.waitFor(() => assert.ok(!isAlive(pid)), { interval: 5, timeout: 10_000 })
  })
})

/** Whether a process runs; one that ended but was not collected by its new parent does not. */
function isAlive(pid: number): boolean {
  const { existsSync, readFileSync } = process.getBuiltinModule('node:fs')
  if (existsSync('/proc/self/stat')) {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    } catch {
      return false
    }
  }
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
