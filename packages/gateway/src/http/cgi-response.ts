import { CodedError } from '@blockless/core'

/** What an HTTP function answers with. */
export interface FunctionResponse {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** A response that begins like one with a status but is not well formed. */
export class FunctionResponseError extends CodedError<'ERR_FUNCTION_RESPONSE', { readonly line: string }> {}

const CONTENT_TYPES = {
  text: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
  json: 'application/json',
} as const

/** Not 1xx: those announce another answer, which will not come. */
const STATUS_LINE = /^Status: ([2-5][0-9]{2})(?: [\x20-\x7e]*)?\r?$/
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*?)[ \t]*\r?$/
/** The start of every stdout that speaks for itself. */
const STATUS_START = 'Status: '
/** Bytes of status and headers together, as common servers take. */
const HEAD_SIZE_MAX = 16_384
/** What the connection, not the function, decides. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'te',
])

/**
 * Reads a function's stdout as an HTTP response.
 *
 * If it begins with `Status: `, it is a CGI response (RFC 3875, 6.3): a status line, header lines, an empty line, the
 * body. A `data:` URL in base64, as existing Blockless sites print for images, is the bytes and type that it spells.
 * Anything else is the body of a 200 with the manifest's content type.
 *
 * @throws {FunctionResponseError} if it begins with `Status: ` and goes on otherwise
 */
export function parseFunctionResponse(stdout: Uint8Array, contentType: keyof typeof CONTENT_TYPES): FunctionResponse {
  if (startsWith(stdout, STATUS_START)) return parseCgi(stdout)
  const data = startsWith(stdout, 'data:') ? parseDataUrl(stdout) : undefined
  return data ?? { status: 200, headers: [['content-type', CONTENT_TYPES[contentType]]], body: stdout }
}

function parseCgi(stdout: Uint8Array): FunctionResponse {
  const { lines, bodyAt } = splitHead(stdout)
  const [first = '', ...rest] = lines
  const status = STATUS_LINE.exec(first)?.[1]
  if (status === undefined) throw malformed('its status line is not "Status: <three digits>"', first)
  const headers = rest.map((line): readonly [string, string] => {
    const match = HEADER_LINE.exec(line)
    if (match?.[1] === undefined) throw malformed('a header line is not "Name: value"', line)
    return [match[1].toLowerCase(), match[2] ?? '']
  })
  // What begins with ours is the gateway's word on the run, not the function's.
  const allowed = headers.filter(([name]) => !RESERVED.has(name) && !name.startsWith('x-blockless-'))
  return { status: Number(status), headers: allowed, body: stdout.subarray(bodyAt) }
}

function splitHead(stdout: Uint8Array): { lines: string[]; bodyAt: number } {
  const lines: string[] = []
  let from = 0
  for (let index = 0; index < Math.min(stdout.length, HEAD_SIZE_MAX); index++) {
    if (stdout[index] !== 0x0a) continue
    const line = new TextDecoder('latin1').decode(stdout.subarray(from, index))
    from = index + 1
    if (line === '' || line === '\r') return { lines, bodyAt: from }
    lines.push(line)
  }
  throw malformed(`no empty line ends its headers within ${HEAD_SIZE_MAX} bytes`, lines.at(-1) ?? '')
}

function parseDataUrl(stdout: Uint8Array): FunctionResponse | undefined {
  const text = new TextDecoder('latin1').decode(stdout)
  const match = /^data:([\w.+-]+\/[\w.+-]+(?:;charset=[\w-]+)?);base64,([A-Za-z0-9+/]*={0,2})\s*$/.exec(text)
  if (match?.[1] === undefined) return undefined
  return { status: 200, headers: [['content-type', match[1]]], body: Buffer.from(match[2] ?? '', 'base64') }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[index] !== text.charCodeAt(index)) return false
  return true
}

function malformed(problem: string, line: string): FunctionResponseError {
  const message = `Cannot read the function's response: it begins with "${STATUS_START}", but ${problem}`
  return new FunctionResponseError('ERR_FUNCTION_RESPONSE', message, { line: line.slice(0, 80) })
}
