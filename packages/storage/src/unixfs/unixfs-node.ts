import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { NODE_SIZE_MAX } from '../defaults.ts'
import { UnixfsError } from './unixfs-error.ts'
import { assertName } from './unixfs-path.ts'

/** A part of a file and the bytes it claims to unfold to. */
export interface FilePart {
  readonly cid: CID
  readonly size: number
}

/** A name in a directory; in a shard without a name, what it leads to is a part of the same directory. */
export interface DirectoryLink {
  readonly name: string | undefined
  readonly cid: CID
}

/** A decoded block of a UnixFS DAG. `size` of a file is what the node claims in total, checked only by reading. */
export type UnixfsNode =
  | { readonly kind: 'file'; readonly data: Uint8Array; readonly parts: readonly FilePart[]; readonly size: number }
  | { readonly kind: 'directory' | 'shard'; readonly links: readonly DirectoryLink[] }
  | { readonly kind: 'symlink' }

const FANOUT_MAX = 1024

/**
 * Decodes a verified block as a file, a directory or a part of one.
 *
 * @throws {UnixfsError} `ERR_UNIXFS_NODE` if it is none, `ERR_UNIXFS_PATH` for a name that could leave a folder,
 * `ERR_UNIXFS_DUPLICATE` for a name given twice
 */
export function decodeUnixfs(cid: CID, bytes: Uint8Array): UnixfsNode {
  if (cid.code === raw.code) return { kind: 'file', data: bytes, parts: [], size: bytes.length }
  if (cid.code !== dagPb.code) throw nodeError(cid, `codec 0x${cid.code.toString(16)}, raw or dag-pb is needed`)
  if (bytes.length > NODE_SIZE_MAX) throw nodeError(cid, `a node of ${bytes.length} bytes exceeds ${NODE_SIZE_MAX}`)
  const { links, data } = decodeBytes(cid, bytes)
  switch (data.type) {
    case 'file':
    case 'raw':
      return decodeFile(cid, links, data)
    case 'directory':
      return { kind: 'directory', links: decodeLinks(cid, links, 0) }
    case 'hamt-sharded-directory':
      return { kind: 'shard', links: decodeLinks(cid, links, prefixLength(cid, data)) }
    case 'symlink':
      return { kind: 'symlink' }
    default:
      throw nodeError(cid, `type "${data.type}", a file or directory is needed`)
  }
}

function decodeBytes(cid: CID, bytes: Uint8Array): { links: readonly dagPb.PBLink[]; data: UnixFS } {
  try {
    const node = dagPb.decode(bytes)
    if (node.Data === undefined) throw new RangeError('dag-pb without UnixFS data')
    return { links: node.Links, data: UnixFS.unmarshal(node.Data) }
  } catch (cause) {
    throw nodeError(cid, 'its bytes are no UnixFS node', cause)
  }
}

function decodeFile(cid: CID, links: readonly dagPb.PBLink[], unixfs: UnixFS): UnixfsNode {
  const data = unixfs.data ?? new Uint8Array()
  if (links.length !== unixfs.blockSizes.length) {
    throw nodeError(cid, `${links.length} links with ${unixfs.blockSizes.length} sizes`)
  }
  let size = data.length
  const parts: FilePart[] = []
  for (const [index, link] of links.entries()) {
    const partSize = Number(unixfs.blockSizes[index])
    // No importer makes empty parts, and without them a file has no more parts than bytes.
    if (!Number.isSafeInteger(partSize) || partSize <= 0) throw nodeError(cid, `a part of ${partSize} bytes`)
    parts.push({ cid: link.Hash, size: partSize })
    size += partSize
  }
  if (!Number.isSafeInteger(size)) throw nodeError(cid, 'a size beyond 2^53')
  return { kind: 'file', data, parts, size }
}

function decodeLinks(cid: CID, links: readonly dagPb.PBLink[], prefixSize: number): DirectoryLink[] {
  const names = new Set<string>()
  return links.map((link) => {
    const full = link.Name ?? ''
    if (full.length < prefixSize) throw nodeError(cid, 'a shard entry without its prefix')
    if (prefixSize > 0 && full.length === prefixSize) return { name: undefined, cid: link.Hash }
    const name = full.slice(prefixSize)
    assertName(name)
    if (names.has(name)) throw new UnixfsError({ code: 'ERR_UNIXFS_DUPLICATE', path: name })
    names.add(name)
    return { name, cid: link.Hash }
  })
}

// Entries of a shard are named by their slot in upper-case hexadecimal, as wide as the last slot needs.
function prefixLength(cid: CID, unixfs: UnixFS): number {
  const fanout = Number(unixfs.fanout ?? 0n)
  if (!Number.isInteger(Math.log2(fanout)) || fanout < 2 || fanout > FANOUT_MAX) {
    throw nodeError(cid, `a shard with fanout ${fanout}`)
  }
  return (fanout - 1).toString(16).length
}

function nodeError(cid: CID, problem: string, cause?: unknown): UnixfsError {
  return new UnixfsError({ code: 'ERR_UNIXFS_NODE', cid: cid.toString(), problem }, { cause })
}
