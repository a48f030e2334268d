import type { PeerId } from '@libp2p/interface'

/** A peer of one fetch and how it has done. */
export interface RosterPeer {
  readonly id: PeerId
  readonly order: number
  asking: number
  misses: number
  silences: number
  /** When the peer last gave a block, on the clock of `performance.now()`. */
  gaveAtMs: number
}

/** The peers that one fetch may ask, the best first: those that answer, then those that have, then the least busy. */
export class PeerRoster {
  readonly #peers = new Map<string, RosterPeer>()
  readonly #countMax: number

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get count(): number {
    return this.#peers.size
  }

  /** Enters a peer, unless it is known or there are enough; returns whether it is new. */
  add(id: PeerId): boolean {
    const name = id.toString()
    if (this.#peers.has(name) || this.#peers.size >= this.#countMax) return false
    this.#peers.set(name, {
      id,
      order: this.#peers.size,
      asking: 0,
      misses: 0,
      silences: 0,
      gaveAtMs: Number.NEGATIVE_INFINITY,
    })
    return true
  }

  /** The best peer that is not in `done`. */
  pick(done: ReadonlySet<RosterPeer>): RosterPeer | undefined {
    let best: RosterPeer | undefined
    for (const peer of this.#peers.values()) {
      if (!done.has(peer) && (best === undefined || isBetter(peer, best))) best = peer
    }
    return best
  }
}

function isBetter(a: RosterPeer, b: RosterPeer): boolean {
  const difference = a.silences - b.silences || a.misses - b.misses || a.asking - b.asking || a.order - b.order
  return difference < 0
}
