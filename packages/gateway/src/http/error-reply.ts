import { type CodedError, isCodedError, type Logger } from '@blockless/core'
import type { FastifyReply } from 'fastify'

/** The body of every answer that is an error. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly details: object }
}

/** HTTP status of each code that is not the caller's bad input. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_FUNCTION_UNKNOWN: 404,
  ERR_RECEIPT_UNKNOWN: 404,
  ERR_SUBNET_UNKNOWN: 404,
  ERR_REQUEST_UNKNOWN: 404,
  ERR_ROUTE_UNKNOWN: 404,
  ERR_ORIGIN: 403,
  ERR_HOST: 421,
  ERR_BODY_TOO_LARGE: 413,
  ERR_CONTENT_TYPE: 415,
  ERR_CAR_TOO_LARGE: 413,
  ERR_HEAD_BUSY: 503,
  ERR_SUBNET_TOO_SMALL: 503,
  ERR_SUBNET_UNPREPARED: 503,
  ERR_NOT_ENOUGH_ANSWERS: 503,
  ERR_STORE_FULL: 507,
  ERR_STORE_DISK: 507,
  ERR_REGISTRY: 507,
  ERR_JOURNAL: 507,
  ERR_FETCH_TIMEOUT: 504,
  ERR_PREPARE_TIMEOUT: 504,
  ERR_FETCH_STOPPED: 503,
  ERR_STOPPED: 503,
  ERR_LINK_CLOSED: 503,
  ERR_LINK_BUSY: 503,
  ERR_WORKER: 502,
  ERR_WORKER_BUSY: 503,
  ERR_QUEUE_FULL: 503,
  ERR_EXECUTOR_CRASHED: 502,
  ERR_EXECUTOR_STATE: 503,
  ERR_HOST_MEMORY: 503,
  ERR_FETCH_NOT_FOUND: 503,
  ERR_CALLER_GONE: 499,
  ERR_FUNCTION_RESPONSE: 502,
  ERR_INPUT_SIZE: 413,
  ERR_DIVERGED: 502,
  ERR_DEADLINE: 504,
  ERR_INTERNAL: 500,
}

/** Trouble with this machine's disk: whoever runs it needs the path, and nobody else does. */
const OWN_DISK = new Set(['ERR_REGISTRY', 'ERR_JOURNAL', 'ERR_STORE_DISK', 'ERR_STORE_CLOSED', 'ERR_STORE_LOCKED'])

/** The HTTP status of an error: 4xx is the caller's to mend, 5xx the network's. */
function statusOf(error: CodedError): number {
  const failed = 'failed' in error.details && Array.isArray(error.details.failed) ? error.details.failed : []
  const isTooSlow = failed.length > 0 && failed.every((entry: { code?: string }) => entry.code === 'ERR_DEADLINE')
  return isTooSlow ? 504 : (STATUS[error.code] ?? 400)
}

/** Answers with an error; what is not coded is a bug of ours, and its message stays in the log. */
export async function replyError(reply: FastifyReply, error: unknown, log: Logger): Promise<FastifyReply> {
  if (!isCodedError(error)) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error('request failed', { method: reply.request.method, url: reply.request.url, reason })
    const body = { code: 'ERR_INTERNAL', message: 'Cannot answer: the gateway failed; its log says why', details: {} }
    return await reply.code(500).send({ error: body } satisfies ErrorBody)
  }
  const status = statusOf(error)
  if (status === 503) reply.header('retry-after', '1')
  if (OWN_DISK.has(error.code)) {
    log.error('disk refused', { code: error.code, reason: error.message })
    const message = 'Cannot answer: this head cannot use its disk; its log says why'
    return await reply.code(status).send({ error: { code: error.code, message, details: {} } } satisfies ErrorBody)
  }
  const { code, message, details } = error
  return await reply.code(status).send({ error: { code, message, details } } satisfies ErrorBody)
}
