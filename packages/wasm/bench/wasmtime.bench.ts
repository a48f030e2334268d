// CPU-bound kernels here and in wasmtime, each plain and metered: node packages/wasm/bench/wasmtime.bench.ts [--json]
// It needs a Python with wasmtime ("pip install wasmtime"); PYTHON=… names one that is not python3.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FUEL_EXPORT, instrument, START_EXPORT } from '@blockless/wasm'
import { compileKernels, type Kernel } from './kernels.ts'

const ROUNDS = 15
const FUEL = 10n ** 15n
const SCRIPT = fileURLToPath(new URL('wasmtime-kernels.py', import.meta.url))

/** Best milliseconds of a module in this engine. */
function bestMs(bytes: Uint8Array, size: number): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), {})
  const fuel = exports[FUEL_EXPORT] as WebAssembly.Global<'i64'> | undefined
  const run = exports['run'] as (size: number) => number
  if (fuel !== undefined) fuel.value = FUEL
  ;(exports[START_EXPORT] as (() => void) | undefined)?.()
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    if (fuel !== undefined) fuel.value = FUEL
    const startMs = performance.now()
    run(size)
    best = Math.min(best, performance.now() - startMs)
  }
  return best
}

/** Best milliseconds of each kernel in wasmtime, without fuel and with. */
function byWasmtime(kernels: readonly Kernel[]): Record<string, readonly [number, number]> {
  const folder = mkdtempSync(join(tmpdir(), 'bls-kernels-'))
  try {
    for (const [index, { bytes }] of kernels.entries()) writeFileSync(join(folder, `${index}.wasm`), bytes)
    const input = JSON.stringify(kernels.map(({ name, size }) => ({ name, size })))
    const python = process.env['PYTHON'] ?? 'python3'
    return JSON.parse(execFileSync(python, [SCRIPT, String(ROUNDS), folder], { input, encoding: 'utf8' }))
  } catch (error) {
    console.error('Cannot compare: a Python with wasmtime is needed, "pip install wasmtime", or PYTHON=… to name one')
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const geomean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

const isJson = process.argv.includes('--json')
const kernels = await compileKernels()
const peers = byWasmtime(kernels)
const rows = kernels.map(({ name, bytes, size }) => {
  const ours = [bestMs(bytes, size), bestMs(instrument(bytes, { memoryPagesMax: 4096 }).bytes, size)] as const
  return { name, ours, theirs: peers[name] as readonly [number, number] }
})
const summary = {
  plain: geomean(rows.map(({ ours, theirs }) => theirs[0] / ours[0])),
  metered: geomean(rows.map(({ ours, theirs }) => theirs[1] / ours[1])),
}
if (isJson) {
  for (const [name, value] of Object.entries(summary)) {
    console.log(JSON.stringify({ bench: 'wasmtime', name: `wasmtime.${name}.overOurs`, value, unit: 'x' }))
  }
} else {
  console.log(`Node ${process.version}, ${cpus()[0]?.model}, best of ${ROUNDS} rounds, milliseconds`)
  console.log(
    `${'kernel'.padEnd(40)} ${'ours'.padStart(9)} ${'metered'.padStart(9)} ${'wasmtime'.padStart(9)} with fuel`,
  )
  for (const { name, ours, theirs } of rows) {
    console.log(`${name.padEnd(40)} ${[...ours, ...theirs].map((ms) => ms.toFixed(1).padStart(9)).join(' ')}`)
  }
  console.log(
    `wasmtime takes ${summary.plain.toFixed(2)}x our time unmetered, ${summary.metered.toFixed(2)}x metered (geometric means)`,
  )
}
