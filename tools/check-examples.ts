// Examples in docstrings and READMEs are the code that users copy, so each of them compiles and runs.
import { resolve } from 'node:path'
import { findExamples } from './examples/extract.ts'
import { runExamples } from './examples/run.ts'
import { REPOSITORY_ROOT } from './repository/files.ts'
import { reportFindings } from './repository/finding.ts'

/**
 * Runs the examples of a repository and reports those that fail.
 *
 * @param root - absolute
 * @param filters - parts of file names; none means all examples
 */
export async function checkExamples(root: string, filters: readonly string[]): Promise<void> {
  const all = findExamples(root)
  const examples = filters.length === 0 ? all : all.filter(({ file }) => filters.some((part) => file.includes(part)))
  const failures = await runExamples(examples, root)
  const findings = failures.map(({ file, line, reason }) => ({
    file,
    line,
    rule: 'example',
    message: reason,
    severity: 'error' as const,
  }))
  reportFindings(findings, `${examples.length} examples`)
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  await checkExamples(REPOSITORY_ROOT, process.argv.slice(2))
}
