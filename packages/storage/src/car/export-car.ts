import { concat } from '@blockless/core'
import * as dagCbor from '@ipld/dag-cbor'
import type { CID } from 'multiformats/cid'
import { type BlockReader, type DagLimits, walkDag } from '../dag/dag-walk.ts'
import type { AbortOptions } from '../store/block-storage.ts'

/**
 * Writes a DAG as a CAR (version 1): one root, each block once, parents before children, depth first.
 *
 * The same DAG gives the same bytes everywhere.
 *
 * @returns pieces of the CAR, one per block; an error may come after some of them
 * @throws {DagError} if a bound is exceeded or a block does not decode
 * @throws {BlockError} `ERR_BLOCK_MISSING` if a block is not stored
 * @see https://ipld.io/specs/transport/car/carv1/
 *
 * @example
 * ```ts
 * import { exportCar, importCar, importFile, MemoryBlockStore } from '@blockless/storage'
 * const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
 * const { cid } = await importFile(store, new TextEncoder().encode('hello'))
 * const copy = new MemoryBlockStore({ sizeMax: 1_000_000 })
 * const { roots } = await importCar(copy, exportCar(store, cid), { sizeMax: 10_000 })
 * assert.ok(roots[0]?.equals(cid) && copy.has(cid))
 * ```
 */
export async function* exportCar(
  store: BlockReader,
  root: CID,
  options: DagLimits & AbortOptions = {},
): AsyncGenerator<Uint8Array> {
  const header = dagCbor.encode({ roots: [root], version: 1 })
  yield concat(encodeVarint(header.length), header)
  for await (const { cid, bytes } of walkDag(store, root, options)) {
    yield concat(encodeVarint(cid.bytes.length + bytes.length), cid.bytes, bytes)
  }
}

function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
