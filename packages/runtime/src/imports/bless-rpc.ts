import type { Guest } from '../guest/guest.ts'
import { isJsonObject, parseJson } from '../host/shared/json-text.ts'
import { CALL_BYTES_SIZE_MAX, CALL_TEXT_SIZE_MAX } from '../host-call/call-sizes.ts'
import type { HostAnswer } from '../host-call/host-call.ts'
import { JSON_BYTE_FUEL } from '../limits.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { headerPairs } from './blockless-http.ts'
import { bodyOf } from './form-body.ts'
import { checkInside, readJsonText, writeBytes, writeU32 } from './guest-values.ts'
import { headerTextsOf, methodOf, millisecondsOf } from './http-options.ts'

/** Errors of `rpc_call` itself; what goes wrong inside a method is told by the JSON-RPC response. */
const SUCCESS = 0
const INVALID_JSON = 1
const BUFFER_TOO_SMALL = 5

/** JSON-RPC 2.0, section 5.1. */
const METHOD_NOT_FOUND = -32_601
const INVALID_PARAMS = -32_602

/** What `version` answers: the interface, not the build, so that all nodes say the same. */
const VERSION = { runtime: 'blockless', version: '0.1.0', rpc_version: '2.0' }
const TIMEOUT_MS = 30_000

/** What a method gives: the JSON text of its result, or an error. `too-large` is more than the guest's buffer takes. */
type Outcome = { readonly result: string } | { readonly code: number; readonly message: string } | 'too-large'

/** The module `bless`: JSON-RPC 2.0 with the host. */
export function blessFunctions(guest: Guest): HostFunctions {
  return {
    rpc_call: async (address: number, size: number, bufferAt: number, bufferSize: number, result: number) => {
      checkInside(guest, bufferAt, bufferSize)
      checkInside(guest, result, 4)
      const request = parseJson(readJsonText(guest, address, size) ?? '')
      if (!isJsonObject(request) || typeof request['method'] !== 'string') return INVALID_JSON
      const outcome = await perform(guest, request['method'], request['params'], bufferSize >>> 0)
      if (outcome === 'too-large') return BUFFER_TOO_SMALL
      const member =
        'result' in outcome
          ? `"result":${outcome.result}`
          : `"error":${JSON.stringify({ code: outcome.code, message: outcome.message })}`
      const response = new TextEncoder().encode(`{"jsonrpc":"2.0",${member},"id":${idOf(request['id'])}}`)
      guest.charge(response.length * JSON_BYTE_FUEL)
      if (response.length > bufferSize >>> 0) return BUFFER_TOO_SMALL
      writeU32(guest, result, writeBytes(guest, bufferAt, bufferSize, response))
      return SUCCESS
    },
  }
}

async function perform(guest: Guest, method: string, params: unknown, sizeMax: number): Promise<Outcome> {
  switch (method) {
    case 'ping':
      return { result: '"pong"' }
    case 'echo':
      return { result: JSON.stringify(params ?? null) }
    case 'version':
      return { result: JSON.stringify(VERSION) }
    case 'http.request':
      return await requestHttp(guest, params, sizeMax)
    default:
      return { code: METHOD_NOT_FOUND, message: 'Method not found' }
  }
}

async function requestHttp(guest: Guest, params: unknown, bufferSize: number): Promise<Outcome> {
  if (!isJsonObject(params) || typeof params['url'] !== 'string') return invalid('"url" is missing')
  const options = params['options'] ?? {}
  if (!isJsonObject(options)) return invalid('"options" is no object')
  const method = methodOf(options['method'])
  const headers = headerTextsOf(options['headers'])
  if (method === undefined) return invalid('"options.method" is no text')
  if (headers === undefined) return invalid('"options.headers" is no object of texts')
  const body = bodyOf(options['body'], headerPairs(headers).find(([name]) => name === 'content-type')?.[1])
  if (body === undefined) return invalid('"options.body" is no text, list of bytes, object or form')
  const url = withQuery(params['url'], options['query_params'])
  const texts = body.type === undefined ? headers : withType(headers, body.type)
  const isTooLarge = [url, ...texts].reduce((size, text) => size + Buffer.byteLength(text), 0) > CALL_TEXT_SIZE_MAX
  if (isTooLarge || body.bytes.length > CALL_BYTES_SIZE_MAX) return { result: failure('The request is too large') }
  const timeoutMs = millisecondsOf(options['timeout'], 1) || TIMEOUT_MS
  // a byte of the body takes two characters of JSON or more
  const sizeMax = Math.min(bufferSize >> 1, CALL_BYTES_SIZE_MAX)
  const fields = { url, method, headers: texts, connectTimeoutMs: 0, timeoutMs, sizeMax }
  const answer = await guest.ask('http.fetch', fields, body.bytes)
  if (answer.status === 'ok') return { result: success(answer) }
  const isOurLimit = answer.status === 'limit' && answer.fields['name'] === 'sizeMax'
  return isOurLimit ? 'too-large' : { result: failure(reasonOf(answer)) }
}

function invalid(why: string): Outcome {
  return { code: INVALID_PARAMS, message: `Invalid params: ${why}` }
}

function success({ fields, bytes }: HostAnswer): string {
  const headers: Record<string, string> = Object.create(null)
  for (const [name, value] of headerPairs(fields['headers'])) {
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  const facts = `"status":${Number(fields['status'])},"headers":${JSON.stringify(headers)}`
  return `{"success":true,"data":{${facts},"body":[${bytes.join(',')}],"url":${JSON.stringify(fields['url'])}},"error":null}`
}

function failure(why: string): string {
  return JSON.stringify({ success: false, data: null, error: why })
}

/** Why there is no response, in words for whoever reads the guest's log. */
function reasonOf({ status, fields }: HostAnswer): string {
  switch (status) {
    case 'denied':
    case 'address':
    case 'unavailable':
      return `Not allowed: ${String(fields['missing'])} needed`
    case 'url':
      return 'Invalid URL'
    case 'method':
      return 'Invalid method'
    case 'header':
      return `Invalid header "${String(fields['name'])}": ${String(fields['why'])}`
    case 'timeout':
      return 'Request timed out'
    case 'limit':
      return `Limit reached: ${String(fields['name'])}`
    default:
      return `Request failed: ${String(fields['why'])}`
  }
}

/** The URL with parameters added, unless it has some; what cannot be parsed is left for the host to refuse. */
function withQuery(source: string, parameters: unknown): string {
  const url = URL.parse(source)
  if (url === null || url.search !== '' || !isJsonObject(parameters)) return source
  for (const [name, value] of Object.entries(parameters)) {
    // an object's own "toString" may be anything
    url.searchParams.append(name, isJsonObject(value) ? '[object Object]' : String(value))
  }
  return url.href
}

function withType(headers: readonly string[], type: string): readonly string[] {
  const others = headers.filter((_, index) => headers[index & ~1]?.toLowerCase() !== 'content-type')
  return [...others, 'content-type', type]
}

/** A response carries its request's id, and null if there was none that JSON-RPC knows. */
function idOf(id: unknown): string {
  return typeof id === 'string' || typeof id === 'number' ? JSON.stringify(id) : 'null'
}
