import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** One measured number. */
export interface Measure {
  readonly bench: string
  /** Dotted, such as `invoke.direct.p50`. */
  readonly name: string
  readonly value: number
  readonly unit: string
}

/** Median, 99th percentile and count of samples. */
export interface Distribution {
  readonly p50: number
  readonly p99: number
  readonly count: number
}

/** Where and with what the numbers were measured. */
function describeMachine(): string {
  const [cpu] = cpus()
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return `blockless ${version} (${commit()}), Node ${process.version}, V8 ${process.versions.v8}, ${cpus().length}× ${cpu?.model ?? 'unknown'}, ${process.platform}`
}

/** The value below which `share` of the samples lie; 0 for none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function distribution(samples: readonly number[]): Distribution {
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), count: samples.length }
}

/** Prints numbers for people, or one JSON object a line. */
export function report(measures: readonly Measure[], options: { readonly isJson: boolean }): void {
  if (options.isJson) {
    for (const measure of measures) console.log(JSON.stringify({ ...measure, value: round(measure.value) }))
    return
  }
  console.log(`\n${describeMachine()}\n`)
  const width = Math.max(...measures.map(({ name }) => name.length))
  for (const { name, value, unit } of measures) {
    console.log(`  ${name.padEnd(width)}  ${String(round(value)).padStart(10)} ${unit}`)
  }
  console.log()
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return 'no commit'
  }
}
