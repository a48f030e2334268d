import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Executor, encodeFileLayer, type Mount, type RunReport } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { codeOf, deterministicPart, requestOf, startExecutor, textOf } from '../run-helpers.ts'

/**
 * Opens `name` below descriptor 3 with `how`, does `body` with it as `$file`, and prints what the file then holds. Exits
 * with the errno if it cannot be opened.
 */
function program(name: string, how: number, body: string): string {
  const open = `(call $open (i32.const 3) (i32.const 1) (i32.const 200) (i32.const ${name.length}) (i32.const ${how})
    (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 0))`
  return `(module
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 200) "${name}")
    (data (i32.const 300) "written")
    (func (export "_start") (local $errno i32) (local $file i32)
      (local.set $errno ${open})
      (if (local.get $errno) (then (call $exit (local.get $errno))))
      (local.set $file (i32.load (i32.const 0)))
      ${body}
      (drop (call $seek (local.get $file) (i64.const 0) (i32.const 0) (i32.const 16)))
      (i32.store (i32.const 32) (i32.const 400))
      (i32.store (i32.const 36) (i32.const 100))
      (drop (call $read (local.get $file) (i32.const 32) (i32.const 1) (i32.const 36)))
      (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 16)))))`
}
const WRITE = `(i32.store (i32.const 32) (i32.const 300)) (i32.store (i32.const 36) (i32.const 7))
  (drop (call $write (local.get $file) (i32.const 32) (i32.const 1) (i32.const 16)))`
/** Writes whole memories until that fails, and exits with why. */
const FILL = `(i32.store (i32.const 32) (i32.const 0)) (i32.store (i32.const 36) (i32.const 65536))
  (loop $more
    (local.set $errno (call $write (local.get $file) (i32.const 32) (i32.const 1) (i32.const 16)))
    (br_if $more (i32.eqz (local.get $errno))))
  (call $exit (local.get $errno))`
const CREATE_NEW = 1 | 4
const EXIST = 20
const NOENT = 44
const NOSPC = 51
const ROFS = 69

suite('programs with files', () => {
  let executor: Executor

  before(async () => {
    executor = await startExecutor()
  })

  after(async () => {
    await executor.stop()
  })

  async function run(wat: string, mounts?: readonly Mount[]): Promise<RunReport> {
    await executor.prepare(wat, await compileWat(wat))
    return await executor.run({ ...requestOf(wat), ...(mounts && { mounts }) })
  }

  test('a run has a root to write to, which is gone with it', async () => {
    const wat = program('f', CREATE_NEW, WRITE)
    const first = await run(wat)
    assert.deepEqual([first.exit, textOf(first.stdout)], [{ kind: 'exit', code: 0 }, 'written'])
    assert.deepEqual(deterministicPart(await run(wat)), deterministicPart(first))
    assert.equal(first.isPure, true)
  })

  test('a run that traps finds no files of its first try when it is repeated', async () => {
    const report = await run(program('f', CREATE_NEW, `${WRITE} unreachable`))
    assert.equal(report.exit.kind, 'unreachable')
    assert.ok(report.fuelUsed > 64)
  })

  test('a run that fills its files is told so, again and again', async () => {
    for (let turn = 0; turn < 5; turn++) {
      assert.deepEqual((await run(program('f', CREATE_NEW, FILL))).exit, { kind: 'exit', code: NOSPC })
    }
  })

  test('a mount brings files, which a run may change for itself', async () => {
    const files = encodeFileLayer([{ path: 'd/f', bytes: new TextEncoder().encode('brought along') }])
    const mounts: readonly Mount[] = [{ kind: 'memory', path: '/', files }]
    assert.equal(textOf((await run(program('d/f', 0, ''), mounts)).stdout), 'brought along')
    assert.equal(textOf((await run(program('d/f', 0, WRITE), mounts)).stdout), 'written along')
    assert.equal(textOf((await run(program('d/f', 0, ''), mounts)).stdout), 'brought along')
    assert.deepEqual((await run(program('d/f', CREATE_NEW, ''), mounts)).exit, { kind: 'exit', code: EXIST })
    const readOnly = mounts.map((mount) => ({ ...mount, isReadOnly: true }))
    assert.deepEqual((await run(program('d/f', 0, ''), readOnly)).exit, { kind: 'exit', code: ROFS })
  })

  test('a run without mounts has no directory', async () => {
    assert.deepEqual((await run(program('f', 1, ''), [])).exit, { kind: 'exit', code: 8 })
  })

  test('mounts that make no sense are refused before the run', async () => {
    const wat = program('f', 0, '')
    const refused: readonly (readonly Mount[])[] = [
      [
        { kind: 'memory', path: '/' },
        { kind: 'memory', path: '/' },
      ],
      [{ kind: 'memory', path: '' }],
      [{ kind: 'memory', path: 'a\0b' }],
      Array.from({ length: 17 }, (_, index) => ({ kind: 'memory', path: `/${index}` })),
      [{ kind: 'memory', path: '/', files: new Uint8Array(64 * 1024 * 1024 + 1) }],
    ]
    for (const mounts of refused) assert.match(String(await codeOf(run(wat, mounts))), /^RangeError: Cannot run: /)
    assert.deepEqual((await run(wat)).exit, { kind: 'exit', code: NOENT })
  })

  test('a mount may bring as much as there may be', async () => {
    const files = encodeFileLayer([{ path: 'f', bytes: new Uint8Array(63 * 1024 * 1024).fill(97) }])
    const report = await run(program('f', 0, ''), [{ kind: 'memory', path: '/', files }])
    assert.equal(textOf(report.stdout), 'a'.repeat(100))
  })
})
