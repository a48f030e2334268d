import { type Logger, silentLogger } from '@blockless/core'
import type { InputPair, Pair } from 'interface-blockstore'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'
import { BlockError } from '../block/block-error.ts'
import { blockKey, isBlock, verifyBlock } from '../block/block-hash.ts'
import { BlockIndex } from './block-index.ts'
import type { BlockMedium } from './block-medium.ts'
import type { AbortOptions, BlockHold, BlockStorage, PutOptions, StoreUsage } from './block-storage.ts'
import { collectBytes } from './collect-bytes.ts'
import { StoreError } from './store-error.ts'

/** Bounds and collaborators of an {@link IndexedStore}. */
export interface IndexedStoreInit {
  readonly sizeMax: number
  readonly countMax: number
  readonly log?: Logger
}

/** A {@link BlockStorage} made of an index, which decides, and a medium, which acts. */
export class IndexedStore implements BlockStorage {
  readonly #medium: BlockMedium
  readonly #sizeMax: number
  readonly #countMax: number
  readonly #log: Logger
  // Puts under way, so that two of one block write it once.
  readonly #puts = new Map<string, Promise<void>>()
  #pinning: Promise<unknown> = Promise.resolve()
  protected readonly index: BlockIndex

  constructor(medium: BlockMedium, init: IndexedStoreInit) {
    this.#medium = medium
    this.#sizeMax = init.sizeMax
    this.#countMax = init.countMax
    this.#log = init.log ?? silentLogger
    this.index = new BlockIndex(init)
  }

  has(cid: CID, options?: AbortOptions): boolean {
    this.assertOpen()
    options?.signal?.throwIfAborted()
    const key = blockKey(cid)
    return key === undefined || this.index.has(key)
  }

  async put(
    cid: CID,
    bytes: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<CID> {
    this.assertOpen()
    options?.signal?.throwIfAborted()
    const key = blockKey(cid)
    const block = await collectBytes(bytes, this.#sizeMax)
    if (options?.trusted !== true) await verifyBlock(cid, block)
    if (key !== undefined) await this.#putOnce(key, block)
    return cid
  }

  async *putMany(source: Iterable<InputPair> | AsyncIterable<InputPair>, options?: PutOptions): AsyncGenerator<CID> {
    for await (const { cid, bytes } of source) yield await this.put(cid, bytes, options)
  }

  async getBytes(cid: CID, options?: AbortOptions): Promise<Uint8Array> {
    this.assertOpen()
    options?.signal?.throwIfAborted()
    const key = blockKey(cid)
    if (key === undefined) return cid.multihash.digest.slice()
    if (!this.index.has(key)) throw missing(cid, false)
    this.index.touch(key)
    const bytes = await this.#medium.read(key)
    options?.signal?.throwIfAborted()
    if (bytes !== undefined && (await isBlock(cid, bytes))) return bytes
    return this.#dropBroken(cid, key, bytes)
  }

  async *get(cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array> {
    yield await this.getBytes(cid, options)
  }

  async *getMany(source: Iterable<CID> | AsyncIterable<CID>, options?: AbortOptions): AsyncGenerator<Pair> {
    for await (const cid of source) yield { cid, bytes: this.get(cid, options) }
  }

  async *getAll(options?: AbortOptions): AsyncGenerator<Pair> {
    for (const key of [...this.index.keys()]) {
      this.assertOpen()
      options?.signal?.throwIfAborted()
      if (!this.index.has(key)) continue
      const cid = CID.createV1(raw.code, Digest.decode(base32.baseDecode(key)))
      yield { cid, bytes: this.get(cid, options) }
    }
  }

  async delete(cid: CID, options?: AbortOptions): Promise<void> {
    this.assertOpen()
    options?.signal?.throwIfAborted()
    const key = blockKey(cid)
    if (key === undefined || !this.index.has(key)) return
    if (this.index.isKept(key)) throw new StoreError({ code: 'ERR_STORE_PINNED', cid: cid.toString() })
    this.#medium.remove(key)
    this.index.remove(key)
  }

  async *deleteMany(source: Iterable<CID> | AsyncIterable<CID>, options?: AbortOptions): AsyncGenerator<CID> {
    for await (const cid of source) {
      await this.delete(cid, options)
      yield cid
    }
  }

  async pin(root: CID, cids: Iterable<CID>): Promise<void> {
    const list = [...cids]
    await this.#inTurn(() => this.#pin(root, list))
  }

  async unpin(root: CID): Promise<boolean> {
    return await this.#inTurn(() => this.#unpin(root))
  }

  pinnedRoots(): CID[] {
    return this.index.roots().map((root) => CID.parse(root))
  }

  isKept(cid: CID): boolean {
    const key = blockKey(cid)
    return key !== undefined && this.index.isKept(key)
  }

  hold(): BlockHold {
    const held = new Set<string>()
    const { index } = this
    let isDisposed = false
    return {
      add(cid) {
        const key = blockKey(cid)
        // Work that is still under way when its owner has given up must not keep anything for ever.
        if (isDisposed || key === undefined || held.has(key)) return
        held.add(key)
        index.keep(key)
      },
      [Symbol.dispose]() {
        isDisposed = true
        for (const key of held) index.release(key)
        held.clear()
      },
    }
  }

  usage(): StoreUsage {
    const { size, count, keptSize } = this.index
    return { size, sizeMax: this.#sizeMax, count, countMax: this.#countMax, keptSize }
  }

  /** Throws if the store may no longer be used. */
  protected assertOpen(): void {}

  /** Settles when no put and no pin is under way. */
  protected async drain(): Promise<void> {
    await Promise.allSettled([...this.#puts.values(), this.#pinning])
  }

  async #pin(root: CID, list: readonly CID[]): Promise<void> {
    this.assertOpen()
    const keys: string[] = []
    for (const cid of list) {
      const key = blockKey(cid)
      if (key === undefined) continue
      if (!this.index.has(key)) throw missing(cid, false)
      keys.push(key)
    }
    const name = root.toString()
    const before = this.index.pinned(name)
    // Kept in the index first, so that nothing is evicted while the pin is being made durable.
    this.index.pin(name, keys)
    try {
      await this.#medium.savePin(root, list, keys)
    } catch (error) {
      if (before === undefined) this.index.unpin(name)
      else this.index.pin(name, before)
      throw error
    }
  }

  async #unpin(root: CID): Promise<boolean> {
    this.assertOpen()
    const name = root.toString()
    if (this.index.pinned(name) === undefined) return false
    await this.#medium.removePin(root)
    return this.index.unpin(name)
  }

  // One pin after another: index and disk then always change in the same order.
  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#pinning.then(act)
    this.#pinning = turn.catch(() => {})
    return await turn
  }

  async #putOnce(key: string, block: Uint8Array): Promise<void> {
    this.assertOpen()
    if (this.index.has(key)) {
      this.index.touch(key)
      return
    }
    const running = this.#puts.get(key)
    if (running !== undefined) return await running
    const put = this.#write(key, block).finally(() => this.#puts.delete(key))
    this.#puts.set(key, put)
    await put
  }

  async #write(key: string, block: Uint8Array): Promise<void> {
    const charge = this.#medium.charge(block.length)
    const victims = this.index.reserve(charge)
    let isCommitted = false
    try {
      for (const victim of victims) this.#medium.remove(victim)
      const commit = await this.#medium.stage(key, block)
      commit()
      this.index.commit(key, charge)
      isCommitted = true
    } finally {
      if (!isCommitted) this.index.cancel(charge)
    }
    if (victims.length > 0) this.#log.debug('blocks evicted', { count: victims.length, madeRoomFor: charge })
  }

  #dropBroken(cid: CID, key: string, bytes: Uint8Array | undefined): never {
    // An eviction while the file was being opened is no corruption: the index knows of it already.
    const isCorrupted = this.index.has(key)
    if (isCorrupted) {
      this.#medium.remove(key)
      this.index.remove(key)
      this.#log.warn('stored block corrupted', { cid: cid.toString(), size: bytes?.length })
    }
    throw missing(cid, isCorrupted)
  }
}

function missing(cid: CID, corrupted: boolean): BlockError {
  return new BlockError({ code: 'ERR_BLOCK_MISSING', cid: cid.toString(), corrupted })
}
