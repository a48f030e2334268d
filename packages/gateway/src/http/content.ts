import { type CID, encodeCanonical, type Schema } from '@blockless/core'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Media type of canonical DAG-CBOR. */
export const DAG_CBOR_TYPE = 'application/vnd.ipld.dag-cbor'
/** Media type of a CAR. */
export const CAR_TYPE = 'application/vnd.ipld.car'

/**
 * Answers with an addressed value, as JSON or, by `?format=dag-cbor` or the Accept header, as the bytes that its CID
 * names.
 */
export async function replyAddressed<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  { cid, value, schema }: { cid: CID | string; value: T; schema: Schema<T> },
): Promise<FastifyReply> {
  const { format } = request.query as { format?: string }
  const wantsBytes = format === 'dag-cbor' || (format === undefined && request.headers.accept === DAG_CBOR_TYPE)
  reply.header('etag', `"${cid.toString()}"`).header('cache-control', 'public, max-age=31536000, immutable')
  reply.header('vary', 'accept')
  if (wantsBytes) return await reply.type(DAG_CBOR_TYPE).send(Buffer.from(encodeCanonical(value)))
  return await reply.send(schema.toJson(value))
}
