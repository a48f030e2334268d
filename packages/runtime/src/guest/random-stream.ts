const BLOCK_SIZE = 64
const ROUNDS = 20
/** "expand 32-byte k" */
const CONSTANTS = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574] as const

/**
 * The randomness of one run: the ChaCha20 key stream of its seed, so that every node draws the same bytes.
 *
 * Block `n` is ChaCha20 with the seed as key, a zero nonce and block counter `n` (RFC 8439 section 2.3, the counter
 * taking 64 bits as in the original). It is plain integer arithmetic: the same in Node and in browsers.
 */
export class RandomStream {
  readonly #state = new Uint32Array(16)
  readonly #words = new Uint32Array(16)
  readonly #block = new Uint8Array(BLOCK_SIZE)
  #offset = BLOCK_SIZE

  /** Starts the stream of a seed of 32 bytes. */
  reset(seed: Uint8Array): void {
    if (seed.length !== 32) throw new RangeError(`Cannot seed random stream: ${seed.length} bytes given, 32 needed`)
    this.#state.set(CONSTANTS)
    const view = new DataView(seed.buffer, seed.byteOffset, 32)
    for (let index = 0; index < 8; index++) this.#state[4 + index] = view.getUint32(index * 4, true)
    this.#state.fill(0, 12)
    this.#offset = BLOCK_SIZE
  }

  /** Fills `target` with the stream's next bytes. */
  fill(target: Uint8Array): void {
    for (let at = 0; at < target.length; ) {
      if (this.#offset === BLOCK_SIZE) this.#next()
      const size = Math.min(BLOCK_SIZE - this.#offset, target.length - at)
      target.set(this.#block.subarray(this.#offset, this.#offset + size), at)
      this.#offset += size
      at += size
    }
  }

  /** An integer drawn from the stream's next 8 bytes, 0 to 2^53 - 1. */
  integer(): number {
    const bytes = new Uint8Array(8)
    this.fill(bytes)
    const view = new DataView(bytes.buffer)
    return (view.getUint32(4, true) & 0x1f_ffff) * 0x1_0000_0000 + view.getUint32(0, true)
  }

  #next(): void {
    const state = this.#state
    const words = this.#words
    words.set(state)
    for (let round = 0; round < ROUNDS; round += 2) {
      quarterRound(words, 0, 4, 8, 12)
      quarterRound(words, 1, 5, 9, 13)
      quarterRound(words, 2, 6, 10, 14)
      quarterRound(words, 3, 7, 11, 15)
      quarterRound(words, 0, 5, 10, 15)
      quarterRound(words, 1, 6, 11, 12)
      quarterRound(words, 2, 7, 8, 13)
      quarterRound(words, 3, 4, 9, 14)
    }
    const view = new DataView(this.#block.buffer)
    for (let index = 0; index < 16; index++) view.setUint32(index * 4, at(words, index) + at(state, index), true)
    const low = (at(state, 12) + 1) >>> 0
    state[12] = low
    if (low === 0) state[13] = at(state, 13) + 1
    this.#offset = 0
  }
}

function quarterRound(words: Uint32Array, a: number, b: number, c: number, d: number): void {
  words[a] = at(words, a) + at(words, b)
  words[d] = rotate(at(words, d) ^ at(words, a), 16)
  words[c] = at(words, c) + at(words, d)
  words[b] = rotate(at(words, b) ^ at(words, c), 12)
  words[a] = at(words, a) + at(words, b)
  words[d] = rotate(at(words, d) ^ at(words, a), 8)
  words[c] = at(words, c) + at(words, d)
  words[b] = rotate(at(words, b) ^ at(words, c), 7)
}

function rotate(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count))
}

/** Indices are constants below 16, so the element is always there. */
function at(words: Uint32Array, index: number): number {
  return words[index] as number
}
