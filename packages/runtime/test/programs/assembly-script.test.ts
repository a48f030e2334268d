import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Executor } from '@blockless/runtime'
import { deterministicPart, requestOf, startExecutor, textOf } from '../run-helpers.ts'

const ASC = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'))
const WASI_CONFIG = fileURLToPath(import.meta.resolve('@assemblyscript/wasi-shim/asconfig.json'))

const WASI_PROGRAM = `
  const buffer = new ArrayBuffer(4096)
  const size = process.stdin.read(buffer)
  const text = String.UTF8.decode(buffer.slice(0, size))
  console.log("args " + process.argv.slice(1).join(","))
  console.log("env " + process.env.get("NAME"))
  console.log("stdin " + text.toUpperCase())
  console.log("year " + (new Date(Date.now()).getUTCFullYear()).toString())
  console.log("random " + Math.random().toString())
  const words = new Map<string, i32>()
  for (let index = 0; index < 1000; index++) words.set("word " + (index % 10).toString(), index)
  console.log("words " + words.size.toString() + " " + words.get("word 3").toString())
  process.stderr.write("done\\n")
  if (text == "fail") throw new Error("asked to")
  process.exit(text.length)
`

const PLAIN_PROGRAM = `
  trace("numbers", 2, 1.5, -2)
  export function fail(): void {
    assert(Math.random() < 0, "never below zero")
  }
`

/** Compiles one file, with a configuration to extend or as a plain module that exports its start. */
async function compileProgram(source: string, config?: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'blockless-runtime-'))
  try {
    await writeFile(join(folder, 'program.ts'), source)
    const base = config === undefined ? { options: { exportStart: '_start' } } : { extends: relative(folder, config) }
    await writeFile(join(folder, 'asconfig.json'), JSON.stringify({ ...base, targets: { release: {} } }))
    const args = [ASC, 'program.ts', '--outFile', 'program.wasm', '-O1', '--target', 'release']
    await promisify(execFile)(process.execPath, args, { cwd: folder })
    return await readFile(join(folder, 'program.wasm'))
  } finally {
    await rm(folder, { recursive: true })
  }
}

suite('programs of AssemblyScript', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor({ threads: 2 })
    const [wasi, plain] = await Promise.all([compileProgram(WASI_PROGRAM, WASI_CONFIG), compileProgram(PLAIN_PROGRAM)])
    await executor.prepare('wasi', wasi)
    await executor.prepare('plain', plain)
  })
  after(async () => await executor.stop())

  const input = { args: ['a', 'ä'], env: { NAME: 'value' }, stdin: 'hello' }

  test('a program with the WASI shim reads its input and writes its answer', async () => {
    const report = await executor.run(requestOf('wasi', input))
    const lines = textOf(report.stdout).split('\n')
    assert.deepEqual(lines.slice(0, 4), ['args a,ä', 'env value', 'stdin HELLO', 'year 2026'])
    assert.match(lines[4] ?? '', /^random 0\.\d+$/)
    assert.equal(lines[5], 'words 10 993')
    assert.equal(textOf(report.stderr), 'done\n')
    assert.deepEqual(report.exit, { kind: 'exit', code: 5 })
  })

  test('a program is a pure function of its request, on every thread', async () => {
    const reports = await Promise.all(Array.from({ length: 6 }, () => executor.run(requestOf('wasi', input))))
    const first = reports[0]
    for (const report of reports) assert.deepEqual(deterministicPart(report), first && deterministicPart(first))
    const other = await executor.run(requestOf('wasi', { ...input, seed: new Uint8Array(32) }))
    assert.notDeepEqual(other.stdout, first?.stdout, 'another seed gives other random numbers')
  })

  test('a failed assertion of the WASI shim is told on stderr', async () => {
    const report = await executor.run(requestOf('wasi', { ...input, stdin: 'fail' }))
    assert.deepEqual(report.exit, { kind: 'exit', code: 255 })
    assert.match(textOf(report.stderr), /^done\nabort: asked to in program\.ts\(\d+:\d+\)\n$/)
  })

  test('a program without the shim traces, draws its seed and aborts', async () => {
    const traced = await executor.run(requestOf('plain'))
    assert.equal(textOf(traced.stderr), 'trace: numbers 1.5, -2\n')
    assert.equal(traced.exit.kind, 'exit')
    const failed = await executor.run(requestOf('plain', { entry: 'fail' }))
    assert.deepEqual(failed.exit, { kind: 'unreachable', code: 0 })
    assert.match(textOf(failed.stderr), /^abort: never below zero in program\.ts\(4:5\)\n$/)
  })
})
