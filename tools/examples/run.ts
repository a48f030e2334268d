import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type Example, toModule } from './extract.ts'

/** An example shows one thing; one that runs longer is a test. */
const EXAMPLE_TIMEOUT_MS = 20_000
const CONCURRENCY = 2
/** A run that was killed left its directory behind; no run takes this long. */
const LEFTOVER_AGE_MS = 60 * 60_000

/** An example may show a value without using it, and nobody imports an example. */
const EXAMPLE_COMPILER_OPTIONS = {
  noEmit: true,
  emitDeclarationOnly: false,
  composite: false,
  declaration: false,
  isolatedDeclarations: false,
  noUnusedLocals: false,
  tsBuildInfoFile: null,
} as const

/** An example that does not compile, or that threw. */
export interface ExampleFailure {
  file: string
  /** 1-based, of the line that failed */
  line: number
  reason: string
}

/**
 * Compiles all examples at once and runs each in a process of its own, with an empty working directory.
 *
 * @param root - whose node_modules resolve the imports
 */
export async function runExamples(examples: readonly Example[], root: string): Promise<ExampleFailure[]> {
  if (examples.length === 0) return []
  const parent = join(root, '.cache', 'examples')
  mkdirSync(parent, { recursive: true })
  removeLeftovers(parent)
  const directory = mkdtempSync(join(parent, 'run-'))
  try {
    const { modules, failures } = writeModules(examples, directory, root)
    const broken = await compile(modules, directory, root)
    failures.push(...broken.values())
    const queue = [...modules].filter(([name]) => !broken.has(name))
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const failure = await runOne(next[0], next[1], directory)
        if (failure !== undefined) failures.push(failure)
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
    return failures
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

type Modules = ReadonlyMap<string, Example>

function writeModules(
  examples: readonly Example[],
  directory: string,
  root: string,
): { modules: Modules; failures: ExampleFailure[] } {
  const modules = new Map<string, Example>()
  const failures: ExampleFailure[] = []
  for (const [index, example] of examples.entries()) {
    try {
      const name = `${String(index).padStart(4, '0')}.ts`
      writeFileSync(join(directory, name), toModule(example, root))
      modules.set(name, example)
    } catch (error) {
      failures.push({ file: example.file, line: example.line, reason: (error as Error).message })
    }
  }
  return { modules, failures }
}

/** @returns the first error of each module that does not compile */
async function compile(modules: Modules, directory: string, root: string): Promise<Map<string, ExampleFailure>> {
  const broken = new Map<string, ExampleFailure>()
  if (modules.size === 0) return broken
  const config = {
    extends: relative(directory, join(root, 'tsconfig.base.json')).replaceAll('\\', '/'),
    compilerOptions: EXAMPLE_COMPILER_OPTIONS,
    include: ['./*.ts'],
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { output } = await runNode([tsc, '-p', directory, '--pretty', 'false'], root)
  for (const line of output.split('\n')) {
    if (line.startsWith('error TS')) throw new Error(`Cannot compile the examples: ${line}`)
    const found = /([^/\\(]+\.ts)\((\d+),\d+\): error (.*)$/.exec(line)
    const [, name = '', at, reason = ''] = found ?? []
    const example = modules.get(name)
    // an error inside of a package is told by the types check
    if (example === undefined || broken.has(name)) continue
    broken.set(name, { file: example.file, line: sourceLine(example, Number(at)), reason })
  }
  return broken
}

async function runOne(name: string, example: Example, directory: string): Promise<ExampleFailure | undefined> {
  const path = join(directory, name)
  const scratch = mkdtempSync(join(directory, 'cwd-'))
  const { code, output } = await runNode([path], scratch)
  if (code === 0) return undefined
  const at = new RegExp(`${name.replace('.', '\\.')}:(\\d+)`).exec(output)
  const line = sourceLine(example, Number(at?.[1] ?? 1))
  return { file: example.file, line, reason: summarize(output) }
}

function sourceLine(example: Example, moduleLine: number): number {
  return example.line + Math.max(moduleLine, 1) - 1
}

/** The error's name and message: what Node prints between its source excerpt and the stack. */
function summarize(output: string): string {
  const lines = stripVTControlCharacters(output).trimEnd().split('\n')
  const start = Math.max(
    lines.findIndex((line) => /^(\w*Error|Uncaught)\b/.test(line)),
    0,
  )
  const stack = lines.findIndex((line, index) => index > start && /^\s+at /.test(line))
  const message = lines.slice(start, stack < 0 ? undefined : stack).filter((line) => line.trim() !== '')
  return message.slice(0, 12).join('\n')
}

function runNode(args: string[], cwd: string): Promise<{ code: number; output: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; output: string }>()
  execFile(process.execPath, args, { cwd, timeout: EXAMPLE_TIMEOUT_MS, encoding: 'utf8' }, (error, stdout, stderr) => {
    const late = error?.killed === true ? `Error: still running after ${EXAMPLE_TIMEOUT_MS} ms\n` : ''
    const output = late + stdout + stderr
    const silent = error !== null && output.trim() === '' ? `Error: exit code ${error.code}\n` : ''
    resolve({ code: error === null ? 0 : 1, output: silent + output })
  })
  return promise
}

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name)
    if (Date.now() - statSync(path).mtimeMs > LEFTOVER_AGE_MS) rmSync(path, { recursive: true, force: true })
  }
}
