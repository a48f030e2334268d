import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { NODE_SIZE_MAX } from '../defaults.ts'
import { DagError } from './dag-error.ts'

/**
 * The CIDs that a verified block links to, in the block's order, repeats included.
 *
 * @param root - the DAG's root, for the error
 * @throws {DagError} `ERR_DAG_CODEC`, or `ERR_DAG_NODE` if the bytes do not decode or a node exceeds 4 MiB
 */
export function linksOf(root: CID, cid: CID, bytes: Uint8Array): CID[] {
  if (cid.code === raw.code) return []
  if (cid.code !== dagPb.code && cid.code !== dagCbor.code) {
    throw new DagError({ code: 'ERR_DAG_CODEC', root: root.toString(), cid: cid.toString(), codec: cid.code })
  }
  if (bytes.length > NODE_SIZE_MAX) throw nodeError(root, cid, bytes)
  try {
    if (cid.code === dagPb.code) return dagPb.decode(bytes).Links.map((link) => link.Hash)
    return cborLinks(dagCbor.decode(bytes))
  } catch (cause) {
    // Includes the RangeError of nesting too deep for the decoder's stack.
    throw nodeError(root, cid, bytes, cause)
  }
}

function nodeError(root: CID, cid: CID, bytes: Uint8Array, cause?: unknown): DagError {
  const reason = { code: 'ERR_DAG_NODE', root: root.toString(), cid: cid.toString(), size: bytes.length } as const
  return new DagError(reason, { cause })
}

function cborLinks(value: unknown): CID[] {
  const links: CID[] = []
  const pending: unknown[] = [value]
  while (pending.length > 0) {
    const next = pending.pop()
    if (typeof next !== 'object' || next === null || next instanceof Uint8Array) continue
    const link = CID.asCID(next)
    if (link !== null) links.push(link)
    // From the back, so that links come out in the block's order.
    else for (const child of Object.values(next).reverse()) pending.push(child)
  }
  return links
}
