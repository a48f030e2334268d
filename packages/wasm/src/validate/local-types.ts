import { isDefaultable } from '../binary/value-type.ts'
import { LOCALS_MAX } from '../limits.ts'

/** Locals of a small function that are looked up in an array, whatever the size of its body. */
const FLAT_MIN = 64

/**
 * Types of a function's parameters and locals, and which locals without null have a value.
 *
 * Six bytes can declare 50,000 locals, and a module can do that a million times, so no more of them are laid out in an array
 * than the body has bytes; the others are searched.
 */
export class LocalTypes {
  count = 0
  readonly #flat = new Int32Array(LOCALS_MAX)
  #flatMax = 0
  #flatCount = 0
  /** first local behind each group, and the group's type */
  #groupEnds: number[] = []
  #groupTypes: number[] = []
  #paramCount = 0
  /** locals without null that were set, in order; those set inside a block are forgotten at its end */
  readonly #set: number[] = []
  readonly #isSet = new Uint8Array(LOCALS_MAX)

  /** Starts a function whose parameters are `params` and whose body has `size` bytes. */
  reset(params: readonly number[], size: number): void {
    this.forgetSet(0)
    this.count = 0
    this.#flatCount = 0
    this.#flatMax = Math.min(Math.max(FLAT_MIN, params.length, size), LOCALS_MAX)
    this.#groupEnds.length = 0
    this.#groupTypes.length = 0
    for (let index = 0; index < params.length; index++) this.#flat[index] = params[index] as number
    this.#flatCount = params.length
    this.#paramCount = params.length
    this.count = params.length
  }

  /** Adds `count` locals of one type. */
  add(count: number, type: number): void {
    this.count += count
    const flatCount = Math.min(this.count, this.#flatMax)
    if (flatCount > this.#flatCount) this.#flat.fill(type, this.#flatCount, flatCount)
    this.#flatCount = flatCount
    if (this.count === flatCount) return
    this.#groupEnds.push(this.count)
    this.#groupTypes.push(type)
  }

  /** The type of the local at `index`, which is below `count`. */
  typeAt(index: number): number {
    if (index < this.#flatCount) return this.#flat[index] as number
    let low = 0
    let high = this.#groupEnds.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#groupEnds[middle] as number) > index) high = middle
      else low = middle + 1
    }
    return this.#groupTypes[low] as number
  }

  /** Whether the local has a value: it was set, is a parameter, or starts with zero or null. */
  hasValue(index: number, type: number): boolean {
    return isDefaultable(type) || index < this.#paramCount || this.#isSet[index] === 1
  }

  /** Notes that the local was set. */
  set(index: number, type: number): void {
    if (this.hasValue(index, type)) return
    this.#isSet[index] = 1
    this.#set.push(index)
  }

  /** How many locals without null were set. */
  get setCount(): number {
    return this.#set.length
  }

  /** Forgets all but the first `count` of them. */
  forgetSet(count: number): void {
    while (this.#set.length > count) this.#isSet[this.#set.pop() as number] = 0
  }
}
