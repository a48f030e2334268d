// Rules about files that no linter knows: size, names, words that must not be there, what every package has.
import { readFileSync } from 'node:fs'
import { join, matchesGlob, posix, resolve } from 'node:path'
import type { Package } from './repository/files.ts'
import { listFiles, listPackages, REPOSITORY_ROOT } from './repository/files.ts'
import { type Finding, reportFindings } from './repository/finding.ts'
import type { Comment, SourceFile } from './repository/parse.ts'
import { parseSource } from './repository/parse.ts'
import { TEST_PATTERNS } from './test.ts'

/** A file of this length holds one concept; a longer one usually holds two. */
const FILE_LINES_AIM = 300
/** A longer file needs a reason in its header. */
const FILE_LINES_MAX = 500
/** One screen: a function is read whole or not at all. */
const FUNCTION_LINES_MAX = 70
/** `Over 500 lines: <why>` in the first comment; shorter is not a reason. */
const LENGTH_REASON = /over 500 lines: .{20,}/i

const TEXT = /\.(ts|mts|cts|js|mjs|cjs|json|md|toml|yaml|yml|sh|html|css|wat|rs|go|py|sol)$|(^|\/)\.ci\/[^/]+$/
const SCRIPT = /\.(ts|mjs|js)$/
/** Material of others, kept byte for byte. */
const FOREIGN = /(^|\/)(vectors|fixtures)\//
/** AssemblyScript has the suffix of TypeScript and another syntax. */
const ASSEMBLY_SCRIPT = /(^|\/)assembly\//
const UPPER_CASE_NAMES =
  /^(README|CHANGELOG|LICENSE|NOTICE|SECURITY|ARCHITECTURE|CONVENTIONS|CONTRIBUTING|Dockerfile)(\.md)?$/
const KEBAB_CASE = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/
/** Other languages have their own rule for names. */
const NAMED_BY_US = /\.(ts|mts|js|mjs|cjs|json|md|sh|html|css|wat)$/
/** Split, so that this line is not what it looks for. */
const MACHINE_PATH = new RegExp(`(?<![\\w.:/-])/${'(work|root'}|${'home/[a-z]+|Users/[A-Za-z]+)'}/`)
const OPEN_TASK = /\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/

/**
 * Every breach of the tidy rules in a repository.
 *
 * @param root - absolute
 */
export function checkTidy(root: string): { findings: Finding[]; fileCount: number } {
  const files = listFiles(root).filter((file) => !FOREIGN.test(file))
  const findings: Finding[] = []
  for (const file of files) {
    findings.push(...checkName(file), ...checkTestIsRun(file))
    if (!TEXT.test(file)) continue
    const text = readFileSync(join(root, file), 'utf8')
    findings.push(...checkText(file, text))
    if (SCRIPT.test(file) && !ASSEMBLY_SCRIPT.test(file)) findings.push(...checkScript(file, parseSource(file, text)))
  }
  for (const each of listPackages(root)) findings.push(...checkPackage(each, files))
  return { findings, fileCount: files.length }
}

function checkName(file: string): Finding[] {
  const name = posix.basename(file)
  const directories = posix.dirname(file).split('/')
  const isGood = !NAMED_BY_US.test(name) || KEBAB_CASE.test(name) || UPPER_CASE_NAMES.test(name)
  const badDirectory = directories.find((part) => part !== '.' && !KEBAB_CASE.test(part))
  if (isGood && (badDirectory === undefined || !NAMED_BY_US.test(name))) return []
  return [error(file, 'kebab-case', `"${isGood ? badDirectory : name}" is not in kebab-case`)]
}

function checkTestIsRun(file: string): Finding[] {
  if (!file.endsWith('.test.ts') || TEST_PATTERNS.some((pattern) => matchesGlob(file, pattern))) return []
  return [error(file, 'test-is-run', `"npm test" does not look here; move it to ${TEST_PATTERNS[0]}`)]
}

function checkText(file: string, text: string): Finding[] {
  const findings: Finding[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (/[ \t\r]$/.test(line)) findings.push(error(file, 'trailing-space', 'white space ends the line', index + 1))
    const path = MACHINE_PATH.exec(line)
    if (path !== null) findings.push(error(file, 'machine-path', `"${path[0]}" exists on one machine`, index + 1))
    if (file.endsWith('package-lock.json') && /"resolved": "https?:/.test(line)) {
      findings.push(error(file, 'registry-host', 'the lockfile names a registry; see .npmrc', index + 1))
    }
  }
  if (text !== '' && !text.endsWith('\n') && !file.endsWith('.json')) {
    findings.push(error(file, 'final-newline', 'the last line does not end'))
  }
  return findings
}

function checkScript(file: string, source: SourceFile): Finding[] {
  const findings = [...checkLength(file, source), ...source.comments.flatMap((comment) => checkTask(file, comment))]
  const isSource = /^packages\/[^/]+\/src\//.test(file)
  // a `describe` of a test is long without being hard to read
  if (isSource || (file.startsWith('tools/') && !file.startsWith('tools/test/'))) {
    for (const { name, line, lineCount } of source.functions) {
      if (lineCount <= FUNCTION_LINES_MAX) continue
      const message = `"${name}" has ${lineCount} lines, aim for ${FUNCTION_LINES_MAX}`
      findings.push({ ...error(file, 'function-length', message, line), severity: 'warning' })
    }
  }
  if (isSource) findings.push(...checkDocstrings(file, source))
  const all = /^export \* from/m.exec(source.text)
  if (all !== null) findings.push(error(file, 'export-all', 'list what is exported by name'))
  return findings
}

function checkLength(file: string, { text, comments, codeStart }: SourceFile): Finding[] {
  const lineCount = text.split('\n').length - 1
  if (lineCount <= FILE_LINES_AIM) return []
  const header = comments.filter(({ end }) => end <= codeStart).map((comment) => comment.text)
  const isExplained = LENGTH_REASON.test(header.join('\n').replaceAll(/\s*\n[\s*]*/g, ' '))
  if (isExplained) return []
  if (lineCount <= FILE_LINES_MAX) {
    const message = `${lineCount} lines, aim for ${FILE_LINES_AIM}`
    return [{ ...error(file, 'file-length', message), severity: 'warning' }]
  }
  const message = `${lineCount} lines; split it, or say in the first comment "Over ${FILE_LINES_MAX} lines: <why>"`
  return [error(file, 'file-length', message)]
}

function checkTask(file: string, { text, line }: Comment): Finding[] {
  return text.split('\n').flatMap((part, index) => {
    const task = OPEN_TASK.exec(part)
    if (task === null) return []
    return [error(file, 'open-task', `"${task[1]}" needs an issue: ${task[1]}(#123)`, line + index)]
  })
}

function checkDocstrings(file: string, { exported, comments, text }: SourceFile): Finding[] {
  const seen = new Set<string>()
  return exported.flatMap(({ names, line, start }) => {
    const name = names.join(', ')
    // only the first overload carries the docstring
    if (seen.has(name)) return []
    seen.add(name)
    const comment = comments.findLast(({ end }) => end <= start)
    const isDocumented =
      comment?.kind === 'Block' && comment.text.startsWith('*') && text.slice(comment.end, start).trim() === ''
    return isDocumented ? [] : [error(file, 'docstring', `export "${name}" has no docstring`, line)]
  })
}

function checkPackage({ directory, manifest, hasSource }: Package, files: readonly string[]): Finding[] {
  const findings: Finding[] = []
  const path = `${directory}/package.json`
  if (manifest.exports === undefined) findings.push(error(path, 'package', '"exports" is missing'))
  if (!hasSource) return findings
  if (!files.includes(`${directory}/README.md`)) findings.push(error(path, 'package', 'README.md is missing'))
  const hasTest = files.some((file) => file.startsWith(`${directory}/test/`) && file.endsWith('.test.ts'))
  if (!hasTest) findings.push(error(path, 'package', 'there is no test'))
  return findings
}

function error(file: string, rule: string, message: string, line?: number): Finding {
  return { file, ...(line === undefined ? {} : { line }), rule, message, severity: 'error' }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const { findings, fileCount } = checkTidy(REPOSITORY_ROOT)
  reportFindings(findings, `${fileCount} files`)
}
