/** A number of places that a whole node shares, such as for processes. */
export class Places {
  readonly countMax: number
  #taken = 0

  constructor(countMax: number) {
    this.countMax = countMax
  }

  /** Takes a place if there is one. */
  take(): boolean {
    if (this.#taken >= this.countMax) return false
    this.#taken++
    return true
  }

  /** Gives one back. */
  give(): void {
    this.#taken = Math.max(0, this.#taken - 1)
  }
}
