import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type FuzzProgress, fuzz } from './support/fuzz.ts'
import { type Failure, runCase } from './support/run-cases.ts'
import type { FuzzTarget } from './support/target.ts'

// npm run fuzz -- <target> [options]: puts random inputs through tests/fuzz/<target>/target.ts, writes down those that
// fail, and ends with "N passed, N failed".

const PROGRESS_MS = 5_000
/** More failures than this are counted, but not written down. */
const FILES_MAX = 100
const targets = new Map(
  globSync('*/target.ts', { cwd: import.meta.dirname }).map((file) => [basename(dirname(file)), file] as const),
)
const USAGE = `usage: npm run fuzz -- <${[...targets.keys()].sort().join('|')}> [options]
  --runs <N>         inputs to try
  --minutes <M>      ends the run after this time; without --runs it tries as many inputs as it can
  --seed <S>         the same seed tries the same inputs; default: another one each time
  --corpus <folder>  more inputs to start from
  --out <folder>     where failing inputs go; default: .cache/fuzz/<target>
  --replay <file>    tries this input only; can be given several times`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    corpus: { type: 'string' },
    out: { type: 'string' },
    replay: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  },
})
const [name = ''] = positionals
const file = targets.get(name)
if (values.help === true || file === undefined) {
  if (values.help !== true) console.error(`Cannot run: there is no target ${JSON.stringify(name)}`)
  console.log(USAGE)
  process.exit(values.help === true ? 0 : 2)
}
const targetUrl = pathToFileURL(join(import.meta.dirname, file)).href
const { target } = (await import(targetUrl)) as { target: FuzzTarget }
process.exitCode = values.replay === undefined ? await run() : await replay(values.replay)

function numberOption(key: 'runs' | 'minutes' | 'seed'): number | undefined {
  const text = values[key]
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0 && (key === 'minutes' || Number.isInteger(value))) return value
  console.error(`Cannot run: --${key} is ${JSON.stringify(text)}, a number is needed`)
  return process.exit(2)
}

async function run(): Promise<number> {
  const minutes = numberOption('minutes')
  const seed = (numberOption('seed') ?? Math.floor(Math.random() * 2 ** 32)) >>> 0
  const runs = numberOption('runs') ?? (minutes === undefined ? target.runs : Number.MAX_SAFE_INTEGER)
  const out = values.out ?? join('.cache', 'fuzz', name)
  console.log(`${name}: seed ${seed}, ${runs === Number.MAX_SAFE_INTEGER ? `${minutes} minutes` : `${runs} inputs`}`)
  let printedAt = performance.now()
  let written = 0
  const onFailure = (failure: Failure): void => {
    if (written++ < FILES_MAX) console.log(describeFailure(failure, writeInput(out, seed, failure)))
  }
  const onProgress = (progress: FuzzProgress): void => {
    if (performance.now() - printedAt < PROGRESS_MS) return
    printedAt = performance.now()
    console.log(describeProgress(progress))
  }
  const end = await fuzz({ targetUrl, corpus: values.corpus, seed, runs, minutes, onFailure, onProgress })
  console.log(describeProgress(end))
  for (const [verdict, count] of Object.entries(end.counts).sort(([, a], [, b]) => b - a)) {
    console.log(`${String(count).padStart(10)}  ${verdict}`)
  }
  console.log(`${end.executions - end.failures} passed, ${end.failures} failed`)
  return end.failures === 0 ? 0 : 1
}

async function replay(files: readonly string[]): Promise<number> {
  const subject = await target.create(values.corpus)
  let failed = 0
  for (const path of files) {
    const { verdict, ms, problem } = await runCase(target, subject, Uint8Array.from(readFileSync(path)))
    if (problem !== undefined) failed++
    console.log(`${path}: ${problem === undefined ? verdict : `FAILED: ${problem}`} (${ms.toFixed(1)} ms)`)
  }
  console.log(`${files.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

function writeInput(out: string, seed: number, { index, input }: Failure): string {
  if (!existsSync(out)) mkdirSync(out, { recursive: true })
  const path = join(out, `${seed}-${index}${target.extension}`)
  writeFileSync(path, input)
  return path
}

function describeFailure({ index, input, problem }: Failure, path: string): string {
  return `FAILED input ${index} (${input.length} bytes): ${problem}\n  npm run fuzz -- ${name} --replay ${relative('.', path)}`
}

function describeProgress({ executions, seconds, counts, slowestMs, failures }: FuzzProgress): string {
  const speed = Math.round(executions / Math.max(seconds, 0.001))
  const kinds = Object.keys(counts).length
  return `${executions} inputs in ${seconds.toFixed(0)} s, ${speed} a second, ${kinds} verdicts, slowest ${slowestMs.toFixed(0)} ms, ${failures} failed`
}
