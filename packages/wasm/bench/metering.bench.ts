// What metering costs: time of each kernel rewritten, over its time as it is; and how fast modules are rewritten.
// Run: node packages/wasm/bench/metering.bench.ts
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename } from 'node:path'
import { FUEL_EXPORT, fuelUsed, instrument, START_EXPORT } from '@blockless/wasm'
import { installedModules } from '../test/installed-modules.ts'
import { compileKernels, type Kernel } from './kernels.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 40)
const FUEL = 10n ** 15n
const OPTIONS = { memoryPagesMax: 4096 }

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

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

/** Times in turns, so that noise of the machine falls on all alike. */
function compare({ bytes, size, name }: Kernel): { fast: number; precise: number } {
  const variants = [
    load(bytes),
    load(instrument(bytes, OPTIONS).bytes),
    load(instrument(bytes, { ...OPTIONS, precise: true }).bytes),
  ]
  for (let warm = 0; warm < 4; warm++) for (const variant of variants) timeMs(variant, size)
  const times: number[][] = variants.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, variant] of variants.entries()) times[index]?.push(timeMs(variant, size))
  }
  const best = times.map((values) => Math.min(...values)) as [number, number, number]
  const fuel = fuelUsed(FUEL, variants[1]?.fuel?.value ?? 0n).used
  const [fast, precise] = [best[1] / best[0], best[2] / best[0]]
  const p50 = median(times[1] ?? []) / median(times[0] ?? [])
  console.log(
    `${name.padEnd(40)} ${best[0].toFixed(1).padStart(7)} ms ${fast.toFixed(2)}x (medians ${p50.toFixed(2)}x)  ` +
      `precise ${precise.toFixed(2)}x  ${(Number(fuel) / best[0] / 1000).toFixed(0)} M fuel/s`,
  )
  return { fast, precise }
}

const geomean = (values: number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

console.log(`Node ${process.version}, ${cpus()[0]?.model}, best of ${ROUNDS} rounds`)
const ratios = (await compileKernels()).map(compare)
const fast = ratios.map((ratio) => ratio.fast)
console.log(
  `geomean ${geomean(fast).toFixed(3)}x, worst ${Math.max(...fast).toFixed(2)}x; ` +
    `precise geomean ${geomean(ratios.map((ratio) => ratio.precise)).toFixed(3)}x`,
)

for (const path of installedModules().slice(0, 4)) {
  const bytes = readFileSync(path)
  const times = Array.from({ length: 12 }, () => {
    const start = performance.now()
    instrument(bytes, { memoryPagesMax: 65_536 })
    return performance.now() - start
  })
  const speed = (ms: number): string => `${(bytes.length / ms / 1000).toFixed(1)} MB/s`
  const growth = instrument(bytes, { memoryPagesMax: 65_536 }).bytes.length / bytes.length
  console.log(
    `rewrite ${basename(path)} (${bytes.length} bytes): best ${speed(Math.min(...times))}, median ${speed(median(times))}, grows ${growth.toFixed(2)}x`,
  )
}
