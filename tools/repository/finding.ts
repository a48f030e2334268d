import { styleText } from 'node:util'

/** One place that breaks a rule. */
export interface Finding {
  /** relative to the root, with forward slashes */
  file: string
  /** 1-based; absent when the whole file is meant */
  line?: number
  rule: string
  message: string
  /** a warning is printed and does not fail */
  severity: 'error' | 'warning'
}

/**
 * Prints findings by file and line, and sets the exit code to 1 when one is an error.
 *
 * @param subject - what was looked at, e.g. `212 files`
 */
export function reportFindings(findings: readonly Finding[], subject: string): void {
  const sorted = [...findings].sort(
    (a, b) => compareText(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || compareText(a.rule, b.rule),
  )
  for (const { file, line, rule, message, severity } of sorted) {
    const place = line === undefined ? file : `${file}:${line}`
    const mark = severity === 'error' ? styleText('red', 'error') : styleText('yellow', 'warning')
    console.log(`${place} ${mark} ${message} ${styleText('dim', `(${rule})`)}`)
  }
  const errors = sorted.filter((finding) => finding.severity === 'error').length
  console.log(`${errors} errors, ${sorted.length - errors} warnings in ${subject}`)
  if (errors > 0) process.exitCode = 1
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
