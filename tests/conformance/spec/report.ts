import { dirname } from 'node:path'
import type { FileResult } from './run-files.ts'

/** Failures that are shown of one script; the rest is a number, as a broken module fails with all its assertions. */
const FAILURES_SHOWN_MAX = 10

/** What was counted. */
export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Sums over scripts. */
export function totalsOf(results: readonly FileResult[]): Totals {
  return results.reduce(
    (totals, { passed, failures, skipped }) => ({
      passed: totals.passed + passed,
      failed: totals.failed + failures.length,
      skipped: totals.skipped + Object.values(skipped).reduce((sum, count) => sum + count, 0),
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}

/** The last line of a run. */
export function summaryLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** The report for people: scripts by folder, then the failures, then what was skipped and why. */
export function formatReport(results: readonly FileResult[], hasAllFailures: boolean): string {
  const groups = Map.groupBy(results, ({ file }) => dirname(file))
  const width = Math.max(...results.map(({ file }) => file.length), 10)
  const lines: string[] = []
  for (const [group, members] of groups) {
    if (groups.size > 1) lines.push(row(`${group}/`, totalsOf(members), width), '')
    for (const member of members) lines.push(row(member.file, totalsOf([member]), width))
    if (groups.size > 1) lines.push('')
  }
  return [...lines, ...formatFailures(results, hasAllFailures), ...formatSkipped(results)].join('\n')
}

function row(name: string, { passed, failed, skipped }: Totals, width: number): string {
  const cells = [`${passed} passed`.padStart(14), `${failed} failed`.padStart(12), `${skipped} skipped`.padStart(14)]
  return `${failed > 0 ? '✖' : passed > 0 ? '✔' : '-'} ${name.padEnd(width)}${cells.join('')}`
}

function formatFailures(results: readonly FileResult[], hasAllFailures: boolean): string[] {
  const lines: string[] = []
  for (const { file, failures } of results) {
    const shown = hasAllFailures ? failures : failures.slice(0, FAILURES_SHOWN_MAX)
    for (const { line, command, problem } of shown) lines.push(`✖ ${file}:${line} ${command} ${problem}`)
    const rest = failures.length - shown.length
    if (rest > 0) lines.push(`  ${file} and ${rest} more, shown with --all`)
  }
  return lines.length === 0 ? [] : ['', ...lines]
}

function formatSkipped(results: readonly FileResult[]): string[] {
  const reasons = new Map<string, number>()
  for (const { skipped } of results) {
    for (const [reason, count] of Object.entries(skipped)) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
  }
  if (reasons.size === 0) return []
  const sorted = [...reasons].sort(([, left], [, right]) => right - left)
  return ['', 'skipped', ...sorted.map(([reason, count]) => `${String(count).padStart(8)}  ${reason}`)]
}

/** The report for programs: a line of JSON for each script, and one with the totals. */
export function formatJson(results: readonly FileResult[]): string {
  const lines = results.map(({ file, passed, failures, skipped }) => ({
    suite: 'spec',
    file,
    passed,
    failed: failures.length,
    skipped,
    failures,
  }))
  return [...lines, { suite: 'spec', ...totalsOf(results) }].map((line) => JSON.stringify(line)).join('\n')
}
