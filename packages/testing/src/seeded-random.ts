import { type Random, sha256 } from '@blockless/core'

const WORD_RANGE = 2 ** 32

/**
 * Randomness that a seed replays: SHA-256 of the seed and a counter.
 *
 * @example
 * ```ts
 * import { SeededRandom } from '@blockless/testing'
 * assert.deepEqual(new SeededRandom(7).bytes(4), new SeededRandom(7).bytes(4))
 * ```
 */
export class SeededRandom implements Random {
  readonly #block: Uint8Array
  #counter = 0
  #left: Uint8Array = new Uint8Array()

  /** @param seed - a whole number from 0 to 2^32 - 1 */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= WORD_RANGE) throw new RangeError(`Cannot seed with ${seed}`)
    this.#block = new Uint8Array(8)
    new DataView(this.#block.buffer).setUint32(0, seed)
  }

  bytes(size: number): Uint8Array {
    const result = new Uint8Array(size)
    let filled = 0
    while (filled < size) {
      if (this.#left.length === 0) this.#refill()
      const part = this.#left.subarray(0, size - filled)
      result.set(part, filled)
      filled += part.length
      this.#left = this.#left.subarray(part.length)
    }
    return result
  }

  /** A whole number, `min <= result <= max`, each equally likely up to 2^-21 of bias. */
  integer(min: number, max: number): number {
    const view = new DataView(this.bytes(8).buffer)
    const fraction = ((view.getUint32(0) >>> 11) * WORD_RANGE + view.getUint32(4)) / 2 ** 53
    return min + Math.floor(fraction * (max - min + 1))
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.integer(0, WORD_RANGE - 1) < probability * WORD_RANGE
  }

  /** One of the items. @throws {RangeError} if there are none */
  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)]
    if (items.length === 0) throw new RangeError('Cannot pick from nothing')
    return item as T
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: this.integer(0, 2 ** 48) }))
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
  }

  #refill(): void {
    new DataView(this.#block.buffer).setUint32(4, this.#counter++)
    this.#left = sha256(this.#block)
  }
}

/**
 * The seeds that a simulation runs with: `0 .. count - 1`, or only the one that the environment variable `SEED` names.
 *
 * @throws {RangeError} if `SEED` is not a whole number
 */
export function simulationSeeds(count: number, environment: Readonly<Record<string, string | undefined>>): number[] {
  const wanted = environment['SEED']
  if (wanted === undefined || wanted === '') return Array.from({ length: count }, (_, index) => index)
  if (!/^\d{1,10}$/.test(wanted)) throw new RangeError(`Cannot replay SEED="${wanted}": a whole number is needed`)
  return [Number(wanted)]
}
