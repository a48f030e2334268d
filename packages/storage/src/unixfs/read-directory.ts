import type { CID } from 'multiformats/cid'
import type { BlockReader } from '../dag/dag-walk.ts'
import type { AbortOptions } from '../store/block-storage.ts'
import { UnixfsError } from './unixfs-error.ts'
import { type DirectoryLink, decodeUnixfs } from './unixfs-node.ts'
import type { WalkBudget } from './walk-budget.ts'

/**
 * All names of a directory, shards unfolded.
 *
 * Shards are not searched by hash but listed: a lookup then needs no trust in where an attacker placed a name.
 *
 * @param links - of the directory's or shard's own node
 * @param budget - spent on every link and every node of a shard
 * @throws {UnixfsError} if a name appears twice, a bound is exceeded, or a shard leads to something else
 */
export async function readDirectory(
  store: BlockReader,
  links: readonly DirectoryLink[],
  budget: WalkBudget,
  options: AbortOptions,
): Promise<Map<string, CID>> {
  const entries = new Map<string, CID>()
  const pending = [{ links, depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    budget.spend(next.links.length, next.depth)
    for (const { name, cid } of next.links) {
      if (name === undefined) {
        const shard = decodeUnixfs(cid, await store.getBytes(cid, options))
        if (shard.kind !== 'shard') {
          throw new UnixfsError({
            code: 'ERR_UNIXFS_TYPE',
            cid: cid.toString(),
            path: '',
            type: shard.kind,
            wanted: 'shard',
          })
        }
        pending.push({ links: shard.links, depth: next.depth + 1 })
      } else {
        if (entries.has(name)) throw new UnixfsError({ code: 'ERR_UNIXFS_DUPLICATE', path: name })
        entries.set(name, cid)
      }
    }
  }
  return entries
}
