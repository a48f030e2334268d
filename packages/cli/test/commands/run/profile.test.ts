import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { compileWat } from '@blockless/testing'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { bls } from '../../support/test-io.ts'

const PROGRAM = `(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $work (export "work") (param $n i32)
    (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "_start")
    (call $work (i32.const 1000))
    (drop (call $random (i32.const 0) (i32.const 64)))))`

async function fuelOf(cwd: string, ...args: readonly string[]): Promise<number> {
  const { stdout, stderr } = await bls({ cwd }, 'run', ...args, '--json')
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout).fuelUsed
}

test('bls run --profile writes folded stacks that add up to the fuel', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', PROGRAM)
  const fuel = await fuelOf(folder.path, 'a.wat')
  assert.equal(await fuelOf(folder.path, 'a.wat', '--profile', 'out.txt'), fuel)
  const lines = (await readFile(join(folder.path, 'out.txt'), 'utf8')).trimEnd().split('\n')
  assert.deepEqual(lines, ['_start 5', '_start;work 5000', '_start;wasi_snapshot_preview1.random_get 16'])
  assert.equal(fuel, 5021)
})

test('bls run --profile writes a speedscope file under a name that ends in .json', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', PROGRAM)
  const fuel = await fuelOf(folder.path, 'a.wat', '--profile', 'out.json')
  const { name, profiles } = JSON.parse(await readFile(join(folder.path, 'out.json'), 'utf8'))
  assert.deepEqual([name, profiles[0].endValue], ['a.wat', fuel])
})

test('bls run --profile shows a terminal the functions that used most', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', PROGRAM)
  const { stderr } = await bls(
    { cwd: folder.path, isTty: true, env: { NO_COLOR: '1' } },
    'run',
    'a.wat',
    '--profile',
    'p',
  )
  assert.match(stderr, /^ +5,000 +99\.6 % +5,000 +99\.6 % +work$/m)
  assert.match(stderr, /^ +5 +0\.1 % +5,021 +100\.0 % +_start$/m)
  assert.match(stderr, /profile in p, 3 functions/)
  assert.doesNotMatch((await bls({ cwd: folder.path }, 'run', 'a.wat', '--profile', 'p')).stderr, /5,000/)
})

test('bls run --profile tells of a run that traps, of one that never begins and of a replay', async () => {
  await using folder = await temporaryFolder()
  await folder.write('trap.wat', '(module (func $f (export "f") unreachable) (func (export "_start") (call $f)))')
  const trap = await bls({ cwd: folder.path }, 'run', 'trap.wat', '--profile', 'p', '--record', 'r')
  assert.equal(trap.exitCode, 11)
  assert.equal(await readFile(join(folder.path, 'p'), 'utf8'), '_start 1\n')
  await folder.write('large.wat', '(module (memory (export "memory") 100) (func (export "_start")))')
  const large = await bls({ cwd: folder.path }, 'run', 'large.wat', '--memory', '64KiB', '--profile', 'p')
  assert.equal(large.exitCode, 16)
  assert.equal(await readFile(join(folder.path, 'p'), 'utf8'), '')
  const replayed = await bls({ cwd: folder.path }, 'run', 'trap.wat', '--replay', 'r', '--profile', 'p')
  assert.match(replayed.stderr, /replayed:/)
  assert.equal(await readFile(join(folder.path, 'p'), 'utf8'), '_start 1\n')
})

test('bls run --profile says which file it cannot write', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', PROGRAM)
  const { stderr, exitCode } = await bls({ cwd: folder.path }, 'run', 'a.wat', '--profile', 'no/such/p')
  assert.match(stderr, /no\/such\/p/)
  assert.equal(exitCode, 128)
})

/** A module without names whose function that works has one mark that stands nowhere else. */
const UNNAMED = '(module (func $f (drop (i32.const 0x1234567))) (func (export "_start") (call $f)))'
const UNNAMED_PATH = /^_start;func\[0\] 1$/m
const MAPPED_PATH = /^_start;src\/f\.ts:8 1$/m

const leb = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 0x80))]

/** A module with one more custom section that says where its source map is. */
function withUrl(wasm: Uint8Array, url: string): Uint8Array {
  const name = Buffer.from('sourceMappingURL')
  const contents = [name.length, ...name, ...leb(url.length), ...Buffer.from(url)]
  return Uint8Array.from([...wasm, 0, ...leb(contents.length), ...contents])
}

/** A source map that has line 8 of `src/f.ts` at the mark. */
function mapOf(wasm: Uint8Array): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const encode = (rest: number): string =>
    rest < 32 ? digits.charAt(rest) : digits.charAt((rest & 31) | 32) + encode(rest >>> 5)
  const offset = Buffer.from(wasm).indexOf(Buffer.from([0x41, 0xe7, 0x8a, 0x8d, 0x09]))
  assert.ok(offset > 0)
  return JSON.stringify({ version: 3, sources: ['src/f.ts'], mappings: `${encode(offset * 2)}A${encode(7 * 2)}A` })
}

test('bls run --profile takes names from a source map beside the module, or inside it', async () => {
  await using folder = await temporaryFolder()
  const wasm = await compileWat(UNNAMED)
  const map = mapOf(wasm)
  await folder.write('m.wasm.map', map)
  for (const [url, pattern] of [
    ['./m.wasm.map', MAPPED_PATH],
    ['m.wasm.map', MAPPED_PATH],
    [`data:application/json;base64,${Buffer.from(map).toString('base64')}`, MAPPED_PATH],
    [`data:application/json,${encodeURIComponent(map)}`, MAPPED_PATH],
    ['https://example.com/maps/m.wasm.map', UNNAMED_PATH],
    ['missing.map', UNNAMED_PATH],
    ['%ff', UNNAMED_PATH],
  ] as const) {
    await folder.write('m.wasm', withUrl(wasm, url))
    await bls({ cwd: folder.path }, 'run', 'm.wasm', '--profile', 'p')
    assert.match(await readFile(join(folder.path, 'p'), 'utf8'), pattern, url.slice(0, 40))
  }
})

test('bls run --profile reads no source map outside the folder of the module', async () => {
  await using folder = await temporaryFolder()
  const wasm = await compileWat(UNNAMED)
  await folder.write('m.map', mapOf(wasm))
  for (const url of ['../m.map', join(folder.path, 'm.map'), '..%2fm.map']) {
    await folder.write('inside/m.wasm', withUrl(wasm, url))
    await bls({ cwd: folder.path }, 'run', 'inside/m.wasm', '--profile', 'p')
    assert.match(await readFile(join(folder.path, 'p'), 'utf8'), UNNAMED_PATH)
  }
})
