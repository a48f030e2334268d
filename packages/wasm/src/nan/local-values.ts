import { F32, F64, V128 } from '../binary/value-type.ts'
import { LocalTypes } from '../validate/local-types.ts'
import { ALL_MADE, KIND } from './float-effects.ts'
import { NUMBER, type ValueGraph } from './value-graph.ts'

/** What a local of each type can hold; nothing if it is no float. */
const KINDS_BY_TYPE: ReadonlyMap<number, number> = new Map([
  [F32, KIND.MADE_F32],
  [F64, KIND.MADE_F64],
  [V128, ALL_MADE],
])

/**
 * What the locals of one function hold. A local is one node that all its definitions flow into; up to the next place
 * where paths meet, a reading finds the definition before it instead. What is kept per local is made at its first use,
 * so a function that declares many and uses few costs little.
 */
export class LocalValues {
  readonly #graph: ValueGraph
  /** types of the function's locals; takes the declared ones */
  readonly types: LocalTypes = new LocalTypes()
  #params = 0
  /** this function, and this stretch of code between two places where paths meet; neither ever goes back */
  #function = 0
  #stretch = 0
  #nodes = new Uint32Array(64)
  #kinds = new Uint8Array(64)
  #functions = new Uint32Array(64)
  #values = new Uint32Array(64)
  #stretches = new Uint32Array(64)

  constructor(graph: ValueGraph) {
    this.#graph = graph
  }

  /** Begins a function with its parameters and a body of `size` bytes. */
  begin(params: readonly number[], size: number): void {
    this.#function++
    this.#stretch++
    this.#params = params.length
    this.types.reset(params, size)
  }

  /** Paths meet here: a reading cannot tell any more which definition it gets. */
  forget(): void {
    this.#stretch++
  }

  /** The node of a reading whose instruction starts at `offset`. */
  read(index: number, offset: number, cost: number): number {
    this.#touch(index)
    const kinds = this.#kinds[index] as number
    if (kinds === 0) return NUMBER
    const isKnown = this.#stretches[index] === this.#stretch
    const value = (isKnown ? this.#values[index] : this.#nodes[index]) as number
    return this.#graph.site(value, kinds, offset, index, cost)
  }

  write(index: number, value: number): void {
    this.#touch(index)
    if (this.#kinds[index] === 0) return
    this.#graph.flow(value, this.#nodes[index] as number)
    this.#values[index] = value
    this.#stretches[index] = this.#stretch
  }

  #touch(index: number): void {
    if (index >= this.#nodes.length) this.#grow(index)
    if (this.#functions[index] === this.#function) return
    this.#functions[index] = this.#function
    const kinds = KINDS_BY_TYPE.get(this.types.typeAt(index)) ?? 0
    this.#kinds[index] = kinds
    // A parameter comes from elsewhere, and any other local starts with zero.
    this.#nodes[index] = kinds === 0 ? NUMBER : this.#graph.join(index < this.#params ? KIND.RAW : 0)
    this.#stretches[index] = 0
  }

  #grow(index: number): void {
    const size = Math.max(index + 1, this.#nodes.length * 2)
    const enlarge = <T extends Uint32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    this.#nodes = enlarge(this.#nodes, new Uint32Array(size))
    this.#kinds = enlarge(this.#kinds, new Uint8Array(size))
    this.#functions = enlarge(this.#functions, new Uint32Array(size))
    this.#values = enlarge(this.#values, new Uint32Array(size))
    this.#stretches = enlarge(this.#stretches, new Uint32Array(size))
  }
}
