import { CodedError } from '@blockless/core'
import { abortable } from '../abortable.ts'
import { DRAWS_COUNT_MAX, DRAWS_WAITING_COUNT_MAX } from '../defaults.ts'

/** Lets a bounded number of draws be under way; when an epoch turns, all functions in use want theirs at once. */
export class DrawTurns {
  #count = 0
  readonly #waiting: (() => void)[] = []

  /**
   * Does `work` when its turn has come.
   *
   * @throws {CodedError} ERR_HEAD_BUSY if too many wait
   * @throws the signal's reason if it aborts before the turn has come
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#count >= DRAWS_COUNT_MAX) await this.#wait(signal)
    else this.#count++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#count--
      else next() // its turn is this one's
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= DRAWS_WAITING_COUNT_MAX) {
      throw new CodedError('ERR_HEAD_BUSY', `Cannot form subnet: ${DRAWS_WAITING_COUNT_MAX} others wait to be formed`)
    }
    const turn = Promise.withResolvers<void>()
    this.#waiting.push(turn.resolve)
    try {
      await abortable(turn.promise, signal)
    } catch (error) {
      const index = this.#waiting.indexOf(turn.resolve)
      if (index >= 0) this.#waiting.splice(index, 1)
      throw error
    }
  }
}
