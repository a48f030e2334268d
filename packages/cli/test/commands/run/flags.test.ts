import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { test } from 'node:test'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { bls, type Ran } from '../../support/test-io.ts'
import { doing, SHOWS_FILE, SHOWS_INPUT } from './programs.ts'

const RANDOM_AND_TIME = `(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\10\\00\\00\\00")
  (func (export "_start")
    (drop (call $random (i32.const 16) (i32.const 8)))
    (drop (call $time (i32.const 0) (i64.const 0) (i32.const 24)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))))`

interface RunJson {
  readonly stdout: string | { readonly base64: string }
  readonly limits: object
  readonly timestampMs: number
  readonly seed: string
  readonly isPure: boolean
  readonly hostCalls: { readonly count: number }
}

async function jsonOf(cwd: string, ...args: readonly string[]): Promise<RunJson> {
  const ran = await bls({ cwd }, 'run', ...args, '--json')
  assert.notEqual(ran.stdout, '', ran.stderr)
  return JSON.parse(ran.stdout)
}

test('bls run gives arguments, variables and stdin, which WASI and blockless_memory both see', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', SHOWS_INPUT)
  await folder.write('.env', 'B=file\nC="in quotes"\n# no\nA=file')
  await folder.write('in.txt', 'of a file')
  const io = { cwd: folder.path, stdin: 'piped' }
  const flags = ['a.wat', '--env', 'A=1=2', '--env', 'Z=', '--env-file', '.env']
  const given = await bls(io, 'run', ...flags, 'x', '--', '--fuel', 'y z')
  assert.equal(given.stdout, 'a.wat\0x\0--fuel\0y z\0A=1=2\0B=file\0C=in quotes\0Z=\0pipedpiped')
  for (const [flag, stdin] of [
    ['text', 'text'],
    ['@in.txt', 'of a file'],
    ['-', 'piped'],
    ['inherit', 'piped'],
    ['', ''],
  ] as const) {
    const { stdout } = await bls(io, 'run', 'a.wat', '--stdin', flag)
    assert.equal(stdout, `a.wat\0${stdin}${stdin}`, flag)
  }
  assert.equal((await bls({ cwd: folder.path }, 'run', 'a.wat')).stdout, 'a.wat\0')
})

test('bls run sets limits by its own flags and by those of the existing runtime', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', doing('(nop)'))
  const cases: readonly (readonly [flags: readonly string[], limits: object])[] = [
    [
      ['--fuel', '1_000', '--memory', '1MiB', '--output', '2KiB', '--deadline', '3s'],
      { fuel: 1_000, memoryBytes: 1_048_576, outputBytes: 2_048, deadlineMs: 3_000 },
    ],
    [
      ['--limited-fuel', '7', '--limited-memory', '2', '--run-time', '1500'],
      { fuel: 7, memoryBytes: 131_072, deadlineMs: 1_500 },
    ],
    [['--limited-memory', '30', '--max-memory-size', '65536'], { memoryBytes: 65_536 }],
    [['--max_memory_size=131072', '--limited_fuel=9'], { memoryBytes: 131_072, fuel: 9 }],
  ]
  for (const [flags, limits] of cases) {
    const { limits: found } = await jsonOf(folder.path, 'a.wat', ...flags)
    assert.deepEqual(found, { ...found, ...limits }, flags.join(' '))
  }
})

test('bls run takes flags of the existing runtime that have no effect here', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', doing('(nop)'))
  const flags = ['--debug-info', '-O', 'opt-level=2', '--opt', 'x=1', '--cli-exit-with-code', '--network-error-code']
  const ran = await bls(
    { cwd: folder.path },
    'run',
    'a.wat',
    ...flags,
    '--runtime-logger',
    'log.txt',
    '--drivers-root-path',
    '.',
  )
  assert.deepEqual(ran, { exitCode: 0, stdout: '', stderr: '' } satisfies Ran)
})

test('bls run says what is not offered, and what is instead', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', doing('(nop)'))
  for (const flag of [
    ['--v86'],
    ['--nn'],

    ['--component'],
    ['--nn-graph', 'x'],
    ['--tcplisten', 'a:1'],
  ]) {
    const ran = await bls({ cwd: folder.path }, 'run', 'a.wat', ...flag)
    assert.equal(ran.exitCode, 128)
    assert.match(ran.stderr, new RegExp(`^error: Cannot use ${flag[0]}: it is not offered\ncode: ERR_USAGE\nhint: `))
  }
})

const REFUSED: readonly (readonly [flags: readonly string[], words: RegExp])[] = [
  [['--fuel', '0'], /Cannot use --fuel "0": a whole number/],
  [['--memory', '5GiB'], /Cannot use --memory: 5368709120 is more than 4294967296/],
  [['--output', '1GiB'], /Cannot use --output/],
  [['--deadline', '100000m'], /Cannot use --deadline/],
  [['--timestamp', 'noon'], /Cannot use --timestamp "noon": milliseconds/],
  [['--clock', 'wall'], /argument 'wall' is invalid. Allowed choices are virtual, real/],
  [['--env', '=x'], /KEY=VALUE is needed/],
  [['--module', 'x'], /Cannot use --module "x": NAME=PATH is needed/],
  [['--dir', 'a::b::c'], /Cannot use --dir "a::b::c": HOST/],
  [['--dir', 'nowhere'], /nowhere" cannot be found/],
  [
    ['--permission', 'everything'],
    /Cannot use permission "everything": what is needed is it begins with|Cannot use permission/,
  ],
  [['--allow-private', 'here'], /Cannot use permissions: .*allowPrivate\[0\]/],
  [['--allow-net=a b'], /Cannot use permission "net:a b"/],
  [['--operator', 'none.json'], /none\.json": it does not exist/],
  [['--entry', 'main'], /exports no function "main" .*\n.*\nhint: name one with --entry/],
  [['--stdout', '/nowhere/x'], /Cannot write "\/nowhere\/x": it does not exist/],
  [['--record', '/nowhere/x'], /Cannot write "\/nowhere\/x": it does not exist/],
]
for (const [flags, words] of REFUSED) {
  test(`bls run refuses ${flags.join(' ')}`, async () => {
    await using folder = await temporaryFolder()
    await folder.write('a.wat', doing('(nop)'))
    const ran = await bls({ cwd: folder.path }, 'run', 'a.wat', ...flags)
    assert.match(ran.stderr, words)
    assert.equal(ran.exitCode, 128)
  })
}

test('bls run writes its streams to files, adding to what is there, or nowhere', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', SHOWS_INPUT)
  for (let time = 0; time < 2; time++) await bls({ cwd: folder.path }, 'run', 'a.wat', '--stdout', 'out.txt')
  assert.equal(await readFile(`${folder.path}/out.txt`, 'utf8'), 'a.wat\0a.wat\0')
  assert.equal((await bls({ cwd: folder.path }, 'run', 'a.wat', '--stdout', 'null')).stdout, '')
})

test('bls run draws the same randomness and time from the same seed and timestamp', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', RANDOM_AND_TIME)
  const given = ['a.wat', '--seed', 'one', '--timestamp', '2026-01-31T12:00:00Z']
  const first = await jsonOf(folder.path, ...given)
  assert.deepEqual((await jsonOf(folder.path, ...given)).stdout, first.stdout)
  assert.equal(first.timestampMs, Date.parse('2026-01-31T12:00:00Z'))
  const again = await jsonOf(folder.path, 'a.wat', '--seed', first.seed, '--timestamp', String(first.timestampMs))
  assert.deepEqual(again.stdout, first.stdout)
  assert.notDeepEqual((await jsonOf(folder.path, 'a.wat', '--timestamp', '0')).stdout, first.stdout)
})

test('bls run tells the time of the machine if it is asked to', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', RANDOM_AND_TIME)
  const { stdout, isPure, hostCalls } = await jsonOf(folder.path, 'a.wat', '--clock', 'real', '--seed', 'one')
  assert.ok(typeof stdout === 'object')
  const { base64 } = stdout
  const ms = Number(Buffer.from(base64, 'base64').readBigUInt64LE(8) / 1_000_000n)
  assert.ok(Math.abs(ms - Date.now()) < 60_000)
  assert.equal(isPure, false)
  assert.equal(hostCalls.count, 1)
})

test('bls run gives folders, under their own path or another, to be written or not', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', SHOWS_FILE)
  await folder.write('d/f.txt', 'a file')
  await folder.write('e/x', '')
  const io = { cwd: folder.path }
  for (const flags of [
    ['--dir', 'd'],
    ['--dir', 'd::/x'],
    ['--dir', 'd:ro'],
    ['--dir', 'd::/x:ro', '--dir', 'e'],
  ]) {
    assert.equal((await bls(io, 'run', 'a.wat', ...flags)).stdout, 'a file', flags.join(' '))
  }
  assert.equal((await bls(io, 'run', 'a.wat', '--fs-root-path', 'd', '--entry', 'root')).stdout, 'a file')
  assert.equal((await bls(io, 'run', 'a.wat', '--dir', 'e:ro', '--entry', 'make')).exitCode, 63)
  assert.equal((await bls(io, 'run', 'a.wat', '--dir', 'e', '--entry', 'make')).exitCode, 0)
  assert.equal((await stat(`${folder.path}/e/f.txt`)).size, 0)
})

test('bls run --stats prints what was used', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', doing('(nop)'))
  const { stderr } = await bls({ cwd: folder.path }, 'run', 'a.wat', '--stats')
  assert.match(
    stderr,
    /^exit {8}0\nfuel {8}\d+ of 5,000,000,000\nmemory {6}64\.0 KiB of 128\.0 MiB\noutput {6}0 B of 1\.0 MiB\n/,
  )
  assert.match(stderr, /\nhost calls {2}0, 0 B sent, 0 B received\n$/)
})
