import { CodedError, describeExit, protocolLimits } from '@blockless/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type FunctionResponse, parseFunctionResponse } from '../http/cgi-response.ts'
import { disconnectSignal } from '../http/disconnect.ts'
import { httpInput } from '../http/request-input.ts'
import type { RouteContext } from './context.ts'

/** Where requests to `<name>.<domain>` are rewritten to; also callable as it is, where host names cannot be. */
export const FUNCTION_PREFIX = '/fn/'

/**
 * What pages under {@link FUNCTION_PREFIX} may not do: they would share the API's origin, and whoever published them
 * could deploy and delete in the name of who looks at them. The sandbox gives them an origin of nobody.
 */
const SANDBOX = 'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts'

/**
 * Functions that answer HTTP requests of any method, path and content type.
 *
 * @param hasOwnHost - whether a request's host is a function's own
 */
export function registerHttpFunctionRoutes(
  app: FastifyInstance,
  context: RouteContext,
  hasOwnHost: (host: string | undefined) => boolean,
): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const options = { bodyLimit: protocolLimits.STDIN_SIZE_MAX }
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const response = await run(request, reply, context)
      for (const [name, value] of response.headers) reply.header(name, value)
      if (!hasOwnHost(request.headers.host)) reply.header('content-security-policy', SANDBOX)
      return await reply.code(response.status).send(response.body)
    }
    scope.all(`${FUNCTION_PREFIX}:name`, options, handler)
    scope.all(`${FUNCTION_PREFIX}:name/*`, options, handler)
  })
}

interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string | string[]>
  readonly body: Buffer | object
}

async function run(request: FastifyRequest, reply: FastifyReply, context: RouteContext): Promise<Answer> {
  const signal = disconnectSignal(reply)
  const { name } = request.params as { name: string }
  const { functionCid, settings } = await context.functions.resolve(name, signal)
  if (!settings.isHttp) {
    const message = `Cannot serve "${name}" over HTTP: its manifest says http: false; invoke it by the API`
    throw new CodedError('ERR_FUNCTION_UNKNOWN', message, { name })
  }
  const { path, query } = split(request.url)
  const body = Buffer.isBuffer(request.body) ? request.body : new Uint8Array(0)
  const input = httpInput({ method: request.method, path, query, headers: request.headers, body }, settings.env)
  const { receiptCid, requestId, result } = await context.head.invoke({ functionCid, settings, input }, signal)
  // Before anything can fail, so that whoever gets an error can ask for its story.
  reply.header('x-blockless-receipt', receiptCid.toString()).header('x-blockless-request-id', requestId)
  const { exit } = result
  if (exit.kind !== 'exit' || exit.code !== 0) {
    const details = { requestId, receiptCid: receiptCid.toString(), exit }
    const message = `${describeExit(exit)}; see "bls explain ${requestId.slice(0, 12)}"`
    return { status: 500, headers: new Map(), body: { error: { code: 'ERR_FUNCTION_FAILED', message, details } } }
  }
  const response = parseFunctionResponse(result.stdout, settings.contentType)
  return { status: response.status, headers: merge(response.headers), body: Buffer.from(response.body) }
}

/** Lines of one name become one, but for cookies, which have commas of their own (RFC 9110, 5.3). */
function merge(lines: FunctionResponse['headers']): Map<string, string | string[]> {
  const headers = new Map<string, string | string[]>()
  const cookies = lines.filter(([name]) => name === 'set-cookie').map(([, value]) => value)
  for (const [name, value] of lines) {
    const known = headers.get(name)
    if (name === 'set-cookie') headers.set(name, cookies)
    else headers.set(name, typeof known === 'string' ? `${known}, ${value}` : value)
  }
  return headers
}

/** The path and query inside the function's own host, as they were sent. */
function split(url: string): { path: string; query: string } {
  const [, path = '', query = ''] = /^\/fn\/[^/?]*([^?]*)(?:\?(.*))?$/s.exec(url) ?? []
  return { path: path === '' ? '/' : path, query }
}
