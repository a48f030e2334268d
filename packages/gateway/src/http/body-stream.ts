import type { IncomingMessage } from 'node:http'

/**
 * A request's body for a reader that may stop early.
 *
 * What it leaves is read and dropped, so that the answer reaches a caller who is still sending and the connection can
 * serve the next request; a body that goes on beyond `sizeMax` ends its connection.
 *
 * @param body - of a request; its stream is not destroyed when the reader stops
 * @param sizeMax - bytes that may be dropped
 */
export async function* bodyStream(body: IncomingMessage, sizeMax: number): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array
  } finally {
    if (!body.readableEnded && !body.destroyed) drop(body, sizeMax)
  }
}

function drop(body: IncomingMessage, sizeMax: number): void {
  let left = sizeMax
  body.on('data', (chunk: Uint8Array) => {
    left -= chunk.length
    if (left < 0) body.destroy()
  })
  body.resume()
}
