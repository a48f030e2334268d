import { type CID, CodedError, encodeCanonical, type Schema } from '@blockless/core'
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
  if (format !== undefined && format !== 'json' && format !== 'dag-cbor') {
    throw new CodedError('ERR_QUERY', `Cannot answer in format "${format}": "json" or "dag-cbor" needed`)
  }
  const wantsBytes = format === 'dag-cbor' || (format === undefined && accepts(request.headers.accept, DAG_CBOR_TYPE))
  // Two forms under one address are two entities.
  const etag = `"${cid.toString()}${wantsBytes ? '' : '.json'}"`
  reply.header('etag', etag).header('cache-control', 'public, max-age=31536000, immutable')
  reply.header('vary', 'accept')
  if (request.headers['if-none-match']?.split(',').some((known) => known.trim().replace(/^W\//, '') === etag)) {
    return await reply.code(304).send()
  }
  if (wantsBytes) return await reply.type(DAG_CBOR_TYPE).send(Buffer.from(encodeCanonical(value)))
  return await reply.send(schema.toJson(value))
}

/** The media type of a header without its parameters. */
export function mediaType(header: string | undefined): string {
  return (header?.split(';')[0] ?? '').trim().toLowerCase()
}

function accepts(header: string | undefined, type: string): boolean {
  return header?.split(',').some((entry) => mediaType(entry) === type) ?? false
}
