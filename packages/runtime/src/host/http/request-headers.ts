import { HttpError } from './http-error.ts'

/** Headers as they are sent and came: names may repeat, order is kept. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]{1,256}$/i
/** RFC 9110, section 5.5, without the bytes above ASCII that it calls obsolete. */
const VALUE = /^[\t\x20-\x7e]*$/
/** Headers of one request, and their bytes: more than any server takes. */
const HEADERS_MAX = 128
const HEADERS_SIZE_MAX = 65_536

/** Headers that say how a message is sent, not what: they are the connection's, and a guest's are not sent. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The headers of a request as they may be sent.
 *
 * `Host` must be the URL's: another one could reach what a shared front server keeps apart, which no rule allowed.
 * Headers of the connection are left out, and an `Accept` is added, as servers expect one.
 *
 * @throws {HttpError} `ERR_HTTP_HEADER` naming the first that cannot be sent
 */
export function requestHeaders(headers: HeaderList, url: URL): [string, string][] {
  if (headers.length > HEADERS_MAX) refuse('', `${headers.length} headers, at most ${HEADERS_MAX} are sent`)
  let size = 0
  const kept: [string, string][] = []
  for (const [name, value] of headers) {
    size += name.length + value.length + 4
    const lower = name.toLowerCase()
    if (!TOKEN.test(name)) refuse(name, 'its name is no token')
    if (!VALUE.test(value)) refuse(name, 'its value has bytes that a header cannot have')
    if (lower === 'host' && value.trim().toLowerCase() !== url.host) refuse(name, `the URL's host is "${url.host}"`)
    if (lower !== 'host' && !OF_CONNECTION.has(lower)) kept.push([name, value.trim()])
  }
  if (size > HEADERS_SIZE_MAX) refuse('', `all together have ${size} bytes, at most ${HEADERS_SIZE_MAX} are sent`)
  if (!kept.some(([name]) => name.toLowerCase() === 'accept')) kept.push(['accept', '*/*'])
  return kept
}

/** The headers without those named. */
export function withoutHeaders(headers: HeaderList, names: readonly string[]): HeaderList {
  return headers.filter(([name]) => !names.includes(name.toLowerCase()))
}

function refuse(name: string, why: string): never {
  throw new HttpError({ code: 'ERR_HTTP_HEADER', name: name.slice(0, 64), why })
}
