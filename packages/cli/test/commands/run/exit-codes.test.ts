import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CancelledError } from '../../../src/errors/cli-error.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { bls } from '../../support/test-io.ts'
import { doing } from './programs.ts'

const SPIN = doing('(loop $again (br $again))')
const ADD_ONE = `(i32.add (i32.const 1) (i32.load (i32.const -1)))`

const ENDS: readonly (readonly [kind: string, exitCode: number, wat: string, flags?: readonly string[]])[] = [
  ['exit', 0, doing('(nop)')],
  ['out-of-fuel', 1, SPIN, ['--fuel', '1_000']],
  ['stack-overflow', 2, '(module (func $f (export "_start") (call $f)))'],
  ['memory-out-of-bounds', 3, doing(`(drop ${ADD_ONE})`)],
  [
    'unaligned-atomic',
    4,
    '(module (memory 1 1 shared) (func (export "_start") (drop (i32.atomic.load (i32.const 1)))))',
    ['--feature-thread'],
  ],
  ['table-out-of-bounds', 5, doing('(call_indirect (i32.const 9))')],
  [
    'indirect-call-type',
    7,
    doing('(table.set 0 (i32.const 0) (ref.func $f)) (i64.const 0) (call_indirect (type $other) (i32.const 0))'),
  ],
  ['integer-overflow', 8, doing('(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))')],
  ['divide-by-zero', 9, doing('(drop (i32.div_s (i32.const 1) (i32.const 0)))')],
  ['invalid-conversion', 10, doing('(drop (i32.trunc_f32_s (f32.const nan)))')],
  ['unreachable', 11, doing('(unreachable)')],
  ['memory-limit', 16, '(module (memory 9) (func (export "_start")))', ['--memory', '64KiB']],
]
for (const [kind, exitCode, wat, flags = []] of ENDS) {
  test(`bls run exits with ${exitCode} for "${kind}"`, async () => {
    await using folder = await temporaryFolder()
    await folder.write('a.wat', wat)
    const ran = await bls({ cwd: folder.path }, 'run', 'a.wat', '--json', ...flags)
    assert.equal(ran.exitCode, exitCode, ran.stderr)
    assert.deepEqual(JSON.parse(ran.stdout).exit, { kind, code: 0 })
    assert.equal(JSON.parse(ran.stdout).exitCode, exitCode)
  })
}

test('bls run --json tells an exit code of the function from a trap with the same number', async () => {
  await using folder = await temporaryFolder()
  const exits = (code: number): string => `(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const ${code}))))`
  for (const code of [1, 11, 15, 128, 255]) {
    await folder.write('a.wat', exits(code))
    const ran = await bls({ cwd: folder.path }, 'run', 'a.wat', '--json')
    assert.equal(ran.exitCode, code)
    assert.deepEqual(JSON.parse(ran.stdout).exit, { kind: 'exit', code })
  }
})

test('bls run exits with 15 at its deadline, by either flag, and with 128 if it never began', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', SPIN)
  await folder.write('config.json', '{"entry":"a.wat","run_time":100,"limited_fuel":1000000000000}')
  const io = { cwd: folder.path }
  const fuel = ['--fuel', '1_000_000_000_000']
  for (const args of [
    ['a.wat', '--deadline', '100ms', ...fuel],
    ['a.wat', '--run-time', '100', ...fuel],
    ['config.json'],
  ]) {
    const ran = await bls(io, 'run', ...args)
    assert.equal(ran.exitCode, 15)
    assert.match(ran.stderr, /code: ERR_DEADLINE\nhint: give it more with --deadline/)
  }
  assert.equal((await bls(io, 'run', 'b.wat')).exitCode, 128)
})

test('bls run exits with 12 when it is interrupted', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', SPIN)
  const controller = new AbortController()
  setTimeout(() => controller.abort(new CancelledError('SIGINT')), 700)
  const args = ['run', 'a.wat', '--fuel', '1_000_000_000_000']
  const ran = await bls({ cwd: folder.path, signal: controller.signal }, ...args)
  assert.equal(ran.exitCode, 12)
  assert.match(ran.stderr, /code: ERR_CANCELLED/)
})

test('bls run takes programs with unknown imports if it is told to', async () => {
  await using folder = await temporaryFolder()
  await folder.write(
    'a.wat',
    '(module (import "env" "odd" (func $odd)) (func (export "_start")) (func (export "call") (call $odd)))',
  )
  const io = { cwd: folder.path }
  const refused = await bls(io, 'run', 'a.wat')
  assert.equal(refused.exitCode, 128)
  assert.match(refused.stderr, /"env\.odd", nothing provides it.*\n.*\nhint: with --unknown-imports-trap/)
  assert.equal((await bls(io, 'run', 'a.wat', '--unknown_imports_trap')).exitCode, 0)
  const called = await bls(io, 'run', 'a.wat', '--unknown-imports-trap', '--entry', 'call')
  assert.equal(called.exitCode, 11)
  assert.match(called.stderr, /^unknown import env\.odd was called\n/)
})
