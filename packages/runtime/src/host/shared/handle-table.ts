/** What a run holds open in one family, by numbers that count from 1 and are never used twice. */
export class HandleTable<T> {
  readonly #open = new Map<number, T>()
  readonly #countMax: number
  #next = 1

  /** @param countMax - open at once */
  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get isFull(): boolean {
    return this.#open.size >= this.#countMax
  }

  /** Takes something in; the caller has looked at {@link isFull}. @returns its number */
  add(value: T): number {
    const handle = this.#next++
    this.#open.set(handle, value)
    return handle
  }

  get(handle: number): T | undefined {
    return this.#open.get(handle)
  }

  /** Forgets a handle and gives back what was behind it. */
  take(handle: number): T | undefined {
    const value = this.#open.get(handle)
    this.#open.delete(handle)
    return value
  }

  /** Forgets all and gives back what was behind them. */
  takeAll(): readonly T[] {
    const values = [...this.#open.values()]
    this.#open.clear()
    return values
  }
}
