const WORD_RANGE = 2 ** 32

/** Fast randomness that a seed replays (mulberry32); a case takes some dozens of numbers, thousands of times a second. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number, `0 <= result < count`. */
  below(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let word = this.#state
    word = Math.imul(word ^ (word >>> 15), word | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return Math.floor((((word ^ (word >>> 14)) >>> 0) / WORD_RANGE) * count)
  }

  chance(probability: number): boolean {
    return this.below(WORD_RANGE) < probability * WORD_RANGE
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('Cannot pick from nothing')
    return items[this.below(items.length)] as T
  }
}

/** The seed of one case of a run, so that each can be made again without those before it. */
export function caseSeed(seed: number, index: number): number {
  return (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0
}
