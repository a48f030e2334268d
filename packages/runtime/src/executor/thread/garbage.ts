/** Bytes left behind before they are collected: a collection takes milliseconds, so one serves many small guests. */
const COLLECT_BYTES = 67_108_864

/**
 * What dropped guests leave behind, collected when it is much.
 *
 * V8 paces its collector by the JavaScript heap, where a guest's memory and its stack hardly show: without this, guests
 * that are parked and dropped by the thousand keep every byte they touched.
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
    if (this.#bytes < COLLECT_BYTES) return
    this.#bytes = 0
    this.#collect()
  }
}
