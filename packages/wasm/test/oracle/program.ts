/** One instruction of the small language that random modules are made of; every operand is an i32. */
export type Instruction =
  | { readonly op: 'const'; readonly value: number }
  | { readonly op: 'local.get' | 'local.set' | 'local.tee' | 'global.get' | 'global.set'; readonly index: number }
  | { readonly op: 'binary'; readonly code: number }
  | { readonly op: 'eqz' | 'drop' | 'select' | 'nop' | 'unreachable' | 'return' }
  | { readonly op: 'load' | 'store'; readonly offset: number }
  | { readonly op: 'memory.size' | 'memory.grow' | 'memory.fill' | 'memory.copy' }
  | { readonly op: 'block' | 'loop'; readonly results: number; readonly body: readonly Instruction[] }
  | {
      readonly op: 'if'
      readonly results: number
      readonly body: readonly Instruction[]
      readonly otherwise: readonly Instruction[] | undefined
    }
  | { readonly op: 'try'; readonly body: readonly Instruction[]; readonly handler: readonly Instruction[] }
  | { readonly op: 'try_table'; readonly catchLabel: number; readonly body: readonly Instruction[] }
  | { readonly op: 'throw' }
  | { readonly op: 'br' | 'br_if'; readonly label: number }
  | { readonly op: 'br_table'; readonly labels: readonly number[] }
  | { readonly op: 'call' | 'return_call'; readonly index: number }
  | { readonly op: 'call_indirect' | 'return_call_indirect'; readonly type: number }

/** A function of i32 parameters, i32 locals and i32 results. */
export interface RandomFunction {
  readonly params: number
  readonly results: number
  readonly locals: number
  readonly body: readonly Instruction[]
}

/**
 * A random module: import 0 is the host, `(i32) -> (i32)`, functions follow it; the table holds some of them.
 * Function 1, the first defined one, is exported as `main`, the second, without parameters, as `callback`.
 */
export interface Program {
  readonly functions: readonly RandomFunction[]
  /** function indices, 0 for an empty entry */
  readonly table: readonly number[]
  readonly pagesInitial: number
  readonly pagesMax: number
}

/** Number of mutable globals of a program. */
export const GLOBALS = 2
/** Function types that programs use: every arity up to 3 by 2; type of `(params, results)`. */
export const typeIndex = (params: number, results: number): number => params * 3 + results
export const TYPE_PARAMS_MAX = 3
export const TYPE_RESULTS_MAX = 2

/** i32 opcodes with two operands; those from 0x6d to 0x70 can trap. */
const BINARY: readonly number[] = [
  0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75,
]

/** xorshift32: the same seed makes the same program. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) | 1
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }
}

interface Scope {
  /** operands that each enclosing label takes, innermost last */
  readonly labels: number[]
  readonly locals: number
  readonly results: number
}

/** Makes a valid program. */
export function randomProgram(seed: number): Program {
  const dice = new Dice(seed)
  const shapes = Array.from({ length: 3 + dice.below(4) }, (_, index) => ({
    params: index === 1 ? 0 : dice.below(TYPE_PARAMS_MAX + 1),
    results: dice.below(TYPE_RESULTS_MAX + 1),
    locals: 1 + dice.below(3),
  }))
  const table = Array.from({ length: 4 }, () => (dice.below(4) === 0 ? 0 : 1 + dice.below(shapes.length)))
  const generator = new Generator(dice, shapes)
  const functions = shapes.map((shape) => ({ ...shape, body: generator.body(shape) }))
  return { functions, table, pagesInitial: dice.below(2), pagesMax: 1 + dice.below(4) }
}

class Generator {
  readonly #dice: Dice
  readonly #shapes: readonly { params: number; results: number }[]
  /** an engine refuses a module that uses both exception proposals */
  readonly #usesOldTry: boolean
  #budget = 0

  constructor(dice: Dice, shapes: readonly { params: number; results: number }[]) {
    this.#dice = dice
    this.#shapes = shapes
    this.#usesOldTry = dice.below(2) === 0
  }

  body(shape: { params: number; results: number; locals: number }): Instruction[] {
    this.#budget = 5 + this.#dice.below(60)
    const scope = { labels: [shape.results], locals: shape.params + shape.locals, results: shape.results }
    return this.#sequence(scope, shape.results)
  }

  /** Instructions that start with no operand and end with `results`. */
  #sequence(scope: Scope, results: number): Instruction[] {
    const out: Instruction[] = []
    let height = 0
    const count = 1 + this.#dice.below(12)
    for (let index = 0; index < count && this.#budget > 0; index++) {
      this.#budget--
      const step = this.#step(scope, height, out)
      if (step === undefined) {
        if (this.#dice.below(2) === 0) return out
        height = 0 // what follows is dead, and must still be valid
        out.push({ op: 'block', results: 0, body: [] })
      } else {
        height = step
      }
    }
    while (height > results) {
      out.push({ op: 'drop' })
      height--
    }
    while (height < results) {
      out.push({ op: 'const', value: this.#dice.below(5) })
      height++
    }
    return out
  }

  /** Appends one instruction and what it needs; returns the new height, or undefined if control does not go on. */
  #step(scope: Scope, height: number, out: Instruction[]): number | undefined {
    const dice = this.#dice
    const kind = dice.below(40)
    if (kind < 8) return this.#simple(scope, height, out)
    if (kind < 20) return this.#withOperands(scope, height, out)
    if (kind < 30) return this.#block(scope, height, out)
    return this.#jump(scope, height, out)
  }

  #simple(scope: Scope, height: number, out: Instruction[]): number {
    const dice = this.#dice
    switch (dice.below(4)) {
      case 0:
        out.push({ op: 'local.get', index: dice.below(scope.locals) })
        break
      case 1:
        out.push({ op: 'global.get', index: dice.below(GLOBALS) })
        break
      case 2:
        out.push({ op: 'memory.size' })
        break
      default:
        out.push({ op: 'const', value: dice.pick([0, 1, 2, 3, 7, 100, -1, 65_535, 0x7fffffff]) })
    }
    return height + 1
  }

  #need(count: number, height: number, scope: Scope, out: Instruction[]): number {
    let now = height
    while (now < count) now = this.#simple(scope, now, out)
    return now
  }

  #withOperands(scope: Scope, before: number, out: Instruction[]): number {
    const dice = this.#dice
    const height = this.#need(3, before, scope, out)
    switch (dice.below(11)) {
      case 0:
        out.push({ op: 'local.set', index: dice.below(scope.locals) })
        return height - 1
      case 1:
        out.push({ op: 'local.tee', index: dice.below(scope.locals) })
        return height
      case 2:
        out.push({ op: 'global.set', index: dice.below(GLOBALS) })
        return height - 1
      case 3:
        out.push({ op: 'select' })
        return height - 2
      case 4:
        out.push({ op: 'load', offset: dice.pick([0, 4, 65_000]) })
        return height
      case 5:
        out.push({ op: 'store', offset: dice.pick([0, 4, 65_000]) })
        return height - 2
      case 6:
        out.push({ op: dice.below(2) === 0 ? 'eqz' : 'nop' })
        return height
      case 7:
        out.push({ op: dice.pick(['memory.fill', 'memory.copy'] as const) })
        return height - 3
      case 8:
        out.push({ op: 'drop' }, { op: 'const', value: dice.below(3) }, { op: 'memory.grow' })
        return height
      default:
        out.push({ op: 'binary', code: dice.pick(BINARY) })
        return height - 1
    }
  }

  #block(scope: Scope, before: number, out: Instruction[]): number {
    const dice = this.#dice
    const results = dice.below(3)
    switch (dice.below(5)) {
      case 0:
        out.push({ op: 'loop', results, body: this.#inner(scope, 0, results) })
        return before + results
      case 1: {
        const height = this.#need(1, before, scope, out)
        const otherwise = results > 0 || dice.below(2) === 0 ? this.#inner(scope, results, results) : undefined
        out.push({ op: 'if', results, body: this.#inner(scope, results, results), otherwise })
        return height - 1 + results
      }
      case 2:
        if (!this.#usesOldTry) break
        out.push({ op: 'try', body: this.#inner(scope, 0, 0), handler: this.#inner(scope, 0, 0) })
        return before
      case 3: {
        if (this.#usesOldTry) break
        const catchable = scope.labels.flatMap((arity, index) => (arity === 0 ? [scope.labels.length - 1 - index] : []))
        if (catchable.length === 0) break
        out.push({ op: 'try_table', catchLabel: dice.pick(catchable), body: this.#inner(scope, 0, 0) })
        return before
      }
    }
    out.push({ op: 'block', results, body: this.#inner(scope, results, results) })
    return before + results
  }

  #inner(scope: Scope, labelArity: number, results: number): Instruction[] {
    return this.#sequence({ ...scope, labels: [...scope.labels, labelArity] }, results)
  }

  #jump(scope: Scope, before: number, out: Instruction[]): number | undefined {
    const dice = this.#dice
    const label = dice.below(scope.labels.length)
    const arity = scope.labels[scope.labels.length - 1 - label] as number
    switch (dice.below(10)) {
      case 0:
        this.#need(arity, before, scope, out)
        out.push({ op: 'br', label })
        return undefined
      case 1:
      case 2: {
        const height = this.#need(arity + 1, before, scope, out)
        out.push({ op: 'br_if', label })
        return height - 1
      }
      case 3: {
        this.#need(arity + 1, before, scope, out)
        const same = scope.labels.flatMap((other, index) => (other === arity ? [scope.labels.length - 1 - index] : []))
        out.push({ op: 'br_table', labels: Array.from({ length: 1 + dice.below(4) }, () => dice.pick(same)) })
        return undefined
      }
      case 4:
        if (dice.below(4) > 0) return before
        this.#need(scope.results, before, scope, out)
        out.push(dice.pick([{ op: 'return' }, { op: 'unreachable' }, { op: 'throw' }] as const))
        return undefined
      case 5: {
        const height = this.#need(1, before, scope, out)
        const body = [{ op: dice.below(8) === 0 ? 'unreachable' : 'throw' } as const]
        out.push({ op: 'if', results: 0, body, otherwise: undefined })
        return height - 1
      }
      default:
        return this.#call(scope, before, out)
    }
  }

  #call(scope: Scope, before: number, out: Instruction[]): number | undefined {
    const dice = this.#dice
    const index = dice.below(this.#shapes.length + 1)
    const shape = this.#shapes[index - 1] ?? { params: 1, results: 1 }
    const isTail = shape.results === scope.results && dice.below(4) === 0
    if (dice.below(3) > 0) {
      const height = this.#need(shape.params, before, scope, out)
      out.push({ op: isTail ? 'return_call' : 'call', index })
      return isTail ? undefined : height - shape.params + shape.results
    }
    const height = this.#need(shape.params, before, scope, out)
    out.push({ op: 'const', value: dice.below(5) })
    out.push({
      op: isTail ? 'return_call_indirect' : 'call_indirect',
      type: typeIndex(shape.params, shape.results),
    })
    return isTail ? undefined : height - shape.params + shape.results
  }
}
