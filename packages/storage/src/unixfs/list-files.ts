import type { CID } from 'multiformats/cid'
import type { BlockReader } from '../dag/dag-walk.ts'
import { DAG_DEPTH_MAX, LIST_COUNT_MAX } from '../defaults.ts'
import type { AbortOptions } from '../store/block-storage.ts'
import { readDirectory } from './read-directory.ts'
import { UnixfsError } from './unixfs-error.ts'
import { decodeUnixfs } from './unixfs-node.ts'
import { parsePath } from './unixfs-path.ts'
import { WalkBudget } from './walk-budget.ts'

/** A file of a listing. */
export interface ListedFile {
  /** Relative path; empty if the listed CID is the file itself. */
  readonly path: string
  readonly cid: CID
  /** Bytes that the file's node claims; reading holds it to that. */
  readonly size: number
}

/** Options of {@link listFiles}. */
export interface ListFilesOptions extends AbortOptions {
  /** Files, directories and nodes of shards that may be visited. Default: 10,000. */
  readonly countMax?: number
  /** Levels of directories. Default: 64. */
  readonly depthMax?: number
}

/**
 * Lists all files below a directory, ordered by path as UTF-16 text; empty directories leave no trace.
 *
 * @throws {UnixfsError} if a name is not allowed or appears twice, a bound is exceeded, or there is a symbolic link,
 * which could lead out of a folder
 * @throws {BlockError} `ERR_BLOCK_MISSING` if a directory's or file's own block is not stored
 */
export async function listFiles(store: BlockReader, root: CID, options: ListFilesOptions = {}): Promise<ListedFile[]> {
  const budget = new WalkBudget(root, options.countMax ?? LIST_COUNT_MAX, options.depthMax ?? DAG_DEPTH_MAX)
  const files: ListedFile[] = []
  const pending = [{ path: '', cid: root, depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    budget.spend(1, next.depth)
    const { path, cid, depth } = next
    const node = decodeUnixfs(cid, await store.getBytes(cid, options))
    if (node.kind === 'file') {
      files.push({ path, cid, size: node.size })
    } else if (node.kind === 'symlink') {
      throw new UnixfsError({ code: 'ERR_UNIXFS_TYPE', cid: cid.toString(), path, type: 'symlink', wanted: 'file' })
    } else {
      for (const [name, child] of await readDirectory(store, node.links, budget, options)) {
        const childPath = path === '' ? name : `${path}/${name}`
        parsePath(childPath)
        pending.push({ path: childPath, cid: child, depth: depth + 1 })
      }
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}
