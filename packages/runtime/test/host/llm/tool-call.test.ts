import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeTools, parseToolCall } from '../../../src/host/llm/tool-call.ts'

const TOOLS = new Set(['time'])
const call = { name: 'time', input: {} }

const answers: readonly (readonly [answer: string, expected: unknown])[] = [
  ['{"name":"time","arguments":{}}', call],
  ['{"name":"time"}', call],
  ['before {"name":"time","arguments":{"zone":"}"}} after', { name: 'time', input: { zone: '}' } }],
  ['```json\n{"name":"time","arguments":{}}\n```', call],
  ['', undefined],
  ['no call', undefined],
  ['} backwards {', undefined],
  ['{"name":"other","arguments":{}}', undefined],
  ['{"name":"time","arguments":[]}', undefined],
  ['{"name":"time"} and {"name":"time"}', undefined],
  [`{"name":"time","arguments":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`, undefined],
]
for (const [answer, expected] of answers) {
  test(`parseToolCall() reads ${JSON.stringify(answer.slice(0, 60))}`, () => {
    assert.deepEqual(parseToolCall(answer, TOOLS), expected)
  })
}

test('describeTools() leaves out what does not fit', () => {
  const tool = (name: string, size: number): { name: string; description: string; inputSchema: object } => ({
    name,
    description: 'x'.repeat(size),
    inputSchema: {},
  })
  const text = describeTools([tool('small', 10), tool('huge', 100_000)])
  assert.match(text, /"small"/)
  assert.doesNotMatch(text, /"huge"/)
})
