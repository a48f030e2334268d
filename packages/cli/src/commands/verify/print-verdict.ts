import type { ReceiptVerdict } from '@blockless/client'
import { formatTable } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { type Style, safeLine, styleFor } from '../../io/style.ts'

/** One line per check: ✓ passed, ✗ failed, – skipped with what it would need; then one line that sums up. */
export function printVerdict(io: Pick<Io, 'stdout' | 'env'>, verdict: ReceiptVerdict): void {
  const style = styleFor(io, io.stdout)
  const marks = { passed: style.green('✓'), failed: style.red('✗'), skipped: style.dim('–') } as const
  const rows = verdict.checks.map(({ name, status, detail }) => {
    const line = safeLine(detail)
    return [marks[status], name, status === 'skipped' ? style.dim(line) : line]
  })
  io.stdout.write(`${formatTable(rows)}\n${summary(verdict, style)}\n`)
}

/** One sentence: whether to believe the receipt, and what was not looked at. */
export function summarizeVerdict({ ok, isComplete, checks }: ReceiptVerdict): string {
  const named = (wanted: string): string[] => checks.filter(({ status }) => status === wanted).map(({ name }) => name)
  const passed = named('passed').length
  if (!ok) return `Not valid: ${named('failed').join(', ')} failed`
  if (isComplete) return `Valid: all ${passed} checks passed`
  return `Valid as far as checked: ${passed} checks passed, skipped: ${named('skipped').join(', ')}`
}

function summary(verdict: ReceiptVerdict, style: Style): string {
  const text = summarizeVerdict(verdict)
  if (!verdict.ok) return style.bold(style.red(text))
  const isTrusted = verdict.checks.some(({ name, status }) => name === 'network' && status === 'passed')
  const note = isTrusted ? '' : '\nWithout the network (--network) nothing says that these nodes are real.'
  return `${verdict.isComplete ? style.bold(style.green(text)) : style.bold(text)}${style.dim(note)}`
}
