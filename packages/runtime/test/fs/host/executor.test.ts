import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { type Executor, type Mount, RunHost, type RunReport } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import type { Action, Verdict } from '../../../src/policy/gate.ts'
import { requestOf, startExecutor, textOf } from '../../run-helpers.ts'
import { createTestFolder, hostRun, type TestFolder } from './folder-helpers.ts'

/**
 * Opens `arg[1]` in the folder that is descriptor 3 to read it, and writes what is in it to stdout and, with `!` after
 * it, to a new file `out`; the exit code is the first errno.
 */
const COPY = `(module
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "out")
  (func $check (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start")
    (call $check (call $sizes (i32.const 0) (i32.const 4)))
    (call $check (call $args (i32.const 32) (i32.const 100)))
    ;; the path is the second argument, up to the NUL that ends all of them
    (call $check (call $open (i32.const 3) (i32.const 1)
      (i32.load (i32.const 36))
      (i32.sub (i32.sub (i32.add (i32.const 100) (i32.load (i32.const 4))) (i32.load (i32.const 36))) (i32.const 1))
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
    (i32.store (i32.const 64) (i32.const 1000))
    (i32.store (i32.const 68) (i32.const 30000))
    (call $check (call $read (i32.load (i32.const 8)) (i32.const 64) (i32.const 1) (i32.const 12)))
    (i32.store (i32.const 68) (i32.load (i32.const 12)))
    (call $check (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 12)))
    (call $check (call $close (i32.load (i32.const 8))))
    (i32.store8 (i32.add (i32.const 1000) (i32.load (i32.const 68))) (i32.const 33))
    (i32.store (i32.const 68) (i32.add (i32.load (i32.const 68)) (i32.const 1)))
    (call $check (call $open (i32.const 3) (i32.const 1) (i32.const 16) (i32.const 3)
      (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 8)))
    (call $check (call $write (i32.load (i32.const 8)) (i32.const 64) (i32.const 1) (i32.const 12)))))`

const MOUNTS: readonly Mount[] = [{ kind: 'host', path: '/data', folder: 'data' }]
const ERRNO_PERM = 63

suite('guests with folders of the host', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor()
    await executor.prepare('copy', await compileWat(COPY))
  })
  after(async () => await executor.stop())

  async function copy(
    folder: TestFolder,
    path: string,
    decide: (action: Action) => Verdict = () => ({ isAllowed: true }),
  ): Promise<RunReport> {
    const components = { families: [folder.family], clock: systemClock, log: silentLogger }
    await using host = new RunHost(components, { functionCid: 'copy', gate: hostRun({ decide }).gate })
    return await executor.run({ ...requestOf('copy', { args: [path] }), mounts: MOUNTS }, undefined, host)
  }

  test('read and write them through the executor', async () => {
    await using folder = await createTestFolder()
    await mkdir(join(folder.inside, 'dir'))
    await writeFile(join(folder.inside, 'dir/in'), 'hello')
    await symlink('dir', join(folder.inside, 'link'))
    const report = await copy(folder, 'link/../dir/in')
    assert.deepEqual([report.exit, textOf(report.stdout)], [{ kind: 'exit', code: 0 }, 'hello'])
    assert.equal(await readFile(join(folder.inside, 'out'), 'utf8'), 'hello!')
    assert.equal(report.isPure, false)
    assert.equal(report.transcript.length, 5)
  })

  test('do not get out', async () => {
    await using folder = await createTestFolder()
    await writeFile(join(folder.outside, 'secret'), 'SECRET')
    await symlink('../outside', join(folder.inside, 'link'))
    for (const path of ['../outside/secret', 'link/secret', '/etc/passwd', './../outside/secret']) {
      const report = await copy(folder, path)
      assert.deepEqual([report.exit, textOf(report.stdout)], [{ kind: 'exit', code: ERRNO_PERM }, ''])
    }
    assert.deepEqual(await readdir(folder.inside), ['link'])
  })

  test('are told EPERM for what the gate denies', async () => {
    await using folder = await createTestFolder()
    await writeFile(join(folder.inside, 'in'), 'hello')
    const report = await copy(folder, 'in', ({ kind }) => {
      return kind === 'read' ? { isAllowed: true } : { isAllowed: false, missing: 'write:/data' }
    })
    assert.deepEqual([report.exit, textOf(report.stdout)], [{ kind: 'exit', code: ERRNO_PERM }, 'hello'])
    assert.deepEqual(await readdir(folder.inside), ['in'])
  })

  test('find nothing where the node offers no folders', async () => {
    const report = await executor.run({ ...requestOf('copy', { args: ['x'] }), mounts: MOUNTS })
    assert.deepEqual(report.exit, { kind: 'exit', code: 58 })
  })

  test('get the same answers again from the record, without a folder', async () => {
    await using folder = await createTestFolder()
    await writeFile(join(folder.inside, 'in'), 'hello')
    const first = await copy(folder, 'in')
    const components = { families: [], clock: systemClock, log: silentLogger }
    await using host = new RunHost(components, {
      functionCid: 'copy',
      gate: hostRun().gate,
      replay: first.transcript,
    })
    const again = await executor.run({ ...requestOf('copy', { args: ['in'] }), mounts: MOUNTS }, undefined, host)
    assert.deepEqual([again.exit, textOf(again.stdout), again.fuelUsed], [first.exit, 'hello', first.fuelUsed])
  })
})
