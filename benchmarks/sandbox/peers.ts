import { execFile } from 'node:child_process'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { WASI } from 'node:wasi'
import { distribution, type Measure } from '../support/report.ts'
import { helloModule } from './modules.ts'

const RUNS = 3_000
const WARM_UP = 500
const MODULE_SIZE = 102_400

/** The same hello, a fresh instance each time: in this process by node:wasi, and by wasmtime where Python has it. */
export async function measurePeers(): Promise<Measure[]> {
  const wasm = await helloModule(MODULE_SIZE)
  const folder = mkdtempSync(join(tmpdir(), 'bls-sandbox-'))
  try {
    return [nodeWasi(wasm, folder), ...(await wasmtime(wasm, folder))]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function nodeWasi(wasm: Uint8Array, folder: string): Measure {
  const module = new WebAssembly.Module(wasm as BufferSource)
  const stdout = openSync(join(folder, 'stdout'), 'w')
  const times: number[] = []
  for (let turn = -WARM_UP; turn < RUNS; turn++) {
    const startMs = performance.now()
    const wasi = new WASI({ version: 'preview1', args: ['bench.wasm', 'one'], env: { NAME: 'value' }, stdout })
    wasi.start(new WebAssembly.Instance(module, wasi.getImportObject() as WebAssembly.Imports))
    if (turn >= 0) times.push(performance.now() - startMs)
  }
  return { bench: 'sandbox', name: 'peer.nodeWasi.warm.p50', value: distribution(times).p50, unit: 'ms' }
}

async function wasmtime(wasm: Uint8Array, folder: string): Promise<Measure[]> {
  const path = join(folder, 'hello.wasm')
  writeFileSync(path, wasm)
  const script = fileURLToPath(new URL('wasmtime-hello.py', import.meta.url))
  const python = process.env['PYTHON'] ?? 'python3'
  try {
    const { stdout } = await promisify(execFile)(python, [script, path, join(folder, 'out'), String(RUNS)])
    const times: Record<string, number> = JSON.parse(stdout)
    return Object.entries(times).map(([name, value]) => ({
      bench: 'sandbox',
      name: `peer.wasmtime.${name}`,
      value,
      unit: 'ms',
    }))
  } catch {
    console.error('wasmtime is left out: "pip install wasmtime" for python3, or name another with PYTHON=…')
    return []
  }
}
