import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

/** Options of a call that waits. */
export interface AbortOptions {
  readonly signal?: AbortSignal
}

/** Options of a put. */
export interface PutOptions extends AbortOptions {
  /** The caller has just hashed these very bytes itself, so they are not hashed again. Default: false. */
  readonly trusted?: boolean
}

/** How full a store is; bytes are charged bytes, see the store's own page. */
export interface StoreUsage {
  readonly size: number
  readonly sizeMax: number
  readonly count: number
  readonly countMax: number
  /** Part of `size` that pins and holds keep from eviction. */
  readonly keptSize: number
}

/**
 * Keeps blocks from eviction while work on them is under way, from before they are stored until they are pinned.
 * Lives in memory only; disposing it twice is harmless.
 */
export interface BlockHold extends Disposable {
  add(cid: CID): void
}

/**
 * A store of blocks with a size cap: what nothing keeps is evicted, least recently used first.
 *
 * It is also a `Blockstore` of interface-blockstore, so importers and Bitswap work on it as they are.
 */
export interface BlockStorage extends Blockstore {
  /** Whether the block is stored; says nothing about its bytes, which are verified when read. */
  has(cid: CID, options?: AbortOptions): boolean
  /** Stores a block that matches its CID; a no-op if it is stored. */
  put(
    cid: CID,
    bytes: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<CID>
  /** The verified bytes of a block, which the caller owns. */
  getBytes(cid: CID, options?: AbortOptions): Promise<Uint8Array>
  get(cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array>
  delete(cid: CID, options?: AbortOptions): Promise<void>
  /** Keeps these blocks until {@link unpin}, beyond restarts; a second pin of a root replaces the first. */
  pin(root: CID, cids: Iterable<CID>): Promise<void>
  /** Gives a root's blocks back to eviction; returns whether the root was pinned. */
  unpin(root: CID): Promise<boolean>
  /** The pinned roots, oldest first. */
  pinnedRoots(): CID[]
  /** Whether a pin or a hold keeps the block. */
  isKept(cid: CID): boolean
  hold(): BlockHold
  usage(): StoreUsage
}
