import { relative, resolve } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { styleText } from 'node:util'

const DOTS_PER_LINE = 100
/** The end of what a test file printed is told with its failure; a file that prints more has lost its reader. */
const OUTPUT_SIZE_MAX = 20_000

/**
 * Reporter for logs: a dot per test, `x` per failure, each failure in full, then the closing lines of Node's own
 * reporters (`ℹ tests 12`), which continuous integration reads.
 */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: Failure[] = []
  const output = new Map<string, string>()
  const closing: string[] = []
  let dots = 0
  for await (const event of source) {
    if (event.type === 'test:pass' && isTest(event.data)) yield dot(++dots, event.data.skip ? '-' : '.')
    if (event.type === 'test:fail') {
      // a suite fails because of its tests, which have been told already
      const { error } = event.data.details
      if ('failureType' in error && error.failureType === 'subtestsFailed') continue
      yield dot(++dots, 'x')
      failures.push(event.data)
    }
    if (event.type === 'test:stdout' || event.type === 'test:stderr') {
      const file = entryFileOf(event.data)
      output.set(file, ((output.get(file) ?? '') + event.data.message).slice(-OUTPUT_SIZE_MAX))
    }
    if (event.type === 'test:diagnostic' && event.data.nesting === 0) closing.push(event.data.message)
  }
  yield '\n'
  // told last, for what a file printed may arrive after its failures; and once, with its first failure
  for (const [index, failure] of failures.entries()) {
    const file = entryFileOf(failure)
    yield `\n${index + 1}) ${describeFailure(failure, output.get(file))}\n`
    output.delete(file)
  }
  yield `\n${closing.map((line) => `ℹ ${line}`).join('\n')}\n`
}

type Outcome = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data']
type Failure = Extract<TestEvent, { type: 'test:fail' }>['data']

/** The test file that ran: a test may stand in a module that the file imports. Some events name it relatively. */
function entryFileOf(data: { file?: string; entryFile?: string }): string {
  return resolve(data.entryFile ?? data.file ?? '')
}

function isTest(data: Outcome): boolean {
  return data.details.type !== 'suite'
}

function dot(count: number, mark: string): string {
  return count % DOTS_PER_LINE === 0 ? `${mark}\n` : mark
}

function describeFailure(data: Failure, output: string | undefined): string {
  const place = data.file === undefined ? '' : ` (${relative(process.cwd(), data.file)}:${data.line ?? 1})`
  const { cause } = data.details.error
  const detail = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? data.details.error.message)
  const printed = output === undefined || output.trim() === '' ? '' : `\nprinted by this file:\n${output.trimEnd()}`
  return `${styleText('red', data.name)}${place}\n${detail}${printed}`
}
