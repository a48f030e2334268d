// `npm test`: Node's test runner over every test of the repository, or over the part that the arguments name.
import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'

const root = dirname(import.meta.dirname)

/** Where tests live; a test outside of these runs nowhere, so `check tidy` rejects it. */
export const TEST_PATTERNS: readonly string[] = [
  'packages/*/test/**/*.test.ts',
  'tests/**/*.test.ts',
  'tools/test/**/*.test.ts',
  'examples/*/test/**/*.test.ts',
]

/** Tests wait on timers and sockets more than they compute, so a small machine still runs two files at a time. */
const CONCURRENCY_MIN = 2
/** More processes than this make the timers of the slowest tests late. */
const CONCURRENCY_MAX = 8
/** A hung test fails with its name instead of hanging the job; the slowest simulation takes a tenth of this. */
const TEST_TIMEOUT_MS = 5 * 60_000

const USAGE = `usage: npm test -- [path or part of a path]... [options]
  --grep <regexp>   only tests whose name matches (also --test-name-pattern)
  --watch           run again when a file changes
  --coverage        report line coverage
  --reporter <name> spec, tap, junit or lcov instead of the default
Any other option goes to "node --test" as it is.`

/** What the command line asks for. */
export interface TestRequest {
  filters: string[]
  nodeOptions: string[]
}

/**
 * Splits the arguments of `npm test --` into path filters and options for `node --test`.
 *
 * @throws {RangeError} if an option lacks its value
 */
export function parseArguments(args: readonly string[]): TestRequest {
  const request: TestRequest = { filters: [], nodeOptions: [] }
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? ''
    if (!argument.startsWith('-')) {
      request.filters.push(argument)
      continue
    }
    const [name = '', inline] = splitOnce(argument, '=')
    const option = ALIASES[name] ?? name
    if (!VALUE_OPTIONS.has(option)) {
      request.nodeOptions.push(inline === undefined ? option : `${option}=${inline}`)
      continue
    }
    const value = inline ?? args[++index]
    if (value === undefined) throw new RangeError(`Cannot run tests: ${name} needs a value`)
    request.nodeOptions.push(`${option}=${value}`)
  }
  return request
}

const ALIASES: Readonly<Record<string, string>> = {
  '--grep': '--test-name-pattern',
  '-g': '--test-name-pattern',
  '-t': '--test-name-pattern',
  '--coverage': '--experimental-test-coverage',
  '--concurrency': '--test-concurrency',
  '--reporter': '--test-reporter',
  '--only': '--test-only',
  '--timeout': '--test-timeout',
}
const VALUE_OPTIONS: ReadonlySet<string> = new Set([
  '--test-name-pattern',
  '--test-skip-pattern',
  '--test-concurrency',
  '--test-reporter',
  '--test-reporter-destination',
  '--test-timeout',
  '--test-shard',
  '--test-random-seed',
])

/**
 * Keeps the files that a filter names: the file itself, a directory above it, or a part of its path.
 *
 * @param files - relative to the root, with forward slashes
 * @returns kept files; the filters that named none of them in `unmatched`
 */
export function selectFiles(
  files: readonly string[],
  filters: readonly string[],
): { selected: string[]; unmatched: string[] } {
  if (filters.length === 0) return { selected: [...files], unmatched: [] }
  const selected = new Set<string>()
  const unmatched = filters.filter((filter) => {
    const named = files.filter((file) => isNamedBy(file, filter))
    for (const file of named) selected.add(file)
    return named.length === 0
  })
  return { selected: files.filter((file) => selected.has(file)), unmatched }
}

function isNamedBy(file: string, filter: string): boolean {
  const path = filter.replace(/^\.\//, '').replace(/\/+$/, '')
  const isPath = existsSync(join(root, path))
  return isPath ? file === path || file.startsWith(`${path}/`) : file.includes(path)
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function has(options: readonly string[], name: string): boolean {
  return options.some((option) => option === name || option.startsWith(`${name}=`))
}

/** Options for `node --test`; whatever the user gave is not overridden. */
export function nodeArguments(options: readonly string[], files: readonly string[], isTerminal: boolean): string[] {
  const concurrency = Math.max(CONCURRENCY_MIN, Math.min(CONCURRENCY_MAX, availableParallelism()))
  const compact = relative(process.cwd(), join(import.meta.dirname, 'test-reporter.ts'))
    .split(sep)
    .join('/')
  const reporter = isTerminal || has(options, '--watch') ? 'spec' : `./${compact}`
  const defaults = [
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    `--test-reporter=${reporter}`,
    '--test-coverage-include=packages/*/src/**',
  ].filter((option) => !has(options, option.split('=')[0] ?? ''))
  return ['--test', ...defaults, ...options, ...files]
}

function main(args: readonly string[]): void {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE)
    return
  }
  const { filters, nodeOptions } = parseArguments(args)
  const files = globSync([...TEST_PATTERNS], { cwd: root, exclude: (path) => path.includes('node_modules') })
    .map((file) => file.split(sep).join('/'))
    .sort()
  const { selected, unmatched } = selectFiles(files, filters)
  if (unmatched.length > 0 || selected.length === 0) {
    const wanted = unmatched.map((filter) => `"${filter}"`).join(', ')
    console.error(`Cannot run tests: no test file matches ${wanted === '' ? 'the patterns' : wanted}`)
    console.error(USAGE)
    process.exitCode = 1
    return
  }
  const child = spawn(process.execPath, nodeArguments(nodeOptions, selected, process.stdout.isTTY), {
    cwd: root,
    stdio: 'inherit',
  })
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1
  })
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  process.chdir(root)
  main(process.argv.slice(2))
}
