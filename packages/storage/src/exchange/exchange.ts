import { type Logger, silentLogger } from '@blockless/core'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { abortable } from '../concurrency/abortable.ts'
import { Slots } from '../concurrency/slots.ts'
import { type DagLimits, limitsOf } from '../dag/dag-walk.ts'
import { ASKS_MAX, FETCH_TIMEOUT_MS } from '../defaults.ts'
import type { AbortOptions, BlockStorage } from '../store/block-storage.ts'
import { type MountedBitswap, mountBitswap } from './bitswap-mount.ts'
import { BlockSource, type FetchProvider } from './block-source.ts'
import { cancelWants } from './cancel-wants.ts'
import { DagFetch, type FetchedDag } from './dag-fetch.ts'
import { FetchError } from './fetch-error.ts'

/** Collaborators of an {@link Exchange}; all stay their owner's. */
export interface ExchangeComponents {
  /** A libp2p node; started before the exchange is. */
  readonly libp2p: Libp2p
  readonly store: BlockStorage
  readonly log?: Logger
}

/** Options of {@link Exchange.fetchDag}. */
export interface FetchOptions extends AbortOptions, DagLimits {
  /** Milliseconds until the fetch gives up by itself. Default: 60,000. */
  readonly timeoutMs?: number
  /** Milliseconds that a peer may go without giving any block. Default: 10,000. */
  readonly askTimeoutMs?: number
  /** Peers to connect to and ask before those already connected; at most 32 are used. */
  readonly providers?: readonly FetchProvider[]
  /** Pin the DAG under its root before its blocks can be evicted. Default: false. */
  readonly pin?: boolean
}

/** Exchanges blocks with other peers over Bitswap: answers them from the store, and fetches what is missing. */
export interface Exchange {
  /** Begins to answer. @throws the signal's reason */
  start(signal?: AbortSignal): Promise<void>
  /** Ends fetches with `ERR_FETCH_STOPPED` and answers no more; the libp2p node runs on. */
  stop(): Promise<void>
  /**
   * Brings all blocks of a DAG into the store, verified and bounded; what is stored already is not asked for.
   *
   * Always ends: with the result, an error, or at the latest `timeoutMs`. Blocks that came before a failure stay as
   * unpinned blocks, so a second try goes on from there.
   *
   * @throws {FetchError} `ERR_FETCH_NOT_FOUND` if every peer said no or stayed silent, `ERR_FETCH_TIMEOUT`,
   * `ERR_FETCH_TOO_LARGE` beyond `sizeMax`, `countMax` or `depthMax`, `ERR_FETCH_INVALID`, `ERR_FETCH_STOPPED`
   * @throws {StoreError} if the store is full or its disk refuses
   * @throws the signal's reason
   */
  fetchDag(root: CID, options?: FetchOptions): Promise<FetchedDag>
}

/** Creates a stopped exchange. */
export function createExchange(components: ExchangeComponents): Exchange {
  return new BitswapExchange(components)
}

class BitswapExchange implements Exchange {
  readonly #libp2p: Libp2p
  readonly #store: BlockStorage
  readonly #log: Logger
  readonly #fetches = new Set<Promise<unknown>>()
  readonly #cancels = new Set<Promise<void>>()
  // Blocks that some fetch is asking for, so that two fetches do not ask twice.
  readonly #arriving = new Map<string, Promise<Uint8Array | undefined>>()
  readonly #slots = new Slots(ASKS_MAX)
  #bitswap: Promise<MountedBitswap> | undefined
  #stopped = new AbortController()

  constructor(components: ExchangeComponents) {
    this.#libp2p = components.libp2p
    this.#store = components.store
    this.#log = components.log ?? silentLogger
  }

  async start(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#bitswap !== undefined) {
      await this.#bitswap
      return
    }
    this.#stopped = new AbortController()
    const mounting = mountBitswap(this.#libp2p, this.#store, this.#log)
    this.#bitswap = mounting
    await mounting.catch((error: unknown) => {
      this.#bitswap = undefined
      throw error
    })
  }

  async stop(): Promise<void> {
    const bitswap = await this.#bitswap
    if (bitswap === undefined) return
    this.#bitswap = undefined
    this.#stopped.abort()
    await Promise.allSettled([...this.#fetches, ...this.#cancels])
    await bitswap.stop()
  }

  async fetchDag(root: CID, options: FetchOptions = {}): Promise<FetchedDag> {
    options.signal?.throwIfAborted()
    const bitswap = await this.#bitswap
    if (bitswap === undefined) throw stoppedError(root, root)
    const fetch = this.#fetch(bitswap, root, options)
    const settled: Promise<unknown> = fetch.catch(() => {}).finally(() => this.#fetches.delete(settled))
    this.#fetches.add(settled)
    return await fetch
  }

  async #fetch(bitswap: MountedBitswap, root: CID, options: FetchOptions): Promise<FetchedDag> {
    const startMs = performance.now()
    const failed = new AbortController()
    const deadline = AbortSignal.timeout(options.timeoutMs ?? FETCH_TIMEOUT_MS)
    const ends = [failed.signal, deadline, this.#stopped.signal]
    const signal = AbortSignal.any(options.signal === undefined ? ends : [...ends, options.signal])
    const { ask } = bitswap
    const cancel = (peer: PeerId, cids: readonly CID[]): Promise<void> => this.#cancel(peer, cids)
    const components = { libp2p: this.#libp2p, ask, slots: this.#slots, cancel, log: this.#log }
    const source = new BlockSource(components, options.askTimeoutMs)
    using hold = this.#store.hold()
    const load = (cid: CID): Promise<Uint8Array> => this.#load(source, root, cid, signal)
    const fail = (error: unknown): void => failed.abort(error)
    const fetch = new DagFetch({ store: this.#store, hold, load, fail }, root, limitsOf(options))
    try {
      // A cancel of an earlier fetch that overtook a question of this one would undo it.
      await abortable(Promise.allSettled(this.#cancels), signal)
      await source.connect(options.providers ?? [], signal)
      const dag = await fetch.run()
      if (options.pin === true) await this.#store.pin(root, dag.cids)
      return dag
    } catch (error) {
      if (options.signal?.aborted === true && error === signal.reason) throw options.signal.reason
      if (this.#stopped.signal.aborted) throw stoppedError(root, fetch.waitingFor, error)
      if (error !== deadline.reason) throw error
      const waitedMs = Math.round(performance.now() - startMs)
      const missing = fetch.waitingFor.toString()
      const { peerCount } = source
      throw new FetchError({ code: 'ERR_FETCH_TIMEOUT', root: root.toString(), missing, waitedMs, peerCount })
    } finally {
      this.#track(source.dismiss())
    }
  }

  async #load(source: BlockSource, root: CID, cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    const name = cid.toString()
    for (let other = this.#arriving.get(name); other !== undefined; other = this.#arriving.get(name)) {
      const bytes = await abortable(other, signal)
      if (bytes !== undefined) return bytes
    }
    const arriving = source.load(cid, signal)
    const shared: Promise<Uint8Array | undefined> = arriving
      .catch(() => undefined)
      .finally(() => this.#arriving.delete(name))
    this.#arriving.set(name, shared)
    const bytes = await arriving
    if (bytes !== undefined) return bytes
    const { peerCount } = source
    throw new FetchError({ code: 'ERR_FETCH_NOT_FOUND', root: root.toString(), missing: name, peerCount })
  }

  async #cancel(peer: PeerId, cids: readonly CID[]): Promise<void> {
    try {
      await cancelWants(this.#libp2p, peer, cids, this.#stopped.signal)
    } catch (error) {
      this.#log.debug('peer not told of cancels', { peer: peer.toString(), message: String(error) })
    }
  }

  #track(cancels: Promise<void>): void {
    const settled: Promise<void> = cancels.finally(() => this.#cancels.delete(settled))
    this.#cancels.add(settled)
  }
}

function stoppedError(root: CID, missing: CID, cause?: unknown): FetchError {
  const reason = { code: 'ERR_FETCH_STOPPED', root: root.toString(), missing: missing.toString() } as const
  return new FetchError(reason, { cause })
}
