import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { styleText } from 'node:util'

const DOTS_PER_LINE = 100

/**
 * Reporter for logs: a dot per test, `x` per failure, each failure in full, then the closing lines of Node's own
 * reporters (`ℹ tests 12`), which continuous integration reads.
 */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: string[] = []
  const output = new Map<string, string>()
  const closing: string[] = []
  let dots = 0
  for await (const event of source) {
    if (event.type === 'test:pass' && isTest(event.data)) yield dot(++dots, event.data.skip ? '-' : '.')
    if (event.type === 'test:fail') {
      // a suite fails because of its tests, which have been told already
      const { details, file } = event.data
      if ('failureType' in details.error && details.error.failureType === 'subtestsFailed') continue
      yield dot(++dots, 'x')
      failures.push(describeFailure(event.data, file === undefined ? undefined : output.get(file)))
    }
    if (event.type === 'test:stdout' || event.type === 'test:stderr') {
      output.set(event.data.file, (output.get(event.data.file) ?? '') + event.data.message)
    }
    if (event.type === 'test:diagnostic' && event.data.nesting === 0) closing.push(event.data.message)
  }
  yield '\n'
  for (const [index, failure] of failures.entries()) yield `\n${index + 1}) ${failure}\n`
  yield `\n${closing.map((line) => `ℹ ${line}`).join('\n')}\n`
}

type Outcome = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data']
type Failure = Extract<TestEvent, { type: 'test:fail' }>['data']

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
