import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Clock, silentLogger, systemClock } from '@blockless/core'
import { CLOSED_GATE, clockFamily, type Executor, RunHost, type RunReport } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { requestOf, startExecutor } from '../run-helpers.ts'

/** Reads the clock, sleeps 25 s, then until a moment of the monotonic clock, and reads the clock again. */
const PROGRAM = `(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\18\\00\\00\\00")
  (func (export "_start")
    (drop (call $time (i32.const 0) (i64.const 0) (i32.const 16)))
    (i32.store (i32.const 116) (i32.const 1))
    (i64.store (i32.const 124) (i64.const 25000000000))
    (drop (call $poll (i32.const 100) (i32.const 300) (i32.const 1) (i32.const 400)))
    (drop (call $time (i32.const 1) (i64.const 0) (i32.const 24)))
    (i64.store (i32.const 124) (i64.add (i64.load (i32.const 24)) (i64.const 3000000)))
    (i32.store16 (i32.const 140) (i32.const 1))
    (drop (call $poll (i32.const 100) (i32.const 300) (i32.const 1) (i32.const 400)))
    (drop (call $time (i32.const 1) (i64.const 0) (i32.const 32)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 400)))))`

/** A clock that moves only when somebody sleeps. */
function testClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = []
  const sum = (): number => slept.reduce((all, ms) => all + ms, 0)
  return {
    slept,
    now: () => 1_000 + sum(),
    monotonic: () => 5.5 + sum(),
    sleep: async (ms) => void slept.push(ms),
    schedule: (ms, task) => systemClock.schedule(ms, task),
  }
}

suite('a run with the clock of the machine', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor()
    await executor.prepare('clock', await compileWat(PROGRAM))
  })
  after(async () => await executor.stop())

  const run = async (host: RunHost): Promise<RunReport> =>
    await executor.run({ ...requestOf('clock'), clock: 'real' }, undefined, host)
  const timesOf = ({ stdout }: RunReport): readonly bigint[] => [...new BigUint64Array(stdout.slice().buffer, 0, 3)]

  test('is told its time, sleeps for real, and can be replayed', async () => {
    const clock = testClock()
    const init = { functionCid: 'clock', gate: CLOSED_GATE }
    await using host = new RunHost({ families: [clockFamily], clock, log: silentLogger }, init)
    const report = await run(host)
    assert.deepEqual(timesOf(report), [1_000_000_000n, 25_005_500_000n, 25_008_500_000n])
    assert.deepEqual(clock.slept, [10_000, 10_000, 5_000, 3])
    assert.equal(report.isPure, false)
    const replay = host.transcript
    await using again = new RunHost({ families: [], clock, log: silentLogger }, { ...init, replay })
    assert.deepEqual((await run(again)).stdout, report.stdout)
  })

  test('is not told it where nobody serves it', async () => {
    await using host = new RunHost(
      { families: [], clock: systemClock, log: silentLogger },
      { functionCid: 'clock', gate: CLOSED_GATE },
    )
    assert.deepEqual(timesOf(await run(host)), [0n, 0n, 0n])
  })

  test('has a virtual one unless it asks', async () => {
    const report = await executor.run(requestOf('clock'))
    assert.equal(report.isPure, true)
    assert.equal((timesOf(report)[1] ?? 0n) > 1_767_225_625_000_000_000n, true)
  })
})
