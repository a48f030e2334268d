import { CodedError, describeExit, protocolLimits } from '@blockless/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseFunctionResponse } from '../http/cgi-response.ts'
import { disconnectSignal } from '../http/disconnect.ts'
import { httpInput } from '../http/request-input.ts'
import type { RouteContext } from './context.ts'

/** Where requests to `<name>.<domain>` are rewritten to; also callable as it is, where host names cannot be. */
export const FUNCTION_PREFIX = '/fn/'

/** Functions that answer HTTP requests of any method, path and content type. */
export function registerHttpFunctionRoutes(app: FastifyInstance, context: RouteContext): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const options = { bodyLimit: protocolLimits.STDIN_SIZE_MAX }
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      await answer(request, reply, context)
    scope.all(`${FUNCTION_PREFIX}:name`, options, handler)
    scope.all(`${FUNCTION_PREFIX}:name/*`, options, handler)
  })
}

async function answer(request: FastifyRequest, reply: FastifyReply, context: RouteContext): Promise<FastifyReply> {
  const signal = disconnectSignal(reply)
  const { name } = request.params as { name: string }
  const { functionCid, settings } = await context.functions.resolve(name, signal)
  if (!settings.isHttp) {
    const message = `Cannot serve "${name}" over HTTP: its manifest says http: false; invoke it by the API`
    throw new CodedError('ERR_FUNCTION_UNKNOWN', message, { name })
  }
  const { path, query } = split(request.url, name)
  const body = Buffer.isBuffer(request.body) ? request.body : new Uint8Array(0)
  const input = httpInput({ method: request.method, path, query, headers: request.headers, body }, settings.env)
  const { receiptCid, requestId, result } = await context.head.invoke({ functionCid, settings, input }, signal)
  reply.header('x-blockless-receipt', receiptCid.toString()).header('x-blockless-request-id', requestId)
  const { exit } = result
  if (exit.kind !== 'exit' || exit.code !== 0) {
    const details = { requestId, receiptCid: receiptCid.toString(), exit }
    const message = `${describeExit(exit)}; see "bls explain ${requestId.slice(0, 12)}"`
    return await reply.code(500).send({ error: { code: 'ERR_FUNCTION_FAILED', message, details } })
  }
  const response = parseFunctionResponse(result.stdout, settings.contentType)
  reply.code(response.status)
  const cookies = response.headers.filter(([header]) => header === 'set-cookie').map(([, value]) => value)
  for (const [header, value] of response.headers) if (header !== 'set-cookie') reply.header(header, value)
  if (cookies.length > 0) reply.header('set-cookie', cookies)
  return await reply.send(Buffer.from(response.body))
}

/** The path and query inside the function's own host. */
function split(url: string, name: string): { path: string; query: string } {
  const own = url.slice(FUNCTION_PREFIX.length + name.length)
  const mark = own.indexOf('?')
  const path = mark < 0 ? own : own.slice(0, mark)
  return { path: path === '' ? '/' : path, query: mark < 0 ? '' : own.slice(mark + 1) }
}
