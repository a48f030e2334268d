import { BOTTOM, isSubtype, REFERENCE_BOTTOM, REFERENCE_FIRST, valueTypeName } from '../binary/value-type.ts'
import { TYPES_COMPARED_MAX } from '../limits.ts'
import { ModuleError } from '../module-error.ts'
import type { BodyPlace } from './body-place.ts'

const INITIAL_CAPACITY = 256

/** Types of the operands that code has on its stack (Wasm core spec, appendix A.3: validation algorithm). */
export class OperandStack {
  height = 0
  /** most operands at one time */
  heightMax = 0
  /** operands below this belong to the enclosing blocks */
  base = 0
  /** whether the rest of the block cannot be reached, so that operands of any type can be taken from an empty stack */
  isUnreachable = false
  #types = new Int32Array(INITIAL_CAPACITY)
  #compared = 0
  readonly #place: BodyPlace

  constructor(place: BodyPlace) {
    this.#place = place
  }

  /** Empties the stack for a new function. */
  reset(): void {
    this.height = 0
    this.heightMax = 0
    this.base = 0
    this.isUnreachable = false
  }

  push(type: number): void {
    if (this.height === this.#types.length) this.#grow()
    this.#types[this.height++] = type
    if (this.height > this.heightMax) this.heightMax = this.height
  }

  /** Takes an operand that can stand for `expected`. */
  pop(expected: number): void {
    if (this.height === this.base) {
      if (this.isUnreachable) return
      throw this.#place.mismatch(valueTypeName(expected), undefined)
    }
    const actual = this.#types[--this.height] as number
    if (actual !== expected && !isSubtype(actual, expected)) {
      throw this.#place.mismatch(valueTypeName(expected), actual)
    }
  }

  /** Takes an operand of any type. */
  popAny(): number {
    if (this.height > this.base) return this.#types[--this.height] as number
    if (this.isUnreachable) return BOTTOM
    throw this.#place.mismatch('an operand', undefined)
  }

  /** Takes an operand of any reference type. */
  popReference(): number {
    const type = this.popAny()
    if (type === BOTTOM) return REFERENCE_BOTTOM
    if (type < REFERENCE_FIRST) throw this.#place.mismatch('a reference', type)
    return type
  }

  pushMany(types: readonly number[]): void {
    this.count(types.length)
    for (let index = 0; index < types.length; index++) this.push(types[index] as number)
  }

  /** Takes operands, the last one from the top. */
  popMany(types: readonly number[]): void {
    this.count(types.length)
    for (let index = types.length - 1; index >= 0; index--) this.pop(types[index] as number)
  }

  /** Checks that {@link popMany} would succeed. */
  checkTop(types: readonly number[]): void {
    this.count(types.length)
    const offset = this.height - types.length
    for (let index = types.length - 1; index >= 0; index--) {
      const expected = types[index] as number
      if (offset + index < this.base) {
        if (this.isUnreachable) return
        throw this.#place.mismatch(valueTypeName(expected), undefined)
      }
      const actual = this.#types[offset + index] as number
      if (actual !== expected && !isSubtype(actual, expected)) {
        throw this.#place.mismatch(valueTypeName(expected), actual)
      }
    }
  }

  /** Notes that the rest of the block cannot be reached. */
  setUnreachable(): void {
    this.height = this.base
    this.isUnreachable = true
  }

  /** Counts comparisons of types against the limit of a module. */
  count(compared: number): void {
    this.#compared += compared
    if (this.#compared <= TYPES_COMPARED_MAX) return
    const what = 'the number of types that branches and calls compare'
    throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at: this.#place.at, what, limit: TYPES_COMPARED_MAX })
  }

  #grow(): void {
    const larger = new Int32Array(this.#types.length * 2)
    larger.set(this.#types)
    this.#types = larger
  }
}
