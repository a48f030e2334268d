import type { Readable } from 'node:stream'
import { concat } from '@blockless/core'
import { waitFor } from '../../executor/wait-for.ts'
import type { ByteReader } from './byte-reader.ts'

/**
 * Reads until `size` bytes are there or the stream ends, so that how the network cut them does not show.
 *
 * @returns `size` bytes, fewer at the end or where the stream broke, none behind either
 * @throws the stream's error if it broke before the first byte; rejects with the signal's reason
 */
export async function readFully(reader: ByteReader, size: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let left = size
  while (left > 0) {
    const chunk = await readSome(reader, left, signal, chunks.length > 0)
    if (chunk.length === 0) break
    chunks.push(chunk)
    left -= chunk.length
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : concat(...chunks)
}

async function readSome(
  reader: ByteReader,
  size: number,
  signal: AbortSignal,
  isErrorTheEnd: boolean,
): Promise<Uint8Array> {
  try {
    return await reader.read(size, signal)
  } catch (error) {
    if (signal.aborted || !isErrorTheEnd) throw error
    return new Uint8Array()
  }
}

/**
 * All of a small body.
 *
 * @returns undefined if it is longer than `sizeMax`; what is left of it is then not read
 * @throws the stream's error; rejects with the signal's reason
 */
export async function readAll(body: Readable, sizeMax: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  return await waitFor(collect(body, sizeMax), signal)
}

async function collect(body: Readable, sizeMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length
    // leaving the loop destroys the stream
    if (size > sizeMax) return undefined
    chunks.push(chunk)
  }
  return concat(...chunks)
}
