import type { RosterPeer } from './peer-roster.ts'

/**
 * Ends a question to a peer that has given nothing for some time.
 *
 * The time starts anew with every block that the peer gives to anyone: on a slow link the last of many blocks asked
 * for at once comes late, and asking for it again would only make it later.
 */
export class Patience implements Disposable {
  readonly #controller = new AbortController()
  readonly #peer: RosterPeer
  readonly #timeoutMs: number
  #timer: ReturnType<typeof setTimeout>

  constructor(peer: RosterPeer, timeoutMs: number) {
    this.#peer = peer
    this.#timeoutMs = timeoutMs
    this.#timer = setTimeout(() => this.#check(performance.now() - timeoutMs), timeoutMs)
  }

  /** Aborted when patience is at its end. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #check(sinceMs: number): void {
    const restMs = this.#peer.gaveAtMs - sinceMs
    if (restMs <= 0) {
      this.#controller.abort(new Error('Peer stayed silent'))
      return
    }
    this.#timer = setTimeout(() => this.#check(performance.now() - this.#timeoutMs), restMs)
  }
}
