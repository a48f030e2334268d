import type { Executor, RunReport } from '@blockless/runtime'
import type { MountFolders } from './file-kinds.ts'
import type { WasiTest } from './read-suite.ts'

/** What became of a test; `problem` says what was wrong with it. */
export interface TestResult {
  readonly name: string
  readonly language: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly problem?: string
}

const LIMITS = { fuel: 20_000_000_000, memoryBytes: 268_435_456, outputBytes: 1_048_576, deadlineMs: 30_000 }
const OUTPUT_SHOWN = 400

/** Runs one test in the executor. */
export async function runTest(executor: Executor, test: WasiTest, mountFolders: MountFolders): Promise<TestResult> {
  const { name, language } = test
  if (test.skipped !== undefined) return { name, language, outcome: 'skipped', problem: test.skipped }
  try {
    await executor.prepare(name, test.wasm)
    await using mounted = await mountFolders(test.folders)
    const request = {
      functionCid: name,
      entry: '_start',
      limits: LIMITS,
      input: { args: [...test.args], env: { ...test.env }, stdin: new TextEncoder().encode(test.stdin) },
      timestampMs: Date.now(),
      seed: new Uint8Array(32).fill(1),
      name: `${name.slice(name.lastIndexOf('/') + 1)}.wasm`,
      mounts: mounted.mounts,
    }
    const report = await executor.run(request, undefined, mounted.host)
    const problem = problemOf(test, report)
    return problem === undefined
      ? { name, language, outcome: 'passed' }
      : { name, language, outcome: 'failed', problem }
  } catch (error) {
    return { name, language, outcome: 'failed', problem: error instanceof Error ? error.message : String(error) }
  }
}

function problemOf(test: WasiTest, report: RunReport): string | undefined {
  const stdout = new TextDecoder().decode(report.stdout)
  const stderr = new TextDecoder().decode(report.stderr)
  const { kind, code } = report.exit
  if (kind !== 'exit' || code !== test.exitCode) {
    const said = stderr.trim().slice(0, OUTPUT_SHOWN)
    return `it ended with ${kind} ${code}, exit ${test.exitCode} is right${said === '' ? '' : `: ${said}`}`
  }
  if (test.stdout !== undefined && stdout !== test.stdout)
    return `it wrote "${stdout}" to stdout, "${test.stdout}" is right`
  if (test.stderr !== undefined && stderr !== test.stderr)
    return `it wrote "${stderr}" to stderr, "${test.stderr}" is right`
  return undefined
}
