// npm run conformance -- wasi <folder>: the official WASI testsuite, of which the folder holds a copy with its programs.
import { parseArgs } from 'node:util'
import { silentLogger, systemClock } from '@blockless/core'
import { Executor } from '@blockless/runtime'
import { FILE_KINDS } from './file-kinds.ts'
import { readSuite } from './read-suite.ts'
import { runTest, type TestResult } from './run-test.ts'

const USAGE = `Usage: npm run conformance -- wasi <folder> [options]

  <folder>          a copy of the WASI testsuite with its compiled programs
  --filter <text>   only tests whose name contains the text
  --files <kind>    memory: each test gets its folders as files in memory (default)
                    host: each test gets copies of its folders on the disk
  --json            print the results as JSON
  --help            print this`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    filter: { type: 'string', default: '' },
    files: { type: 'string', default: 'memory' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [folder] = positionals
const mountFolders = FILE_KINDS[values.files]
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
if (folder === undefined || mountFolders === undefined) {
  console.error(USAGE)
  process.exit(2)
}

const tests = readSuite(folder).filter(({ name }) => name.includes(values.filter))
const results: TestResult[] = []
await using executor = new Executor({ log: silentLogger, clock: systemClock }, { threads: 1 })
await executor.start()
for (const test of tests) {
  const result = await runTest(executor, test, mountFolders)
  results.push(result)
  if (!values.json && result.outcome !== 'passed') {
    console.log(`${result.outcome === 'failed' ? 'FAILED ' : 'skipped'} ${result.name}: ${result.problem}`)
  }
}

const count = (outcome: TestResult['outcome'], language?: string): number =>
  results.filter((result) => result.outcome === outcome && (language ?? result.language) === result.language).length
if (values.json) console.log(JSON.stringify(results, undefined, 2))
else {
  for (const language of [...new Set(results.map((result) => result.language))].sort()) {
    const [passed, failed, skipped] = [count('passed', language), count('failed', language), count('skipped', language)]
    console.log(`${language.padEnd(15)} ${passed} passed, ${failed} failed, ${skipped} skipped`)
  }
  console.log(`${count('passed')} passed, ${count('failed')} failed`)
}
process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0
