import { isJsonObject, parseJson } from '../shared/json-text.ts'

/** How a guest wants its answers; null is what it did not say. In the order and words of the existing runtime's JSON. */
export interface LlmOptions {
  readonly system_message: string | null
  /** Servers of tools (MCP over SSE). */
  readonly tools_sse_urls: readonly string[] | null
  readonly temperature: number | null
  readonly top_p: number | null
}

/** What a conversation starts with. */
export const NO_OPTIONS: LlmOptions = { system_message: null, tools_sse_urls: null, temperature: null, top_p: null }

/** Servers of one conversation: each is connected to for every answer. */
const TOOL_SERVERS_MAX = 8
const URL_LENGTH_MAX = 2048
/** The widest range that endpoints take. */
const TEMPERATURE_MAX = 2

/** Reads options; undefined if they are none. */
export function parseLlmOptions(text: string): LlmOptions | undefined {
  const options = parseJson(text)
  if (!isJsonObject(options)) return undefined
  const { system_message = null, tools_sse_urls = null, temperature = null, top_p = null } = options
  if (system_message !== null && typeof system_message !== 'string') return undefined
  if (!isUrlList(tools_sse_urls)) return undefined
  if (!isBetween(temperature, TEMPERATURE_MAX) || !isBetween(top_p, 1)) return undefined
  return { system_message, tools_sse_urls, temperature, top_p }
}

function isUrlList(value: unknown): value is readonly string[] | null {
  if (value === null) return true
  if (!Array.isArray(value) || value.length > TOOL_SERVERS_MAX) return false
  return value.every((url) => typeof url === 'string' && url.length <= URL_LENGTH_MAX && isHttpUrl(url))
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:')
}

function isBetween(value: unknown, max: number): value is number | null {
  return value === null || (typeof value === 'number' && value >= 0 && value <= max)
}
