import { isJsonObject, parseJson } from '../shared/json-text.ts'
import type { Tool } from './mcp-client.ts'

/** A tool that a model wants called. */
export interface ToolCall {
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}

/** Characters of all tools' descriptions: what fits into the memory of small models beside the conversation. */
const DESCRIPTION_LENGTH_MAX = 65_536

/** The `{"name": …, "arguments": {…}}` between the first `{` and the last `}` of an answer, if it calls one of `tools`. */
export function parseToolCall(answer: string, tools: ReadonlySet<string>): ToolCall | undefined {
  const start = answer.indexOf('{')
  const end = answer.lastIndexOf('}')
  if (start < 0 || end < start) return undefined
  const call = parseJson(answer.slice(start, end + 1))
  if (!isJsonObject(call) || typeof call.name !== 'string' || !tools.has(call.name)) return undefined
  const { arguments: input = {} } = call
  return isJsonObject(input) ? { name: call.name, input } : undefined
}

/** Tells a model which tools there are and how to call one. Tools that do not fit are left out. */
export function describeTools(tools: readonly Tool[]): string {
  const lines: string[] = []
  let length = 0
  for (const { name, description, inputSchema } of tools) {
    const line = JSON.stringify({ name, description, parameters: inputSchema })
    length += line.length
    if (length <= DESCRIPTION_LENGTH_MAX) lines.push(line)
  }
  return [
    'You can use tools. To call one, answer with nothing but a JSON object of this form:',
    '{"name": "<tool name>", "arguments": {<its parameters>}}',
    'You are then told what it answered. If no tool helps, answer in plain text. The tools are:',
    ...lines,
  ].join('\n')
}

/** Tells a model what a tool answered. */
export function describeToolAnswer({ name }: ToolCall, answer: string): string {
  return `The tool "${name}" answered:\n${answer}\nUse this to answer the question. Do not call a tool again.`
}
