import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { compileWat } from '@blockless/testing'
import { codeOf, HUGE_FUEL, requestOf, SPIN, startExecutor, watWithBody } from '../run-helpers.ts'
import { World } from './world.ts'

const ASK = `(module
  (import "blockless_ipfs" "ipfs_command" (func $ask (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 200) "{\\"api\\":\\"files/stat\\",\\"args\\":[]}")
  (func (export "_start") (drop (call $ask (i32.const 200) (i32.const 31) (i32.const 300) (i32.const 100)))))`

/** Traps at once, and takes long to be rewritten for exact fuel. */
const LARGE_TRAP = watWithBody(
  '(drop (i32.div_s (i32.const 1) (i32.const 0)))',
  '(func (local i32) (local.set 0 (i32.add (local.get 0) (i32.const 1))))'.repeat(60_000),
)

suite('runs whose thread is killed for another one', () => {
  test('begin again as often as it takes', async () => {
    await using executor = await startExecutor({ threads: 1 })
    await executor.prepare('ask', await compileWat(ASK))
    await executor.prepare('spin', await compileWat(SPIN))
    const world = new World({ isOpen: false })
    await using host = world.host()
    const run = executor.run(requestOf('ask'), undefined, host)
    await world.calls(1)
    const spin = requestOf('spin', { fuel: HUGE_FUEL, deadlineMs: 30 })
    for (let turn = 0; turn < 6; turn++) assert.equal(await codeOf(executor.run(spin)), 'ERR_DEADLINE')
    world.release()
    assert.equal((await run).exit.kind, 'exit')
    assert.equal(world.seen.length, 1)
  })

  test('begin again while they wait to be counted exactly', async () => {
    await using executor = await startExecutor({ threads: 1 })
    await executor.prepare('trap', await compileWat(LARGE_TRAP))
    await executor.prepare('spin', await compileWat(SPIN))
    const trapped = executor.run(requestOf('trap'))
    const spinning = codeOf(executor.run(requestOf('spin', { fuel: HUGE_FUEL, deadlineMs: 5 })))
    assert.equal(await spinning, 'ERR_DEADLINE')
    const { exit, fuelUsed } = await trapped
    assert.deepEqual([exit.kind, fuelUsed], ['divide-by-zero', 3])
  })

  test('end at their deadline also while they wait for a thread again', async () => {
    await using executor = await startExecutor({ threads: 1 })
    await executor.prepare('ask', await compileWat(ASK))
    await executor.prepare('spin', await compileWat(SPIN))
    const world = new World({ isOpen: false })
    await using host = world.host()
    const startMs = performance.now()
    const ended = codeOf(executor.run(requestOf('ask', { deadlineMs: 200 }), undefined, host)).then((code) => ({
      code,
      afterMs: performance.now() - startMs,
    }))
    await world.calls(1)
    const controller = new AbortController()
    const first = codeOf(executor.run(requestOf('spin', { fuel: HUGE_FUEL, deadlineMs: 50 })))
    const second = codeOf(executor.run(requestOf('spin', { fuel: HUGE_FUEL, deadlineMs: 5000 }), controller.signal))
    const { code, afterMs } = await ended
    controller.abort()
    await Promise.all([first, second])
    assert.equal(code, 'ERR_DEADLINE')
    assert.ok(afterMs < 2000, `${afterMs} ms`)
  })
})
