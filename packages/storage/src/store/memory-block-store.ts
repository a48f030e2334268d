import type { Logger } from '@blockless/core'
import { STORE_COUNT_MAX } from '../defaults.ts'
import type { BlockMedium } from './block-medium.ts'
import { IndexedStore } from './indexed-store.ts'

/** Configuration of a {@link MemoryBlockStore}. */
export interface MemoryBlockStoreInit {
  /** Bytes of blocks held at once, `> 0`. */
  readonly sizeMax: number
  /** Blocks held at once. Default: {@link STORE_COUNT_MAX}. */
  readonly countMax?: number
  readonly log?: Logger
}

/**
 * A block store in memory, for tests and browsers: the same cap, eviction, pins and verification as on disk.
 *
 * @example
 * ```ts
 * import { MemoryBlockStore, importFile, readFile } from '@blockless/storage'
 * const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
 * const { cid } = await importFile(store, new TextEncoder().encode('hello world\n'))
 * assert.equal(cid.toString(), 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4')
 * assert.equal((await readFile(store, cid, '', { sizeMax: 100 })).length, 12)
 * ```
 */
export class MemoryBlockStore extends IndexedStore {
  constructor(init: MemoryBlockStoreInit) {
    super(createMemoryMedium(), { countMax: STORE_COUNT_MAX, ...init })
  }
}

function createMemoryMedium(): BlockMedium {
  const blocks = new Map<string, Uint8Array>()
  return {
    charge: (size) => size,
    // A copy, so that a caller who reuses its array cannot change what is stored.
    stage: async (key, bytes) => {
      const copy = bytes.slice()
      return () => void blocks.set(key, copy)
    },
    read: async (key) => blocks.get(key)?.slice(),
    remove: (key) => void blocks.delete(key),
    savePin: async () => {},
    removePin: async () => {},
  }
}
