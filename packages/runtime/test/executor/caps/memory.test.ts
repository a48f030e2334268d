import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileWat, fixture } from '@blockless/testing'
import { HUGE_FUEL, requestOf, startExecutor, textOf } from '../../run-helpers.ts'
import { World } from '../world.ts'

/** Takes 1 GiB, uses all of it, and does not end. */
const GREEDY = `(module (memory (export "memory") 1) (func (export "_start")
  (drop (memory.grow (i32.const 16383)))
  (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x3fff0000))
  (loop $again (br $again))))`

test('Executor ends a process that takes more memory than its operator allows, and goes on', {
  skip: process.platform === 'linux' ? false : 'only Linux says how much memory a process has',
}, async () => {
  await using executor = await startExecutor({ memoryBytesMax: 400 << 20 })
  await executor.prepare('greedy', await compileWat(GREEDY))
  const run = executor.run(requestOf('greedy', { fuel: HUGE_FUEL, memoryBytes: 1 << 30 }))
  await assert.rejects(run, {
    code: 'ERR_EXECUTOR_CRASHED',
    message: /used \d+ MiB of memory, its operator allows 400 MiB/,
  })
  await executor.prepare('hello', await fixture('hello'))
  assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
})

/** Takes 64 MiB, uses all of it, asks the world, and ends when it is answered. */
const PATIENT = `(module
  (import "blockless_ipfs" "ipfs_close" (func $ask (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (memory.grow (i32.const 1023)))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))
    (drop (call $ask (i32.const 1)))))`

test('Executor lets guests wait only as far as their memory goes, and all come to their end', {
  skip: process.platform === 'linux' ? false : 'only Linux says how much memory a process has',
}, async () => {
  await using executor = await startExecutor({ memoryBytesMax: 700 << 20 })
  await executor.prepare('patient', await compileWat(PATIENT))
  const world = new World({ isOpen: false })
  const runs = Array.from({ length: 16 }, async () => {
    await using host = world.host()
    return await executor.run(requestOf('patient', { memoryBytes: 128 << 20 }), undefined, host)
  })
  // 350 MiB are for those that wait: the sixth one passes that, and the others begin when they have gone on
  await world.calls(6)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(world.seen.length, 6)
  const answering = setInterval(() => world.release(), 5)
  const reports = await Promise.all(runs)
  clearInterval(answering)
  assert.deepEqual(new Set(reports.map(({ exit }) => exit.kind)), new Set(['exit']))
  assert.equal(world.seen.length, 16)
})
