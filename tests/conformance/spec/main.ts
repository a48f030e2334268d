import { globSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { formatJson, formatReport, type ReportOptions, summaryLine, totalsOf } from './report.ts'
import { runFiles } from './run-files.ts'

const USAGE = `usage: npm run conformance -- spec <folder or .wast file> [options]
  --filter <regexp>     only scripts whose path matches
  --all                 show every failure, not the first ten of each script
  --skipped <words>     name each skipped command whose reason has these words
  --json                one line of JSON for each script, then the totals
  --timeout <seconds>   time for one script (default 120)`

/** The largest scripts of the official suite take two seconds on a quiet machine. */
const TIMEOUT_SECONDS = 120
/** More children than this wait for the disk and not for the processor. */
const CONCURRENCY_MAX = 8

class UsageError extends Error {}

interface Request extends ReportOptions {
  readonly folder: string
  readonly files: readonly string[]
  readonly timeoutMs: number
  readonly isJson: boolean
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE)
    return 0
  }
  const request = parseRequest(args)
  const { folder, files, timeoutMs } = request
  let done = 0
  const isTerminal = process.stderr.isTTY === true && !request.isJson
  const results = await runFiles(folder, files, {
    concurrency: Math.max(1, Math.min(CONCURRENCY_MAX, availableParallelism())),
    timeoutMs,
    onResult: ({ file }) => {
      done++
      if (isTerminal) process.stderr.write(`\r\u001b[K${done}/${files.length} ${file}`)
    },
  })
  if (isTerminal) process.stderr.write('\r\u001b[K')
  const totals = totalsOf(results)
  console.log(request.isJson ? formatJson(results) : formatReport(results, request))
  if (!request.isJson) console.log(`\n${summaryLine(totals)}`)
  return totals.failed > 0 ? 1 : 0
}

function parseRequest(args: readonly string[]): Request {
  const { values, positionals } = parse(args)
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) throw new UsageError('one folder with .wast files is needed')
  const { folder, files } = findScripts(resolve(path), path)
  const pattern = regexp(values.filter ?? '')
  const selected = files.filter((file) => pattern.test(file))
  if (selected.length === 0) throw new UsageError(`no script matches "${values.filter}"`)
  const seconds = Number(values.timeout ?? TIMEOUT_SECONDS)
  if (!(seconds > 0)) throw new UsageError(`--timeout is "${values.timeout}", a number of seconds is needed`)
  return {
    folder,
    files: selected,
    timeoutMs: seconds * 1000,
    isJson: values.json === true,
    hasAllFailures: values.all === true,
    skippedFor: values.skipped,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        filter: { type: 'string' },
        timeout: { type: 'string' },
        json: { type: 'boolean' },
        all: { type: 'boolean' },
        skipped: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function regexp(source: string): RegExp {
  try {
    return new RegExp(source)
  } catch {
    throw new UsageError(`--filter is "${source}", a regular expression is needed`)
  }
}

function findScripts(path: string, given: string): { folder: string; files: string[] } {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new UsageError(`"${given}" is not there`)
  if (stats.isFile()) return { folder: dirname(path), files: [basename(path)] }
  const files = globSync('**/*.wast', { cwd: path }).map((file) => file.split(sep).join('/'))
  if (files.length === 0) throw new UsageError(`"${given}" has no .wast file`)
  return { folder: path, files: files.sort() }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`Cannot run the specification's scripts: ${error.message}`)
  console.error(USAGE)
  process.exitCode = 2
}
