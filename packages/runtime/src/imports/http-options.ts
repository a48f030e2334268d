import { isJsonObject, parseJson } from '../host/shared/json-text.ts'

/** An HTTP request as a guest wants it made; names and values of headers in turn, timeouts in milliseconds, 0 for none. */
export interface WantedRequest {
  readonly method: string
  readonly headers: readonly string[]
  readonly body: Uint8Array
  readonly connectTimeoutMs: number
  readonly timeoutMs: number
}

/** What is wrong with options. */
export type OptionsFault = 'json' | 'method' | 'headers' | 'body'

const NO_BYTES: Uint8Array = new Uint8Array()
const MS_MAX = 0x7fff_ffff
/** Names and values; the host takes no more. */
const HEADER_TEXTS_MAX = 512

/**
 * Reads the options of `http_req`, as leniently as the SDKs that exist need: no text is `GET`; headers are absent, empty,
 * an object, or an object as JSON in a text; seconds are numbers, whole or not, or their text.
 */
export function parseHttpOptions(text: string): WantedRequest | OptionsFault {
  const parsed = text.trim() === '' ? {} : parseJson(text)
  if (parsed !== null && !isJsonObject(parsed)) return 'json'
  const options = parsed ?? {}
  const method = methodOf(options['method'])
  const headers = headerTextsOf(options['headers'])
  const body = bytesOf(options['body'])
  if (method === undefined) return 'method'
  if (headers === undefined) return 'headers'
  if (body === undefined) return 'body'
  const connectTimeoutMs = millisecondsOf(options['connectTimeout'], 1000)
  return { method, headers, body, connectTimeoutMs, timeoutMs: millisecondsOf(options['readTimeout'], 1000) }
}

/** A method in upper case, `GET` if there is none; undefined if it is no text. */
export function methodOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return 'GET'
  return typeof value === 'string' && value.length <= 256 ? value.toUpperCase() : undefined
}

/** Headers as names and values in turn; undefined if they cannot be read. A list as a value is one header for each. */
export function headerTextsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null || value === '') return []
  const headers = typeof value === 'string' ? parseJson(value) : value
  if (headers === null) return []
  if (!isJsonObject(headers)) return undefined
  const texts: string[] = []
  for (const [name, one] of Object.entries(headers)) {
    for (const each of Array.isArray(one) ? one : [one]) {
      if (each === null) continue
      if (typeof each !== 'string' && typeof each !== 'number' && typeof each !== 'boolean') return undefined
      texts.push(name, String(each))
    }
  }
  return texts.length <= HEADER_TEXTS_MAX ? texts : undefined
}

/** A body that is absent, a text, or a list of bytes; undefined if it is something else. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null) return NO_BYTES
  if (typeof value === 'string') return new TextEncoder().encode(value)
  const isBytes = Array.isArray(value) && value.every((each) => typeof each === 'number' && (each & 0xff) === each)
  return isBytes ? Uint8Array.from(value) : undefined
}

/** A duration in milliseconds, 0 if there is none or it makes no sense. */
export function millisecondsOf(value: unknown, factor: number): number {
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number !== 'number' || !(number > 0)) return 0
  return Math.min(MS_MAX, Math.ceil(number * factor))
}
