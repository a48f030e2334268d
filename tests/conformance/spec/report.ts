import { dirname } from 'node:path'
import type { FileResult } from './run-files.ts'
import type { Note } from './run-script.ts'

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
    (totals, { passed, failures, skips }) => ({
      passed: totals.passed + passed,
      failed: totals.failed + failures.length,
      skipped: totals.skipped + skips.length,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}

/** The last line of a run. */
export function summaryLine({ passed, failed }: Totals): string {
  return `${passed} passed, ${failed} failed`
}

/** What a report shows beside the totals. */
export interface ReportOptions {
  /** every failure, not the first ten of each script */
  readonly hasAllFailures: boolean
  /** names each skipped command whose reason contains these words */
  readonly skippedFor: string | undefined
}

/** The report for people: scripts by folder, then the failures, then what was skipped and why. */
export function formatReport(results: readonly FileResult[], options: ReportOptions): string {
  const groups = Map.groupBy(results, ({ file }) => dirname(file))
  const width = Math.max(...results.map(({ file }) => file.length), 10)
  const lines: string[] = []
  for (const [group, members] of groups) {
    if (groups.size > 1) lines.push(row(`${group}/`, totalsOf(members), width), '')
    for (const member of members) lines.push(row(member.file, totalsOf([member]), width))
    if (groups.size > 1) lines.push('')
  }
  return [...lines, ...formatFailures(results, options), ...formatSkipped(results, options)].join('\n')
}

function row(name: string, { passed, failed, skipped }: Totals, width: number): string {
  const cells = [`${passed} passed`.padStart(14), `${failed} failed`.padStart(12), `${skipped} skipped`.padStart(14)]
  return `${failed > 0 ? '✖' : passed > 0 ? '✔' : '-'} ${name.padEnd(width)}${cells.join('')}`
}

function formatFailures(results: readonly FileResult[], { hasAllFailures }: ReportOptions): string[] {
  const lines: string[] = []
  for (const { file, failures } of results) {
    const shown = hasAllFailures ? failures : failures.slice(0, FAILURES_SHOWN_MAX)
    for (const { line, command, problem } of shown) lines.push(`✖ ${file}:${line} ${command} ${problem}`)
    const rest = failures.length - shown.length
    if (rest > 0) lines.push(`  ${file} and ${rest} more, shown with --all`)
  }
  return lines.length === 0 ? [] : ['', ...lines]
}

function formatSkipped(results: readonly FileResult[], { skippedFor }: ReportOptions): string[] {
  const reasons = countReasons(results.flatMap(({ skips }) => skips))
  if (reasons.size === 0) return []
  const named = results.flatMap(({ file, skips }) =>
    skips
      .filter(({ problem }) => skippedFor !== undefined && problem.includes(skippedFor))
      .map(({ line, command, problem, detail }) => `- ${file}:${line} ${command} ${detail ?? problem}`),
  )
  const sorted = [...reasons].sort(([, left], [, right]) => right - left)
  return ['', ...named, 'skipped', ...sorted.map(([reason, count]) => `${String(count).padStart(8)}  ${reason}`)]
}

function countReasons(skips: readonly Note[]): Map<string, number> {
  const reasons = new Map<string, number>()
  for (const { problem } of skips) reasons.set(problem, (reasons.get(problem) ?? 0) + 1)
  return reasons
}

/** The report for programs: a line of JSON for each script, and one with the totals. */
export function formatJson(results: readonly FileResult[]): string {
  const lines = results.map(({ file, passed, failures, skips }) => ({
    suite: 'spec',
    file,
    passed,
    failed: failures.length,
    skipped: skips.length,
    reasons: Object.fromEntries(countReasons(skips)),
    failures,
  }))
  return [...lines, { suite: 'spec', ...totalsOf(results) }].map((line) => JSON.stringify(line)).join('\n')
}
