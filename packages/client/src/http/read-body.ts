/** An answer that is longer than its reader takes. */
export class BodyTooLargeError extends Error {}

/**
 * Reads a response's body, at most `sizeMax` bytes; the rest of a longer one is never taken from the line.
 *
 * @returns a fresh array
 * @throws {BodyTooLargeError} if there is more
 */
export async function readBody(response: Response, sizeMax: number): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? 0)
  const reader = response.body?.getReader()
  if (reader === undefined) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    while (announced <= sizeMax && size <= sizeMax) {
      const { done, value } = await reader.read()
      if (done) return join(chunks, size)
      chunks.push(value)
      size += value.length
    }
  } finally {
    // Harmless after the end; before it, the connection is closed instead of drained.
    await reader.cancel().catch(() => {})
  }
  throw new BodyTooLargeError(`it is longer than ${sizeMax} bytes`)
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const joined = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    joined.set(chunk, offset)
    offset += chunk.length
  }
  return joined
}
