import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileWat, fixture } from '@blockless/testing'
import { HUGE_FUEL, requestOf, startExecutor, textOf } from '../../run-helpers.ts'

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
