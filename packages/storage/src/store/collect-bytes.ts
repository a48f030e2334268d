import { concat } from '@blockless/core'
import { StoreError } from './store-error.ts'

/**
 * One array of a block's bytes, however they come; an array comes back as it is, not copied.
 *
 * @param sizeMax - bytes after which reading stops
 * @throws {StoreError} `ERR_STORE_FULL` if there are more
 */
export async function collectBytes(
  source: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  sizeMax: number,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of source) {
    size += part.length
    if (size > sizeMax) {
      throw new StoreError({ code: 'ERR_STORE_FULL', size, sizeMax, keptSize: 0, keptCount: 0 })
    }
    parts.push(part)
  }
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : concat(...parts)
}
