import { type ExecutionInput, protocolLimits, toUtf8 } from '@blockless/core'

/** An HTTP request as a function sees it. */
export interface FunctionHttpRequest {
  readonly method: string
  /** Path inside the function's own host, starting with `/`. */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

/** Headers that carry the visitor's secrets for the gateway's own origin, or that only this hop understands. */
const HIDDEN = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'proxy-authorization',
])
const VARIABLES = [
  'BLS_REQUEST_METHOD',
  'BLS_REQUEST_PATH',
  'BLS_REQUEST_QUERY',
  'BLS_REQUEST_HEADERS',
  'BLS_REQUEST_BODY',
] as const

/**
 * The input of a run that answers an HTTP request, by the `BLS_REQUEST_*` contract of existing functions.
 *
 * stdin is the body, byte for byte; `BLS_REQUEST_BODY` has it too if it is text of at most 64 KiB. Without a body,
 * stdin is `path?query`, which old functions read. `BLS_LIST_VARS` names the variables for `env_var_read`.
 *
 * @param env - the manifest's own variables; the request's win
 */
export function httpInput(request: FunctionHttpRequest, env: Readonly<Record<string, string>>): ExecutionInput {
  const { method, path, query, body } = request
  const target = query === '' ? path : `${path}?${query}`
  return {
    args: [],
    env: {
      ...env,
      BLS_REQUEST_METHOD: method,
      BLS_REQUEST_PATH: path,
      BLS_REQUEST_QUERY: query,
      BLS_REQUEST_HEADERS: JSON.stringify(visibleHeaders(request.headers)),
      BLS_REQUEST_BODY: bodyText(body),
      BLS_LIST_VARS: [...new Set([...Object.keys(env), ...VARIABLES])].join(';'),
    },
    stdin: body.length > 0 ? body : toUtf8(target),
  }
}

function visibleHeaders(headers: FunctionHttpRequest['headers']): Record<string, string> {
  const visible: Record<string, string> = {}
  for (const name of Object.keys(headers).sort()) {
    const value = headers[name]
    if (value !== undefined && !HIDDEN.has(name)) visible[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return visible
}

function bodyText(body: Uint8Array): string {
  if (body.length === 0 || body.length > protocolLimits.ARGUMENT_LENGTH_MAX) return ''
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
    // Neither survives the way into the guest unchanged, so such a body is for stdin alone.
    return text.includes('\0') || text.startsWith('\ufeff') ? '' : text
  } catch {
    return '' // not text: the function reads stdin
  }
}
