import { invariant } from '@blockless/core'
import { StoreError } from './store-error.ts'

/** Bounds of a {@link BlockIndex}. */
export interface BlockIndexInit {
  /** Charged bytes that may be stored at once, `> 0`. */
  readonly sizeMax: number
  /** Blocks that may be stored at once, `> 0`; bounds the index's own memory, about 300 bytes a block. */
  readonly countMax: number
}

/**
 * Which blocks are stored, in which order they were used, what keeps them, and what must go to make room.
 *
 * Pure bookkeeping: it touches no bytes and no disk. The owner removes what {@link reserve} names, writes, and
 * then commits or cancels. Stored plus reserved bytes never exceed `sizeMax`, and a block that anything keeps is
 * never named. Every operation is O(1), `reserve` and `pin` per block they move.
 */
export class BlockIndex {
  readonly #sizeMax: number
  readonly #countMax: number
  readonly #stored = new Map<string, number>()
  // Stored and kept by nobody, least recently used first.
  readonly #evictable = new Map<string, number>()
  // How many pins and holds keep a key; the key need not be stored (yet, or any more).
  readonly #keepers = new Map<string, number>()
  readonly #pins = new Map<string, readonly string[]>()
  #size = 0
  #evictableSize = 0
  #reservedSize = 0
  #reservedCount = 0

  constructor(init: BlockIndexInit) {
    if (!(init.sizeMax > 0)) throw new RangeError('Cannot create block index: sizeMax must be above 0')
    if (!(init.countMax > 0)) throw new RangeError('Cannot create block index: countMax must be above 0')
    this.#sizeMax = init.sizeMax
    this.#countMax = init.countMax
  }

  /** Charged bytes stored. */
  get size(): number {
    return this.#size
  }

  /** Blocks stored. */
  get count(): number {
    return this.#stored.size
  }

  /** Charged bytes stored that something keeps. */
  get keptSize(): number {
    return this.#size - this.#evictableSize
  }

  has(key: string): boolean {
    return this.#stored.has(key)
  }

  isKept(key: string): boolean {
    return this.#keepers.has(key)
  }

  keys(): MapIterator<string> {
    return this.#stored.keys()
  }

  /** Marks a block as used just now. */
  touch(key: string): void {
    const size = this.#evictable.get(key)
    if (size === undefined) return
    this.#evictable.delete(key)
    this.#evictable.set(key, size)
  }

  /**
   * Makes room for one block, which counts as stored until {@link commit} or {@link cancel}.
   *
   * @param size - charged bytes of the block
   * @returns keys that are no longer stored, least recently used first; the caller deletes their bytes
   * @throws {StoreError} `ERR_STORE_FULL` if what is kept leaves no room; nothing changes then
   */
  reserve(size: number): string[] {
    const sizeExcess = this.#size + this.#reservedSize + size - this.#sizeMax
    const countExcess = this.#stored.size + this.#reservedCount + 1 - this.#countMax
    if (sizeExcess > this.#evictableSize || countExcess > this.#evictable.size) throw this.#fullError(size)
    const victims = this.#evict(sizeExcess, countExcess)
    this.#reservedSize += size
    this.#reservedCount += 1
    invariant(this.#size + this.#reservedSize <= this.#sizeMax, 'stored and reserved bytes stay within the cap')
    return victims
  }

  /** Turns a reservation into a stored block. */
  commit(key: string, size: number): void {
    this.cancel(size)
    this.add(key, size)
  }

  /** Gives a reservation back. */
  cancel(size: number): void {
    this.#reservedSize -= size
    this.#reservedCount -= 1
    invariant(this.#reservedSize >= 0 && this.#reservedCount >= 0, 'a reservation is given back once')
  }

  /** Enters a block that is stored already, as the most recently used; without room check, for a start. */
  add(key: string, size: number): void {
    invariant(!this.#stored.has(key), 'a block is stored once')
    this.#stored.set(key, size)
    this.#size += size
    if (!this.#keepers.has(key)) this.#makeEvictable(key, size)
  }

  /** Removes a block; what keeps its key goes on keeping it for when it comes back. */
  remove(key: string): void {
    const size = this.#stored.get(key)
    if (size === undefined) return
    this.#stored.delete(key)
    this.#size -= size
    this.#unmakeEvictable(key, size)
  }

  /** Blocks to drop because more is stored than allowed, after the cap was lowered; they are gone from the index. */
  trim(): string[] {
    return this.#evict(this.#size - this.#sizeMax, this.#stored.size - this.#countMax)
  }

  /** Keeps a key from eviction until a {@link release}; counted, and also for a key that is not stored yet. */
  keep(key: string): void {
    const keepers = this.#keepers.get(key) ?? 0
    this.#keepers.set(key, keepers + 1)
    const size = this.#stored.get(key)
    if (keepers === 0 && size !== undefined) this.#unmakeEvictable(key, size)
  }

  /** Undoes one {@link keep}; the last one makes the block evictable, as the most recently used. */
  release(key: string): void {
    const keepers = this.#keepers.get(key)
    invariant(keepers !== undefined, 'a key is released only after it was kept')
    if (keepers > 1) {
      this.#keepers.set(key, keepers - 1)
      return
    }
    this.#keepers.delete(key)
    const size = this.#stored.get(key)
    if (size !== undefined) this.#makeEvictable(key, size)
  }

  /** Keeps `keys` under a name; a second pin of that name replaces the first. */
  pin(root: string, keys: Iterable<string>): void {
    const distinct = [...new Set(keys)]
    for (const key of distinct) this.keep(key)
    this.unpin(root)
    this.#pins.set(root, distinct)
  }

  /** Gives back what was kept under a name; returns whether there was such a pin. */
  unpin(root: string): boolean {
    const keys = this.#pins.get(root)
    if (keys === undefined) return false
    this.#pins.delete(root)
    for (const key of keys) this.release(key)
    return true
  }

  /** The keys kept under a name. */
  pinned(root: string): readonly string[] | undefined {
    return this.#pins.get(root)
  }

  /** The names of all pins, oldest first. */
  roots(): string[] {
    return [...this.#pins.keys()]
  }

  #evict(sizeExcess: number, countExcess: number): string[] {
    const victims: string[] = []
    let size = sizeExcess
    let count = countExcess
    for (const [key, victimSize] of this.#evictable) {
      if (size <= 0 && count <= 0) break
      victims.push(key)
      size -= victimSize
      count -= 1
    }
    for (const key of victims) this.remove(key)
    return victims
  }

  #makeEvictable(key: string, size: number): void {
    this.#evictable.set(key, size)
    this.#evictableSize += size
  }

  #unmakeEvictable(key: string, size: number): void {
    if (this.#evictable.delete(key)) this.#evictableSize -= size
  }

  #fullError(size: number): StoreError {
    return new StoreError({
      code: 'ERR_STORE_FULL',
      size,
      sizeMax: this.#sizeMax,
      keptSize: this.keptSize + this.#reservedSize,
      keptCount: this.#stored.size - this.#evictable.size + this.#reservedCount,
    })
  }
}
