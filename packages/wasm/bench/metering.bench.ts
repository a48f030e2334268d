// What the rewriting costs: time of each kernel rewritten, over its time as it is; and how fast modules are rewritten.
// Run: npm run bench -- metering [--json], or node packages/wasm/bench/metering.bench.ts; ROUNDS sets the rounds.
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { FUEL_EXPORT, fuelUsed, type InstrumentOptions, instrument, START_EXPORT } from '@blockless/wasm'
import { installedModules } from '../test/installed-modules.ts'
import { compileKernels, type Kernel } from './kernels.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 20)
/** Kernels come again, so that none falls as a whole into seconds in which the machine was busy. */
const PASSES = 3
const REWRITE_ROUNDS = 12
const FUEL = 10n ** 15n
const MODULES_MAX = 4
/** What runs is `canonical`; `metered` shows what fuel alone costs. */
const VARIANTS = {
  metered: { canonicalNan: false },
  canonical: {},
  precise: { precise: true },
} as const satisfies Record<string, Partial<InstrumentOptions>>
type Ratios = Readonly<Record<keyof typeof VARIANTS, number>>

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })

interface Runnable {
  readonly run: (size: number) => number
  readonly fuel: WebAssembly.Global<'i64'> | undefined
}

function load(bytes: Uint8Array): Runnable {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), {})
  const run = exports['run'] as (size: number) => number
  const fuel = exports[FUEL_EXPORT] as WebAssembly.Global<'i64'> | undefined
  if (fuel) fuel.value = FUEL
  const start = exports[START_EXPORT] as (() => void) | undefined
  start?.()
  return { run, fuel }
}

function timeMs({ run, fuel }: Runnable, size: number): number {
  if (fuel) fuel.value = FUEL
  const start = performance.now()
  run(size)
  return performance.now() - start
}

const print = (line: string): void => {
  if (!values.json) console.log(line)
}
const ratio = (value: number): string => `${value.toFixed(2)}x`.padStart(8)
const median = (samples: number[]): number => samples.toSorted((a, b) => a - b)[samples.length >> 1] as number

/** One kernel, as it is and rewritten in each way, and the times that its runs took. */
interface Contest {
  readonly kernel: Kernel
  readonly runners: readonly Runnable[]
  readonly times: readonly number[][]
}

function prepare(kernel: Kernel): Contest {
  const rewritten = Object.values(VARIANTS).map((options) =>
    load(instrument(kernel.bytes, { memoryPagesMax: 4096, ...options }).bytes),
  )
  const runners = [load(kernel.bytes), ...rewritten]
  for (let warm = 0; warm < 4; warm++) for (const runner of runners) timeMs(runner, kernel.size)
  return { kernel, runners, times: runners.map(() => []) }
}

/** Times in turns, so that noise of the machine falls on all alike. */
function measure({ kernel, runners, times }: Contest): void {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, runner] of runners.entries()) times[index]?.push(timeMs(runner, kernel.size))
  }
}

/** The best of each counts. */
function compare({ kernel, runners, times }: Contest): Ratios {
  const best = times.map((samples) => Math.min(...samples))
  const [plain, metered, canonical, precise] = best as [number, number, number, number]
  const fuel = Number(fuelUsed(FUEL, runners[1]?.fuel?.value ?? 0n).used)
  const ratios = { metered: metered / plain, canonical: canonical / plain, precise: precise / plain }
  print(
    `${kernel.name.padEnd(40)} ${plain.toFixed(1).padStart(7)} ms ${ratio(ratios.metered)} ${ratio(ratios.canonical)} ` +
      `(p50 ${ratio(median(times[2] ?? []) / median(times[0] ?? [])).trim()}) ${ratio(ratios.precise)} ` +
      `${(fuel / plain / 1000).toFixed(0).padStart(8)} M fuel/s`,
  )
  return ratios
}

/** Rewriting of one module: bytes of the original per second, in MB. */
function rewriteSpeed(path: string): number {
  const bytes = readFileSync(path)
  const times = Array.from({ length: REWRITE_ROUNDS }, () => {
    const start = performance.now()
    instrument(bytes, { memoryPagesMax: 65_536 })
    return performance.now() - start
  })
  const speed = (ms: number): number => bytes.length / ms / 1000
  const growth = instrument(bytes, { memoryPagesMax: 65_536 }).bytes.length / bytes.length
  print(
    `rewrite ${basename(path)} (${bytes.length} bytes): best ${speed(Math.min(...times)).toFixed(1)} MB/s, ` +
      `median ${speed(median(times)).toFixed(1)} MB/s, grows ${growth.toFixed(2)}x`,
  )
  return speed(Math.min(...times))
}

const geomean = (samples: number[]): number =>
  Math.exp(samples.reduce((sum, value) => sum + Math.log(value), 0) / samples.length)

print(`Node ${process.version}, ${cpus()[0]?.model}, best of ${PASSES * ROUNDS} rounds`)
print(`${'kernel'.padEnd(40)} ${'plain'.padStart(10)}   metered     +nan              precise`)
const contests = (await compileKernels()).map(prepare)
for (let pass = 0; pass < PASSES; pass++) for (const contest of contests) measure(contest)
const all = contests.map(compare)
const of = (variant: keyof Ratios): number[] => all.map((ratios) => ratios[variant])
const summary = { geomean: geomean(of('canonical')), worst: Math.max(...of('canonical')) }
print(
  `geomean ${summary.geomean.toFixed(3)}x with canonical NaNs, worst ${summary.worst.toFixed(2)}x; metered alone ` +
    `${geomean(of('metered')).toFixed(3)}x, worst ${Math.max(...of('metered')).toFixed(2)}x; ` +
    `precise ${geomean(of('precise')).toFixed(3)}x`,
)
const speeds = installedModules().slice(0, MODULES_MAX).map(rewriteSpeed)

if (values.json) {
  const measures = [
    { name: 'metering.geomean', value: summary.geomean, unit: 'x' },
    { name: 'metering.worst', value: summary.worst, unit: 'x' },
    { name: 'metering.withoutNan.geomean', value: geomean(of('metered')), unit: 'x' },
    { name: 'metering.precise.geomean', value: geomean(of('precise')), unit: 'x' },
    { name: 'rewrite.mbPerSecond', value: speeds[0] ?? 0, unit: 'MB/s' },
  ]
  for (const { name, value, unit } of measures) {
    console.log(JSON.stringify({ bench: 'metering', name, value: Number(value.toPrecision(4)), unit }))
  }
}
