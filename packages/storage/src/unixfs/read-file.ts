import { concat } from '@blockless/core'
import type { CID } from 'multiformats/cid'
import type { BlockReader } from '../dag/dag-walk.ts'
import { DAG_COUNT_MAX } from '../defaults.ts'
import type { AbortOptions } from '../store/block-storage.ts'
import { readDirectory } from './read-directory.ts'
import { UnixfsError } from './unixfs-error.ts'
import { decodeUnixfs, type FilePart, type UnixfsNode } from './unixfs-node.ts'
import { parsePath } from './unixfs-path.ts'
import { WalkBudget } from './walk-budget.ts'

/** Options of {@link readFile}. */
export interface ReadFileOptions extends AbortOptions {
  /** Bytes that the file may have. */
  readonly sizeMax: number
  /** Nodes and directory entries that may be visited. Default: 65,536. */
  readonly countMax?: number
}

/**
 * Reads a whole file.
 *
 * @param path - relative to `cid`, such as `bin/run.wasm`; empty if `cid` is the file
 * @returns its bytes, at most `sizeMax`, owned by the caller
 * @throws {UnixfsError} if there is no such file, the path is not allowed, a bound is exceeded, or a node's bytes are
 * not as many as its parent claims
 * @throws {BlockError} `ERR_BLOCK_MISSING` if a block is not stored
 */
export async function readFile(
  store: BlockReader,
  cid: CID,
  path: string,
  options: ReadFileOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readFileChunks(store, cid, path, options)) chunks.push(chunk)
  return concat(...chunks)
}

/** As {@link readFile}, chunk by chunk; an error may come after some of the bytes. */
export async function* readFileChunks(
  store: BlockReader,
  cid: CID,
  path: string,
  options: ReadFileOptions,
): AsyncGenerator<Uint8Array> {
  const budget = new WalkBudget(cid, options.countMax ?? DAG_COUNT_MAX)
  const found = await resolvePath(store, cid, path, budget, options)
  if (found.node.kind !== 'file') {
    throw new UnixfsError({
      code: 'ERR_UNIXFS_TYPE',
      cid: found.cid.toString(),
      path,
      type: found.node.kind,
      wanted: 'file',
    })
  }
  if (found.node.size > options.sizeMax) {
    throw new UnixfsError({ code: 'ERR_UNIXFS_TOO_LARGE', cid: cid.toString(), path, sizeMax: options.sizeMax })
  }
  yield* readParts(store, found.node, budget, options)
}

async function resolvePath(
  store: BlockReader,
  root: CID,
  path: string,
  budget: WalkBudget,
  options: AbortOptions,
): Promise<{ readonly cid: CID; readonly node: UnixfsNode }> {
  let cid = root
  let node = decodeUnixfs(cid, await store.getBytes(cid, options))
  for (const [depth, name] of parsePath(path).entries()) {
    budget.spend(1, depth)
    if (node.kind !== 'directory' && node.kind !== 'shard') throw notFound(root, path)
    const next = (await readDirectory(store, node.links, budget, options)).get(name)
    if (next === undefined) throw notFound(root, path)
    cid = next
    node = decodeUnixfs(cid, await store.getBytes(cid, options))
  }
  return { cid, node }
}

// The sizes that a node claims for its parts were added up and bounded before the first byte is read, and each part
// is held to its claim: so the bytes read never exceed what was agreed to.
async function* readParts(
  store: BlockReader,
  file: Extract<UnixfsNode, { kind: 'file' }>,
  budget: WalkBudget,
  options: AbortOptions,
): AsyncGenerator<Uint8Array> {
  if (file.data.length > 0) yield file.data
  const pending: { part: FilePart; depth: number }[] = []
  for (const part of file.parts.toReversed()) pending.push({ part, depth: 1 })
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    budget.spend(1, next.depth)
    const { cid, size } = next.part
    const node = decodeUnixfs(cid, await store.getBytes(cid, options))
    if (node.kind !== 'file') {
      throw new UnixfsError({ code: 'ERR_UNIXFS_TYPE', cid: cid.toString(), path: '', type: node.kind, wanted: 'file' })
    }
    if (node.size !== size) {
      const problem = `it holds ${node.size} bytes, its parent claims ${size}`
      throw new UnixfsError({ code: 'ERR_UNIXFS_NODE', cid: cid.toString(), problem })
    }
    if (node.data.length > 0) yield node.data
    for (const part of node.parts.toReversed()) pending.push({ part, depth: next.depth + 1 })
  }
}

function notFound(root: CID, path: string): UnixfsError {
  return new UnixfsError({ code: 'ERR_UNIXFS_NOT_FOUND', root: root.toString(), path })
}
