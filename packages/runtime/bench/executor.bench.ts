// What a run costs: `node packages/runtime/bench/executor.bench.ts [module.wasm] [--json]`
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { silentLogger, systemClock } from '@blockless/core'
import { Executor, type RunReport, type RunRequest } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'

const WARM_RUNS = 2000
const SERIAL_RUNS = 5000
const THROUGHPUT_RUNS = 20_000
const PREPARES = 20
/** Runs in flight for throughput: enough that a thread never waits for the host. */
const IN_FLIGHT = 16

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [path] = positionals
const rows: { name: string; value: number; unit: string }[] = []

/** About 100 KB: a thousand functions that are there, a handful that run, an answer on stdout. */
function standInText(): string {
  const filler = Array.from({ length: 1000 }, (_, index) => {
    const steps = Array.from(
      { length: 12 },
      (_, step) => `(local.set 0 (i32.mul (local.get 0) (i32.const ${index * 31 + step})))`,
    )
    return `(func (param i32) (result i32) ${steps.join(' ')} (local.get 0))`
  })
  return `(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 17)
    (data (i32.const 0) "\\10\\00\\00\\00\\00\\04\\00\\00")
    ${filler.join('\n')}
    (func (export "_start") (local $i i32)
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 1000))))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`
}

function requestOf(functionCid: string): RunRequest {
  return {
    functionCid,
    entry: '_start',
    limits: { fuel: 100_000_000, memoryBytes: 134_217_728, outputBytes: 1_048_576, deadlineMs: 10_000 },
    input: { args: ['one'], env: { NAME: 'value' }, stdin: new Uint8Array(1024) },
    timestampMs: 0,
    seed: new Uint8Array(32),
    name: 'bench.wasm',
  }
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

function report(name: string, value: number, unit: string): void {
  rows.push({ name, value, unit })
}

function reportSpread(name: string, samples: readonly number[]): void {
  const sorted = samples.toSorted((a, b) => a - b)
  report(`${name} p50`, percentile(sorted, 0.5), 'ms')
  report(`${name} p99`, percentile(sorted, 0.99), 'ms')
}

async function measureRuns(executor: Executor, functionCid: string): Promise<void> {
  const request = requestOf(functionCid)
  for (let turn = 0; turn < WARM_RUNS; turn++) await executor.run(request)
  const reports: RunReport[] = []
  for (let turn = 0; turn < SERIAL_RUNS; turn++) reports.push(await executor.run(request))
  const timings = reports.map((one) => one.timings)
  reportSpread(
    'warm run',
    timings.map((one) => one.totalMs),
  )
  reportSpread(
    'of it instantiate',
    timings.map((one) => one.instantiateMs),
  )
  reportSpread(
    'of it guest',
    timings.map((one) => one.runMs),
  )
  reportSpread(
    'of it between processes and threads',
    timings.map((one) => one.totalMs - one.instantiateMs - one.runMs),
  )
}

async function measureThroughput(executor: Executor, functionCid: string, threads: number): Promise<void> {
  const request = requestOf(functionCid)
  let left = THROUGHPUT_RUNS
  const lane = async (): Promise<void> => {
    while (left-- > 0) await executor.run(request)
  }
  const startMs = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  report(
    `runs with ${threads} thread${threads > 1 ? 's' : ''}`,
    THROUGHPUT_RUNS / ((performance.now() - startMs) / 1000),
    '1/s',
  )
}

async function main(): Promise<void> {
  const wasm = path === undefined ? await compileWat(standInText()) : await readFile(path)
  report('module', wasm.length / 1024, 'KiB')
  for (const threads of [1, 2]) {
    await using executor = new Executor({ log: silentLogger, clock: systemClock }, { threads })
    const startMs = performance.now()
    await executor.start()
    if (threads === 1) report('start', performance.now() - startMs, 'ms')
    const prepares: number[] = []
    for (let turn = 0; turn < PREPARES; turn++) {
      const beforeMs = performance.now()
      await executor.prepare(`module ${turn}`, wasm)
      prepares.push(performance.now() - beforeMs)
    }
    if (threads === 1) {
      report('first prepare after start', prepares[0] ?? 0, 'ms')
      reportSpread('prepare', prepares.slice(1))
      await measureRuns(executor, 'module 0')
    } else for (let turn = 0; turn < WARM_RUNS; turn++) await executor.run(requestOf('module 0'))
    await measureThroughput(executor, 'module 0', threads)
  }
}

await main()
if (values.json) for (const row of rows) console.log(JSON.stringify({ bench: 'runtime/executor', ...row }))
else {
  console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores`)
  for (const { name, value, unit } of rows) console.log(`${name.padEnd(42)} ${value.toFixed(3).padStart(12)} ${unit}`)
}
