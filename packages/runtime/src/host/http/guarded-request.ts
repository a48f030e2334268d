import type { Readable } from 'node:stream'
import { type Agent, errors } from 'undici'
import type { Verdict } from '../../policy/gate.ts'
import { HttpError } from './http-error.ts'
import { type HeaderList, requestHeaders, withoutHeaders } from './request-headers.ts'

/** A request to make. */
export interface GuardedRequest {
  readonly url: URL
  /** In upper case. */
  readonly method: string
  readonly headers?: HeaderList
  readonly body?: Uint8Array
  /** Decides the URL, and each URL that it redirects to. */
  readonly decide: (url: URL, method: string) => Verdict
  /** Redirects to follow; 0, the default, hands out the response that redirects. */
  readonly redirectsMax?: number
  /** Ends the request, also while its response is read. */
  readonly signal: AbortSignal
}

/** A response whose body is yet to be read. */
export interface GuardedResponse {
  readonly status: number
  /** Where it came from after redirects. */
  readonly url: string
  readonly headers: HeaderList
  /** Bytes as they came, not decompressed; its owner reads or destroys it. It fails with the signal's reason. */
  readonly body: Readable
}

const METHOD = /^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}$/
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]
const BODY_HEADERS: readonly string[] = ['content-type', 'content-encoding', 'content-language', 'content-location']
const CREDENTIAL_HEADERS: readonly string[] = ['authorization', 'cookie', 'cookie2', 'host']

/**
 * Makes a request over an agent of `createGuardedAgent`, and follows redirects as browsers do: 303, and 301 and 302 of a
 * POST, go on as GET without a body; credentials are not taken to another origin.
 *
 * @throws {HttpError} if there is no response, and why
 */
export async function guardedRequest(agent: Agent, request: GuardedRequest): Promise<GuardedResponse> {
  const { redirectsMax = 0, decide, signal } = request
  if (!METHOD.test(request.method) || request.method === 'CONNECT') {
    throw new HttpError({ code: 'ERR_HTTP_METHOD', method: request.method.slice(0, 32) })
  }
  let next: Step = { url: request.url, method: request.method, headers: request.headers ?? [], body: request.body }
  for (let redirects = 0; ; redirects++) {
    next = withoutUserInfo(next)
    const verdict = decide(next.url, next.method)
    if (!verdict.isAllowed) {
      throw new HttpError({ code: 'ERR_HTTP_DENIED', url: shortOf(next.url), missing: verdict.missing })
    }
    const response = await send(agent, next, signal)
    const target = redirectsMax > 0 && REDIRECTS.includes(response.status) ? targetOf(response, next.url) : undefined
    if (target === undefined) return response
    response.body.on('error', () => {}).destroy()
    if (redirects >= redirectsMax) throw new HttpError({ code: 'ERR_HTTP_REDIRECTS', redirectsMax })
    next = redirected(next, response.status, target)
  }
}

/** One request of a chain of redirects. */
interface Step {
  readonly url: URL
  readonly method: string
  readonly headers: HeaderList
  readonly body: Uint8Array | undefined
}

async function send(agent: Agent, step: Step, signal: AbortSignal): Promise<GuardedResponse> {
  const { url, method, body } = step
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new HttpError({ code: 'ERR_HTTP_URL', url: shortOf(url) })
  }
  const headers = requestHeaders(step.headers, url)
  try {
    const response = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: headers.flat(),
      body: body === undefined || body.length === 0 ? null : body,
      signal,
      responseHeaders: 'raw',
    })
    return { status: response.statusCode, url: url.href, headers: pairsOf(response.headers), body: response.body }
  } catch (error) {
    throw toHttpError(error, url, signal)
  }
}

/** undici gives raw headers as a flat list of names and values. */
function pairsOf(raw: unknown): HeaderList {
  if (!Array.isArray(raw)) throw new TypeError('Cannot read headers: the HTTP client gave no list')
  const pairs: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([String(raw[index]), String(raw[index + 1])])
  return pairs
}

/** A user and password in the URL become a header, as URLs are logged and shown. */
function withoutUserInfo(step: Step): Step {
  const { username, password } = step.url
  if (username === '' && password === '') return step
  const url = new URL(step.url)
  url.username = ''
  url.password = ''
  if (step.headers.some(([name]) => name.toLowerCase() === 'authorization')) return { ...step, url }
  const credentials = Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')
  return { ...step, url, headers: [...step.headers, ['authorization', `Basic ${credentials}`]] }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Where a response redirects to; undefined if it does not say, and then it is the answer. */
function targetOf(response: GuardedResponse, base: URL): URL | undefined {
  const location = response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
  if (location === undefined) return undefined
  const target = URL.parse(location, base)
  if (target === null) throw new HttpError({ code: 'ERR_HTTP_URL', url: location.slice(0, URL_SHOWN_MAX) })
  // a server's own choice of user and password is none of the guest's
  target.username = ''
  target.password = ''
  if (target.hash === '') target.hash = base.hash
  return target
}

function redirected(step: Step, status: number, url: URL): Step {
  const isRewritten =
    status === 303 ? step.method !== 'HEAD' && step.method !== 'GET' : status < 303 && step.method === 'POST'
  const kept = url.origin === step.url.origin ? step.headers : withoutHeaders(step.headers, CREDENTIAL_HEADERS)
  if (!isRewritten) return { ...step, url, headers: kept }
  return { url, method: 'GET', headers: withoutHeaders(kept, BODY_HEADERS), body: undefined }
}

const URL_SHOWN_MAX = 256

/** Enough of a URL to recognise it, without its query, which may hold secrets. */
function shortOf(url: URL): string {
  return `${url.origin === 'null' ? url.protocol : url.origin}${url.pathname}`.slice(0, URL_SHOWN_MAX)
}

function toHttpError(error: unknown, url: URL, signal: AbortSignal): unknown {
  if (error instanceof HttpError) return error
  const host = url.host
  const isOver = error instanceof errors.ConnectTimeoutError || (signal.aborted && error === signal.reason)
  if (isOver) return new HttpError({ code: 'ERR_HTTP_TIMEOUT', host }, { cause: error })
  const why = wordOf(error)
  // an error without a word is a bug of ours
  return why === undefined ? error : new HttpError({ code: 'ERR_HTTP_FAILED', host, why }, { cause: error })
}

function wordOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return error instanceof errors.HTTPParserError ? error.name : undefined
}
