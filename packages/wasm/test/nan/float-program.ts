/** Types of the values that random float programs work on. */
export type FloatType = 'f32' | 'f64' | 'v128' | 'i32'

/** One instruction and its operands, as the text format folds them; `text` is what stands between the two. */
export interface Node {
  readonly op: string
  readonly text: string
  readonly args: readonly Node[]
}

/** Locals of every function: parameters 0 (f64) and 1 (f32), then these; the i32 ones count turns of loops. */
export const LOCAL_TYPES: readonly FloatType[] = [
  ...(['f64', 'f32', 'i32', 'i32', 'i32', 'f64', 'f64', 'f64', 'f64'] as const),
  ...(['f32', 'f32', 'f32', 'v128', 'v128', 'v128'] as const),
]
const COUNTERS: readonly number[] = [2, 3, 4]
/** Mutable globals, which start with zero. */
export const GLOBAL_TYPES: readonly FloatType[] = ['f64', 'f32', 'v128']
/** Functions, all `(f64, f32) -> (f64)`; each calls only later ones. */
const FUNCTION_COUNT = 3
/** Bytes of memory that programs use. */
export const MEMORY_SIZE = 512
/** Where the first function's result goes, then every function's locals, then the globals. */
export const RESULT_AT = 88
const LOCALS_AT = 96
export const GLOBALS_AT = 400

const F64_BITS = ['nan', 'nan:0x4000000000001', '-nan', '-nan:0x8000000000123', 'inf', '-inf', '0', '-0', '1.5', '-3']
const F32_BITS = ['nan', 'nan:0x200001', '-nan', '-nan:0x400123', 'inf', '-inf', '0', '-0', '2.5', '-7']
const VECTORS = [
  'i64x2 0 0',
  'f32x4 nan 1 -nan:0x200001 -inf',
  'f64x2 -nan:0x8000000000123 2',
  'i32x4 1 -1 0x7ff00000 5',
]
const UNARY = ['ceil', 'floor', 'trunc', 'nearest', 'sqrt']
const BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max']
const COMPARE = ['eq', 'ne', 'lt', 'ge']
const LANES = ['f32x4', 'f64x2'] as const

/** Dice: an integer from 0 up to, but not, the limit. */
export type RandomBelow = (limit: number) => number

/** Makes the bodies of the functions of a valid program; the same dice make the same program. */
export function randomFunctions(below: RandomBelow): Node[][] {
  return Array.from({ length: FUNCTION_COUNT }, (_, index) => new FunctionMaker(below, index).body())
}

class FunctionMaker {
  readonly #below: RandomBelow
  readonly #index: number
  #budget = 70
  #label = 0
  #loops = 0

  constructor(below: RandomBelow, index: number) {
    this.#below = below
    this.#index = index
  }

  body(): Node[] {
    const out = this.#statements(0)
    for (const [index, type] of LOCAL_TYPES.entries()) {
      if (type !== 'i32') out.push(store(type, LOCALS_AT + 16 * index, node('local.get', String(index))))
    }
    return [...out, this.#value('f64', 3)]
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T
  }

  #statements(depth: number): Node[] {
    return Array.from({ length: 1 + this.#below(5) }, () => this.#statement(depth))
  }

  #statement(depth: number): Node {
    const type = this.#pick(['f64', 'f64', 'f32', 'v128'] as const)
    const isDeep = depth >= 3 || this.#budget <= 0
    this.#budget--
    switch (this.#below(isDeep ? 6 : 11)) {
      case 0:
      case 1:
      case 2:
        return node('local.set', this.#localOf(type), this.#value(type, 3))
      case 3:
      case 4:
        return store(type, this.#address(), this.#value(type, 3))
      case 5:
        return node('global.set', String(GLOBAL_TYPES.indexOf(type)), this.#value(type, 3))
      case 6:
      case 7: {
        const arms = [node('then', '', ...this.#statements(depth + 1))]
        if (this.#below(2) === 0) arms.push(node('else', '', ...this.#statements(depth + 1)))
        return node('if', '', this.#value('i32', 2), ...arms)
      }
      case 8:
        return this.#loop(depth)
      case 9: {
        const label = `$l${this.#label++}`
        const leave = node('br_if', label, this.#value('i32', 2))
        return node('block', label, ...this.#statements(depth + 1), leave, ...this.#statements(depth + 1))
      }
      default:
        if (this.#below(3) > 0) return this.#catching(depth)
        return node('if', '', this.#value('i32', 2), node('then', '', this.#leave()))
    }
  }

  #leave(): Node {
    const next = this.#index + 1
    if (next === FUNCTION_COUNT || this.#below(2) === 0) return node('return', '', this.#value('f64', 2))
    return node('return_call', `$f${next}`, this.#value('f64', 2), this.#value('f32', 2))
  }

  /** At most three turns, so that programs end. */
  #loop(depth: number): Node {
    const counter = COUNTERS[this.#loops]
    if (counter === undefined) return node('nop', '')
    this.#loops++
    const label = `$l${this.#label++}`
    const body = this.#statements(depth + 1)
    this.#loops--
    const less = node('i32.lt_u', '', increment(counter), i32(2 + this.#below(2)))
    return node(
      'block',
      '',
      node('local.set', String(counter), i32(0)),
      node('loop', label, ...body, node('br_if', label, less)),
    )
  }

  /** Statements that may throw a float, which lands in a local. */
  #catching(depth: number): Node {
    const label = `$l${this.#label++}`
    const raise = node('if', '', this.#value('i32', 2), node('then', '', node('throw', '$e', this.#value('f64', 2))))
    const body = node('try_table', `(catch $e ${label})`, ...this.#statements(depth + 1), raise)
    return node('local.set', this.#localOf('f64'), node('block', `${label} (result f64)`, body, this.#value('f64', 2)))
  }

  #localOf(type: FloatType): string {
    return String(this.#pick(LOCAL_TYPES.flatMap((other, index) => (other === type ? [index] : []))))
  }

  #address(): number {
    return 4 * this.#below(22)
  }

  #value(type: FloatType, depth: number): Node {
    this.#budget--
    if (depth <= 0 || this.#budget <= 0) return this.#leaf(type)
    if (this.#below(3) === 0) return this.#any(type, depth - 1)
    if (type === 'v128') return this.#vector(depth - 1)
    return type === 'i32' ? this.#integer(depth - 1) : this.#float(type, depth - 1)
  }

  #leaf(type: FloatType): Node {
    if (type === 'i32') return i32(this.#below(3))
    const constants = { f64: F64_BITS, f32: F32_BITS, v128: VECTORS }[type]
    switch (this.#below(5)) {
      case 0:
        return node(`${type}.const`, this.#pick(constants))
      case 1:
        return node(`${type}.load`, `offset=${this.#address()} align=4`, i32(0))
      case 2:
        return node('global.get', String(GLOBAL_TYPES.indexOf(type)))
      default:
        return node('local.get', this.#localOf(type))
    }
  }

  /** What there is for every type. */
  #any(type: FloatType, depth: number): Node {
    const value = (): Node => this.#value(type, depth)
    const condition = (): Node => this.#value('i32', depth)
    const label = `$l${this.#label++}`
    switch (this.#below(type === 'i32' ? 4 : 5)) {
      case 0:
        return node('select', `(result ${type})`, value(), value(), condition())
      case 1:
        return node(
          'block',
          `${label} (result ${type})`,
          node('drop', '', node('br_if', label, value(), condition())),
          value(),
        )
      case 2:
        return node('if', `(result ${type})`, condition(), node('then', '', value()), node('else', '', value()))
      case 3: {
        const inner = node(
          'block',
          `${label}i (result ${type})`,
          node('br_table', `${label}i ${label}`, value(), condition()),
        )
        return node('block', `${label} (result ${type})`, inner)
      }
      default:
        return node('local.tee', this.#localOf(type), value())
    }
  }

  #float(type: 'f32' | 'f64', depth: number): Node {
    const value = (): Node => this.#value(type, depth)
    const kind = this.#below(14)
    if (kind < 5) return node(`${type}.${this.#pick(BINARY)}`, '', value(), value())
    if (kind < 7) return node(`${type}.${this.#pick(UNARY)}`, '', value())
    if (kind < 8) return node(`${type}.${this.#pick(['abs', 'neg'])}`, '', value())
    if (kind < 9) return node(`${type}.copysign`, '', value(), value())
    if (kind < 10) return node(`${type}.convert_i32_s`, '', this.#value('i32', depth))
    if (kind < 12) {
      const lanes = type === 'f32' ? 'f32x4' : 'f64x2'
      return node(`${lanes}.extract_lane`, String(this.#below(2)), this.#value('v128', depth))
    }
    if (kind < 13 && type === 'f64' && this.#index + 1 < FUNCTION_COUNT) {
      return node('call', `$f${this.#index + 1}`, this.#value('f64', depth), this.#value('f32', depth))
    }
    return type === 'f64'
      ? node('f64.promote_f32', '', this.#value('f32', depth))
      : node('f32.demote_f64', '', this.#value('f64', depth))
  }

  #vector(depth: number): Node {
    const value = (): Node => this.#value('v128', depth)
    const lanes = this.#pick(LANES)
    const scalar = lanes === 'f32x4' ? 'f32' : 'f64'
    switch (this.#below(13)) {
      case 0:
      case 1:
      case 2:
        return node(`${lanes}.${this.#pick(BINARY)}`, '', value(), value())
      case 3:
        return node(`${lanes}.${this.#pick(UNARY)}`, '', value())
      case 4:
        return node(`${lanes}.${this.#pick(['abs', 'neg'])}`, '', value())
      case 5:
        return node(`${lanes}.${this.#pick(['pmin', 'pmax'])}`, '', value(), value())
      case 6:
      case 7:
        return node(`${lanes}.splat`, '', this.#value(scalar, depth))
      case 8:
        return node(`${lanes}.replace_lane`, String(this.#below(2)), value(), this.#value(scalar, depth))
      case 9:
        return node(this.#pick(['f64x2.promote_low_f32x4', 'f32x4.demote_f64x2_zero']), '', value())
      case 10:
        return node('v128.bitselect', '', value(), value(), value())
      case 11:
        return node('v128.xor', '', value(), value())
      default:
        return node(`${lanes}.${this.#pick(COMPARE)}`, '', value(), value())
    }
  }

  #integer(depth: number): Node {
    const type = this.#pick(['f32', 'f64'] as const)
    switch (this.#below(5)) {
      case 0:
        return node('i32.reinterpret_f32', '', this.#value('f32', depth))
      case 1:
        return node(`i32.trunc_sat_${type}_s`, '', this.#value(type, depth))
      case 2:
        return node('i32x4.extract_lane', String(this.#below(4)), this.#value('v128', depth))
      default:
        return node(`${type}.${this.#pick(COMPARE)}`, '', this.#value(type, depth), this.#value(type, depth))
    }
  }
}

function node(op: string, text: string, ...args: readonly Node[]): Node {
  return { op, text, args }
}

function i32(value: number): Node {
  return node('i32.const', String(value))
}

function increment(local: number): Node {
  return node('local.tee', String(local), node('i32.add', '', node('local.get', String(local)), i32(1)))
}

function store(type: FloatType, address: number, value: Node): Node {
  return node(`${type}.store`, `offset=${address} align=4`, i32(0), value)
}

/** The program in the text format: `run` calls the first function; globals are exported by index. */
export function printProgram(functions: readonly (readonly Node[])[]): string {
  const print = ({ op, text, args }: Node): string => `(${op} ${text} ${args.map(print).join(' ')})`
  const locals = LOCAL_TYPES.slice(2).join(' ')
  const bodies = functions.map(
    (body, index) => `(func $f${index} (param f64 f32) (result f64) (local ${locals}) ${body.map(print).join('\n')})`,
  )
  const zero = { f64: 'f64.const 0', f32: 'f32.const 0', v128: 'v128.const i64x2 0 0', i32: 'i32.const 0' }
  const globals = GLOBAL_TYPES.map((type) => `(global (mut ${type}) (${zero[type]}))`)
  const last = GLOBAL_TYPES.map((type, index) =>
    print(store(type, GLOBALS_AT + 16 * index, node('global.get', String(index)))),
  )
  return `(module (memory (export "memory") 1) (tag $e (param f64)) ${globals.join(' ')} ${bodies.join('\n')}
    (func (export "run") (f64.store offset=${RESULT_AT} (i32.const 0) (call $f0 (f64.load (i32.const 0)) (f32.load (i32.const 8))))
      ${last.join(' ')}))`
}
