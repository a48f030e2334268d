import { CodedError } from '@blockless/core'
import { CALLS_COUNT_MAX } from '../defaults.ts'

/** What a worker works on, by link and id, so that a cancel, a lost link and a stop reach the guest. */
export class CallsUnderWay {
  readonly #byLink = new Map<object, Map<number, AbortController>>()

  /**
   * Notes a call that begins; {@link end} must follow.
   *
   * @returns the signal that ends it
   * @throws {CodedError} ERR_CALL_DUPLICATE if the link has a call of this id, ERR_WORKER_BUSY if it has too many
   */
  begin(link: object, id: number): AbortSignal {
    const calls = this.#byLink.get(link) ?? new Map<number, AbortController>()
    if (calls.has(id)) throw new CodedError('ERR_CALL_DUPLICATE', `Cannot run request: call ${id} is under way already`)
    if (calls.size >= CALLS_COUNT_MAX) {
      throw new CodedError('ERR_WORKER_BUSY', `Cannot run request: ${CALLS_COUNT_MAX} calls of this head are under way`)
    }
    const controller = new AbortController()
    calls.set(id, controller)
    this.#byLink.set(link, calls)
    return controller.signal
  }

  /** Forgets a call that has ended. */
  end(link: object, id: number): void {
    const calls = this.#byLink.get(link)
    calls?.delete(id)
    if (calls?.size === 0) this.#byLink.delete(link)
  }

  /** Ends one call. */
  abort(link: object, id: number, reason: Error): void {
    this.#byLink.get(link)?.get(id)?.abort(reason)
  }

  /** Ends all calls of a link. */
  abortLink(link: object, reason: Error): void {
    for (const controller of this.#byLink.get(link)?.values() ?? []) controller.abort(reason)
  }

  /** Ends all calls. */
  abortAll(reason: Error): void {
    for (const link of [...this.#byLink.keys()]) this.abortLink(link, reason)
  }
}
