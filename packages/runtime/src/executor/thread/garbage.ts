/** Bytes left behind before they are collected: a collection takes some 5 ms, so one serves a hundred guests of 1 MiB. */
const COLLECT_BYTES = 134_217_728

/**
 * What guests leave behind, collected when it is much.
 *
 * V8 paces its collector by the JavaScript heap, where a guest's memory and its stack hardly show: without this, 400 runs of
 * 64 MiB one after the other took 18 GB, and guests that are parked and dropped by the thousand keep every byte.
 */
export class Garbage {
  readonly #collect: () => void
  #bytes = 0

  /** @param collect - the whole collector; by default V8's, which needs `--expose-gc` */
  constructor(collect: () => void = () => void globalThis.gc?.()) {
    this.#collect = collect
  }

  /** Something of this size has been let go of. */
  add(bytes: number): void {
    this.#bytes += bytes
  }

  /** Collects if there is much; called between runs, when nobody waits for an answer of this thread. */
  collectIfDue(): void {
    if (this.#bytes < COLLECT_BYTES) return
    this.#bytes = 0
    this.#collect()
  }
}
