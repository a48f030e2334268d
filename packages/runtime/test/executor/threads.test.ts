import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Executor } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { codeOf, requestOf, startExecutor, textOf } from '../run-helpers.ts'

/** Counts with atomic instructions in a shared memory, and writes what it counted. */
const COUNTER = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1 2 shared)
  (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
  (data (i32.const 16) "0\\n")
  (func (export "_start")
    (drop (i32.atomic.rmw8.add_u (i32.const 16) (i32.const 5)))
    (drop (memory.atomic.notify (i32.const 32) (i32.const 1)))
    (drop (memory.grow (i32.const 1)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`

/** Waits for a thread that does not exist, for a microsecond, and then for ever. */
const WAITER = `(module (memory (export "memory") 1 1 shared)
  (func (export "_start")
    (if (i32.ne (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 1000)) (i32.const 2)) (then (unreachable)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))`

/** A file's name is text that the host decodes. */
const OPENER = `(module
  (import "wasi_snapshot_preview1" "path_create_directory" (func $make (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1 1 shared)
  (data (i32.const 0) "folder")
  (func (export "_start") (if (call $make (i32.const 3) (i32.const 0) (i32.const 6)) (then (unreachable)))))`

suite('programs with shared memories', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor()
  })
  after(async () => await executor.stop())

  async function prepare(wat: string, threads: boolean): Promise<void> {
    await executor.prepare(wat, { entry: await compileWat(wat), modules: [], threads })
  }

  test('are refused by name unless they are asked for', async () => {
    await assert.rejects(prepare(COUNTER, false), { code: 'ERR_MODULE_INVALID', message: /threads|shared/ })
  })

  test('run on one thread if they are', async () => {
    await prepare(COUNTER, true)
    assert.equal(textOf((await executor.run(requestOf(COUNTER))).stdout), '5\n')
    await prepare(OPENER, true)
    assert.equal((await executor.run(requestOf(OPENER))).exit.kind, 'exit')
  })

  test('that wait for nobody end at their deadline', async () => {
    await prepare(WAITER, true)
    assert.equal(await codeOf(executor.run(requestOf(WAITER, { deadlineMs: 200 }))), 'ERR_DEADLINE')
    await prepare(COUNTER, true)
    assert.equal(textOf((await executor.run(requestOf(COUNTER))).stdout), '5\n')
  })
})
