import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { type FuzzRun, fuzz } from './support/fuzz.ts'
import type { Failure } from './support/run-cases.ts'
import { takeApart } from './wasm/module-parts.ts'

const WASM = new URL('wasm/target.ts', import.meta.url).href
const WASI = new URL('wasi/target.ts', import.meta.url).href
const COUNTING = new URL('support/counting-target.ts', import.meta.url).href
/** A few seconds; `npm run fuzz -- wasm` tries more. */
const WASM_RUNS = 4_000
const WASI_RUNS = 200

const runOf = (targetUrl: string, runs: number, failures: Failure[]): FuzzRun => ({
  targetUrl,
  runs,
  seed: 1,
  corpus: undefined,
  minutes: undefined,
  onProgress: () => undefined,
  onFailure: (failure) => failures.push(failure),
})

test('fuzz() finds nothing in the validation and rewriting of mutated modules', async () => {
  const failures: Failure[] = []
  const { executions, counts } = await fuzz(runOf(WASM, WASM_RUNS, failures))
  assert.deepEqual(
    failures.map(({ index, problem }) => `${index}: ${problem}`),
    [],
  )
  assert.equal(executions, WASM_RUNS)
  assert.ok((counts['accepted'] ?? 0) > WASM_RUNS / 50, 'mutations reach behind the validation')
})

test('fuzz() finds nothing in random calls of WASI', async () => {
  const failures: Failure[] = []
  const { executions } = await fuzz(runOf(WASI, WASI_RUNS, failures))
  assert.deepEqual(
    failures.map(({ index, problem }) => `${index}: ${problem}`),
    [],
  )
  assert.equal(executions, WASI_RUNS)
})

test('fuzz() reports what fails, throws and is slow, the same for the same seed', async () => {
  const failures: Failure[] = []
  const end = await fuzz(runOf(COUNTING, 60, failures))
  assert.equal(end.executions, 60)
  assert.equal(end.failures, failures.length)
  for (const { input, problem } of failures) {
    assert.match(problem, [/^is 7$/, /RangeError: is 8/, /^took \d+ ms$/][(input[0] ?? 0) - 7] as RegExp)
  }
  assert.deepEqual(new Set(failures.map(({ input }) => input[0])), new Set([7, 8, 9]))
  const again: Failure[] = []
  await fuzz(runOf(COUNTING, 60, again))
  assert.deepEqual(
    again.map(({ index }) => index),
    failures.map(({ index }) => index),
  )
})

test('npm run fuzz prints totals, replays a file and refuses an unknown target', async () => {
  const run = promisify(execFile)
  const main = join(import.meta.dirname, 'run.ts')
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  try {
    const { stdout } = await run(process.execPath, [main, 'wasm', '--runs', '200', '--seed', '7', '--out', folder])
    assert.match(stdout, /^wasm: seed 7, 200 inputs\n/)
    assert.match(stdout, /\n200 passed, 0 failed\n$/)
    assert.deepEqual(readdirSync(folder), [])
    const file = join(folder, 'empty.wasm')
    writeFileSync(file, Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
    const replayed = await run(process.execPath, [main, 'wasm', '--replay', file])
    assert.match(replayed.stdout, /empty\.wasm: accepted .*\n1 passed, 0 failed\n$/)
    await assert.rejects(run(process.execPath, [main, 'nothing']), /there is no target "nothing"/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('takeApart() gives up on modules whose sizes are lies', () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  assert.equal(takeApart(Uint8Array.from([...header, 1, 9, 0])), undefined)
  const bodies = takeApart(Uint8Array.from([...header, 10, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]))
  assert.equal(bodies?.sections[0]?.kind, 'bytes')
})
