import { CodedError } from '@blockless/core'
import type { FastifyReply } from 'fastify'

/** A signal that aborts when the caller goes away before it was answered, so that nobody works for nobody. */
export function disconnectSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) {
      controller.abort(new CodedError('ERR_CALLER_GONE', 'Cannot answer: the caller closed the connection'))
    }
  })
  return controller.signal
}
