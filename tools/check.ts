// `npm run check`: everything that must hold before a commit. All steps run, also after one has failed.
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { styleText } from 'node:util'
import { REPOSITORY_ROOT } from './repository/files.ts'

/** Commands of one step run one after the other; each is a script for Node with its arguments. */
export interface Step {
  name: string
  purpose: string
  commands: readonly (readonly string[])[]
}

/** What became of a step. */
export interface StepResult {
  step: Step
  ok: boolean
  durationMs: number
  output: string
}

/** Two processes at a time keep two cores busy, and the memory of three type checkers is not needed. */
const CONCURRENCY = 2
const isTerminal = process.stdout.isTTY === true

/** The longest first, so that the short ones fill the second place. */
const STEPS: readonly Step[] = [
  {
    name: 'types',
    purpose: 'TypeScript over every project',
    commands: [['tools/check-projects.ts'], [bin('typescript/bin/tsc'), '-b', '--pretty', String(isTerminal)]],
  },
  { name: 'examples', purpose: 'docstrings and READMEs run', commands: [['tools/check-examples.ts']] },
  {
    name: 'knip',
    purpose: 'dead code and missing dependencies',
    commands: [[bin('knip/bin/knip.js'), '--no-progress', '--no-config-hints']],
  },
  {
    name: 'lint',
    purpose: 'Biome: lint rules and format',
    commands: [[bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '--max-diagnostics=100', '.']],
  },
  { name: 'layers', purpose: 'imports point down', commands: [['tools/check-layers.ts']] },
  { name: 'tidy', purpose: 'sizes, names, what a package has', commands: [['tools/check-tidy.ts']] },
]

function bin(path: string): string {
  return join('node_modules', path)
}

/**
 * Picks the steps that the command line names, all if it names none.
 *
 * @throws {RangeError} if a name is unknown
 */
export function selectSteps(steps: readonly Step[], names: readonly string[]): Step[] {
  const unknown = names.find((name) => !steps.some((step) => step.name === name))
  if (unknown !== undefined) {
    throw new RangeError(`Cannot check "${unknown}": known are ${steps.map(({ name }) => name).join(', ')}`)
  }
  return names.length === 0 ? [...steps] : steps.filter(({ name }) => names.includes(name))
}

/** Runs steps, two at a time, and tells each as it ends. */
export async function runSteps(
  steps: readonly Step[],
  root: string,
  onEnd: (result: StepResult) => void,
): Promise<StepResult[]> {
  const queue = [...steps]
  const results: StepResult[] = []
  const work = async (): Promise<void> => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      const result = await runStep(step, root)
      results.push(result)
      onEnd(result)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return results
}

async function runStep(step: Step, root: string): Promise<StepResult> {
  const startedMs = performance.now()
  let ok = true
  let output = ''
  for (const command of step.commands) {
    const result = await run(command, root)
    ok &&= result.code === 0
    output += result.output
  }
  return { step, ok, durationMs: performance.now() - startedMs, output: output.trimEnd() }
}

function run(command: readonly string[], root: string): Promise<{ code: number; output: string }> {
  const { promise, resolve: settle } = Promise.withResolvers<{ code: number; output: string }>()
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env
  const env = isTerminal ? { ...inherited, FORCE_COLOR: '1' } : { ...inherited, NO_COLOR: '1' }
  const child = spawn(process.execPath, [...command], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.on('error', (error) => settle({ code: 1, output: `${error.message}\n` }))
  child.on('close', (code) => settle({ code: code ?? 1, output: Buffer.concat(chunks).toString() }))
  return promise
}

function tell({ step, ok, durationMs, output }: StepResult, isVerbose: boolean): void {
  const mark = ok ? styleText('green', '✔') : styleText('red', '✖')
  const seconds = `${(durationMs / 1000).toFixed(1)} s`.padStart(7)
  console.log(`${mark} ${step.name.padEnd(8)} ${seconds}  ${styleText('dim', step.purpose)}`)
  const isWorthReading = !ok || (isVerbose && output !== '') || / [1-9]\d* warnings? in /.test(output)
  if (!isWorthReading) return
  const text = ok && !isVerbose ? (output.split('\n').at(-1) ?? '') : output
  console.log(`${text.replaceAll(/^(?=.)/gm, '  ')}\n`)
}

async function main(names: readonly string[]): Promise<void> {
  if (names.includes('--help')) {
    console.log('usage: npm run check -- [step]...')
    for (const { name, purpose } of STEPS) console.log(`  ${name.padEnd(8)} ${purpose}`)
    return
  }
  const results = await runSteps(selectSteps(STEPS, names), REPOSITORY_ROOT, (result) => tell(result, names.length > 0))
  const failed = results.filter(({ ok }) => !ok).map(({ step }) => step.name)
  console.log(failed.length === 0 ? `${results.length} steps passed` : `failed: ${failed.join(', ')}`)
  if (failed.length > 0) process.exitCode = 1
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  await main(process.argv.slice(2))
}
