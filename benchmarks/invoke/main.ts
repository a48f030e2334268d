import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createClient } from '@blockless/client'
import type { Agreement, Manifest, Story } from '@blockless/core'
import { type LoadResult, type LoadTarget, load } from '../support/load.ts'
import { startNetwork } from '../support/local-network.ts'
import { distribution, type Measure, percentile, report } from '../support/report.ts'
import { startBaseline } from './baseline.ts'

// How fast is a warm HTTP request to a deployed hello function, by one node and by four that all must answer, and
// where does the time go? Beside it, in the same run: the same module by node:wasi in a plain HTTP server that
// neither meters, isolates, agrees nor signs.

const WARM_UP = 300
const SERIAL = 1_000
const PARALLEL = 4_000
const CONCURRENCY = 32

const isJson = process.argv.includes('--json')
const wasm = buildHello()
const measures: Measure[] = []
{
  await using network = await startNetwork()
  const client = createClient({ url: network.url })
  for (const [label, agreement] of [
    ['direct', { kind: 'direct', nodes: 1, threshold: 1 }],
    ['four', { kind: 'aggregate', nodes: 4, threshold: 4 }],
  ] as const) {
    const name = `hello-${label}`
    await client.deploy({ manifest: manifestOf(name, agreement), wasm })
    const target = { url: `${network.url}/?name=bench`, host: `${name}.localhost`, expects: 'Hello, bench!' }
    await measure(`invoke.${label}`, target, async () => breakdown(label, await client.requests(SERIAL)))
  }
}
{
  await using baseline = await startBaseline(wasm)
  await measure('baseline.wasi', { url: `${baseline.url}/?name=bench`, expects: 'Hello, bench!' }, async () => [])
}
const direct = measures.find(({ name }) => name === 'invoke.direct.p50')?.value ?? 0
const baseline = measures.find(({ name }) => name === 'baseline.wasi.p50')?.value ?? 1
add('invoke.direct.overBaseline', direct / baseline, '×')
report(measures, { isJson })

async function measure(name: string, target: LoadTarget, details: () => Promise<Measure[]>): Promise<void> {
  await load(target, WARM_UP, 4)
  const serial = await load(target, SERIAL, 1)
  addAll(name, serial)
  measures.push(...(await details()))
  const parallel = await load(target, PARALLEL, CONCURRENCY)
  addAll(`${name}.c${CONCURRENCY}`, parallel)
}

function addAll(name: string, { latencies, requestsPerSecond }: LoadResult): void {
  const { p50, p99 } = distribution(latencies)
  add(`${name}.p50`, p50, 'ms')
  add(`${name}.p99`, p99, 'ms')
  add(`${name}.rps`, requestsPerSecond, 'requests/s')
}

/** Medians of the head's own records; what is left of the client's latency is HTTP on both sides. */
function breakdown(label: string, stories: readonly Story[]): Measure[] {
  const parts = [
    'encodeMs',
    'wireMs',
    'workerCheckMs',
    'queueMs',
    'instantiateMs',
    'runMs',
    'handoverMs',
    'verifyMs',
    'settleMs',
    'totalMs',
  ] as const
  const p50 = measures.find(({ name }) => name === `invoke.${label}.p50`)?.value ?? 0
  const total = percentile(
    stories.map(({ timings }) => timings.totalMs),
    0.5,
  )
  const medians = parts.map((part) => ({
    bench: 'invoke',
    name: `invoke.${label}.${part === 'totalMs' ? 'head' : part.slice(0, -2)}`,
    value: percentile(
      stories.map(({ timings }) => timings[part]),
      0.5,
    ),
    unit: 'ms',
  }))
  return [...medians, { bench: 'invoke', name: `invoke.${label}.gateway`, value: p50 - total, unit: 'ms' }]
}

function add(name: string, value: number, unit: string): void {
  measures.push({ bench: 'invoke', name, value, unit })
}

function manifestOf(name: string, agreement: Agreement): Manifest {
  const modules = [{ file: 'hello.wasm', name: 'hello', type: 'entry' as const }]
  return { version: 1, name, entry: '_start', contentType: 'text', modules, agreement }
}

function buildHello(): Uint8Array {
  const folder = fileURLToPath(new URL('../../examples/hello', import.meta.url))
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  return readFileSync(`${folder}/build/release.wasm`)
}
