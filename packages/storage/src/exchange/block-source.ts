import type { Logger } from '@blockless/core'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats/cid'
import { isBlock } from '../block/block-hash.ts'
import { abortable } from '../concurrency/abortable.ts'
import type { Slots } from '../concurrency/slots.ts'
import { ASK_TIMEOUT_MS, BITSWAP_PROTOCOL, FETCH_PEERS_MAX } from '../defaults.ts'
import type { AskPeer } from './bitswap-mount.ts'
import { Patience } from './patience.ts'
import { PeerRoster, type RosterPeer } from './peer-roster.ts'

/** Someone who may have the blocks: a connected or known peer, or where to reach one. */
export type FetchProvider = PeerId | Multiaddr | Multiaddr[]

/** Collaborators of a {@link BlockSource}. */
export interface BlockSourceComponents {
  readonly libp2p: Libp2p
  readonly ask: AskPeer
  /** Bounds the questions under way, over all fetches. */
  readonly slots: Slots
  readonly cancel: (peer: PeerId, cids: readonly CID[]) => Promise<void>
  readonly log: Logger
}

// A peer may lose one question, but one that stays silent twice is given up for this block.
const ATTEMPTS_MAX = 2

/** Where one fetch gets its blocks: asks peers one after another, the providers before those merely connected. */
export class BlockSource {
  readonly #components: BlockSourceComponents
  readonly #askTimeoutMs: number
  readonly #roster = new PeerRoster(FETCH_PEERS_MAX)
  readonly #asked = new Map<RosterPeer, Map<string, CID>>()
  readonly #dials = new Set<Promise<void>>()

  constructor(components: BlockSourceComponents, askTimeoutMs: number = ASK_TIMEOUT_MS) {
    this.#components = components
    this.#askTimeoutMs = askTimeoutMs
  }

  get peerCount(): number {
    return this.#roster.count
  }

  /** Connects to providers; returns when the first is reached, or when none can be. */
  async connect(providers: readonly FetchProvider[], signal: AbortSignal): Promise<void> {
    const dials = providers.slice(0, FETCH_PEERS_MAX).map((provider) => this.#dial(provider, signal))
    for (const dial of dials) {
      const settled: Promise<void> = dial.catch(() => {}).finally(() => this.#dials.delete(settled))
      this.#dials.add(settled)
    }
    await abortable(Promise.any(dials), signal).catch(() => signal.throwIfAborted())
  }

  /** The verified bytes of a block, or `undefined` if no peer gives it. @throws the signal's reason */
  async load(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const attempts = new Map<RosterPeer, number>()
    const done = new Set<RosterPeer>()
    for (;;) {
      signal.throwIfAborted()
      const peer = this.#roster.pick(done)
      if (peer === undefined) {
        if (await this.#findMore(signal)) continue
        return undefined
      }
      const bytes = await this.#askOne(peer, cid, signal)
      if (bytes instanceof Uint8Array) return bytes
      const attempt = (attempts.get(peer) ?? 0) + 1
      attempts.set(peer, attempt)
      if (bytes === 'miss' || attempt >= ATTEMPTS_MAX) done.add(peer)
      else await this.#components.cancel(peer.id, [cid])
    }
  }

  /** Tells all peers that what they were asked for is no longer wanted. */
  async dismiss(): Promise<void> {
    await Promise.all([...this.#asked].map(([peer, cids]) => this.#components.cancel(peer.id, [...cids.values()])))
  }

  async #askOne(peer: RosterPeer, cid: CID, signal: AbortSignal): Promise<Uint8Array | 'miss' | 'silence'> {
    const { ask, slots, log } = this.#components
    using _slot = await slots.acquire(signal)
    using patience = new Patience(peer, this.#askTimeoutMs)
    const both = AbortSignal.any([signal, patience.signal])
    this.#remember(peer, cid)
    peer.asking += 1
    try {
      const bytes = await abortable(ask(peer.id.toCID(), cid, both), both)
      // Bitswap compares digests without the hash that made them, so what it gives may still be another block.
      if (await isBlock(cid, bytes)) {
        peer.gaveAtMs = performance.now()
        return bytes
      }
      log.warn('peer sent a wrong block', { peer: peer.id.toString(), cid: cid.toString() })
    } catch (error) {
      signal.throwIfAborted()
      const message = error instanceof Error ? error.message : undefined
      log.debug('peer gave no block', { peer: peer.id.toString(), cid: cid.toString(), message })
      if (patience.signal.aborted) {
        peer.silences += 1
        return 'silence'
      }
    } finally {
      peer.asking -= 1
    }
    peer.misses += 1
    return 'miss'
  }

  #remember(peer: RosterPeer, cid: CID): void {
    const cids = this.#asked.get(peer) ?? new Map<string, CID>()
    cids.set(cid.toString(), cid)
    this.#asked.set(peer, cids)
  }

  async #dial(provider: FetchProvider, signal: AbortSignal): Promise<void> {
    const { libp2p, log } = this.#components
    try {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.#askTimeoutMs)])
      const connection = await libp2p.dial(provider, { signal: deadline })
      this.#roster.add(connection.remotePeer)
    } catch (error) {
      log.debug('provider not reached', { provider: String(provider), message: String(error) })
      throw error
    }
  }

  // Peers connect while a fetch runs, so those connected are looked at whenever all known ones have been asked.
  async #findMore(signal: AbortSignal): Promise<boolean> {
    if (this.#dials.size > 0) {
      await abortable(Promise.race(this.#dials), signal)
      return true
    }
    let found = false
    for (const peer of this.#components.libp2p.getPeers()) {
      if ((await this.#speaksBitswap(peer)) && this.#roster.add(peer)) found = true
    }
    return found
  }

  async #speaksBitswap(peer: PeerId): Promise<boolean> {
    const known = await this.#components.libp2p.peerStore.get(peer).catch(() => undefined)
    // Before a peer has introduced itself nothing is known of it, and asking tells.
    return known === undefined || known.protocols.length === 0 || known.protocols.includes(BITSWAP_PROTOCOL)
  }
}
