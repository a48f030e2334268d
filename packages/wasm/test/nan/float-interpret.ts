import {
  type FloatType,
  GLOBAL_TYPES,
  GLOBALS_AT,
  LOCAL_TYPES,
  MEMORY_SIZE,
  type Node,
  RESULT_AT,
} from './float-program.ts'
import { applyFloat } from './float-semantics.ts'

/** A value as its bytes, little-endian; 4, 8 or 16 of them. */
export type Bits = Uint8Array

const SIZES: Readonly<Record<FloatType, number>> = { f32: 4, i32: 4, f64: 8, v128: 16 }

/** Leaves the blocks up to a label, with the operands that the label takes. */
class Branch extends Error {
  readonly label: string
  readonly value: Bits | undefined

  constructor(label: string, value: Bits | undefined) {
    super()
    this.label = label
    this.value = value
  }
}
class Thrown extends Error {
  readonly payload: Bits

  constructor(payload: Bits) {
    super()
    this.payload = payload
  }
}
const RETURN = 'return'
/** What `run` itself uses: two loads, a call and a store, then three globals that are stored. */
const RUN_FUEL = 16

/**
 * Runs a program one instruction at a time, with every NaN that an instruction makes canonical at once.
 *
 * @param memory - what the memory starts with
 * @returns what it holds at the end, and the fuel used
 */
export function interpretFloats(
  functions: readonly (readonly Node[])[],
  memory: Uint8Array,
): { readonly memory: Uint8Array; readonly fuel: number } {
  const machine = new FloatMachine(functions, memory.slice())
  machine.run()
  return machine
}

class FloatMachine {
  readonly memory: Uint8Array
  fuel = RUN_FUEL
  readonly #functions: readonly (readonly Node[])[]
  readonly #globals: Bits[] = GLOBAL_TYPES.map((type) => new Uint8Array(SIZES[type]))

  constructor(functions: readonly (readonly Node[])[], memory: Uint8Array) {
    this.#functions = functions
    this.memory = memory
  }

  run(): void {
    this.memory.set(this.#call(0, [this.memory.slice(0, 8), this.memory.slice(8, 12)]), RESULT_AT)
    for (const [index, value] of this.#globals.entries()) this.memory.set(value, GLOBALS_AT + 16 * index)
  }

  #call(index: number, args: readonly Bits[]): Bits {
    const locals = LOCAL_TYPES.map((type, local) => args[local] ?? new Uint8Array(SIZES[type]))
    return this.#labelled(RETURN, () => this.#sequence(this.#functions[index] as readonly Node[], locals)) as Bits
  }

  #sequence(nodes: readonly Node[], locals: Bits[]): Bits | undefined {
    let last: Bits | undefined
    for (const node of nodes) last = this.#eval(node, locals)
    return last
  }

  #labelled(label: string, run: () => Bits | undefined): Bits | undefined {
    try {
      return run()
    } catch (error) {
      if (error instanceof Branch && error.label === label) return error.value
      throw error
    }
  }

  #eval(node: Node, locals: Bits[]): Bits | undefined {
    const { op, text, args } = node
    switch (op) {
      case 'then':
      case 'else':
        return this.#sequence(args, locals)
      case 'block':
        return this.#labelled(text.split(' ')[0] ?? '', () => this.#sequence(args, locals))
      case 'loop':
        return this.#loop(text, args, locals)
      case 'if': {
        const arm = isTrue(this.#operand(args[0], locals)) ? args[1] : args[2]
        this.fuel++
        return arm && this.#eval(arm, locals)
      }
      case 'try_table':
        this.fuel++
        return this.#try(text, args, locals)
      case 'br_if':
      case 'br_table':
      case 'return':
      case 'return_call':
      case 'throw':
        return this.#jump(node, locals)
      case 'call':
        this.fuel++
        return this.#call(Number(text.slice(2)), this.#operands(args, locals))
      default:
        return this.#simple(op, text, this.#operands(args, locals), locals)
    }
  }

  #loop(label: string, body: readonly Node[], locals: Bits[]): undefined {
    for (let isRunning = true; isRunning; ) {
      isRunning = false
      try {
        this.#sequence(body, locals)
      } catch (error) {
        if (!(error instanceof Branch) || error.label !== label) throw error
        isRunning = true
      }
    }
  }

  #try(text: string, body: readonly Node[], locals: Bits[]): Bits | undefined {
    try {
      return this.#sequence(body, locals)
    } catch (error) {
      if (error instanceof Thrown) throw new Branch(/\$l\d+/.exec(text)?.[0] ?? '', error.payload)
      throw error
    }
  }

  #jump({ op, text, args }: Node, locals: Bits[]): Bits | undefined {
    const operands = this.#operands(args, locals)
    const [value] = operands
    const condition = operands.at(-1) as Bits
    if (op !== 'return') this.fuel++
    switch (op) {
      case 'br_if': {
        const carried = operands.length > 1 ? value : undefined
        if (isTrue(condition)) throw new Branch(text, carried)
        return carried
      }
      case 'br_table': {
        const labels = text.split(' ')
        throw new Branch(
          labels[Math.min(new Uint32Array(condition.slice().buffer)[0] ?? 0, labels.length - 1)] ?? '',
          value,
        )
      }
      case 'return_call':
        throw new Branch(RETURN, this.#call(Number(text.slice(2)), operands))
      case 'throw':
        throw new Thrown(value as Bits)
      default:
        throw new Branch(RETURN, value)
    }
  }

  #simple(op: string, text: string, operands: readonly Bits[], locals: Bits[]): Bits | undefined {
    const [first, second] = operands as [Bits, Bits]
    if (op !== 'nop' && op !== 'drop') this.fuel++
    switch (op) {
      case 'nop':
      case 'drop':
        return undefined
      case 'local.get':
        return locals[Number(text)]
      case 'local.set':
      case 'local.tee':
        locals[Number(text)] = first
        return op === 'local.tee' ? first : undefined
      case 'global.get':
        return this.#globals[Number(text)]
      case 'global.set':
        this.#globals[Number(text)] = first
        return undefined
      case 'select':
        return isTrue(operands[2] as Bits) ? first : second
      default:
        break
    }
    const address = Number(/offset=(\d+)/.exec(text)?.[1])
    const type = op.slice(0, op.indexOf('.')) as FloatType
    if (op.endsWith('.load')) return this.memory.slice(address, address + SIZES[type])
    if (!op.endsWith('.store')) return applyFloat(op, text, operands)
    this.memory.set(second, address)
    return undefined
  }

  #operands(args: readonly Node[], locals: Bits[]): Bits[] {
    return args.map((arg) => this.#operand(arg, locals))
  }

  #operand(arg: Node | undefined, locals: Bits[]): Bits {
    return this.#eval(arg as Node, locals) as Bits
  }
}

function isTrue(bits: Bits): boolean {
  return bits.some((byte) => byte !== 0)
}

/** Memory that random programs start from: all zero but for what `below` puts there. */
export function randomMemory(below: (limit: number) => number): Uint8Array {
  const memory = new Uint8Array(MEMORY_SIZE)
  const view = new DataView(memory.buffer)
  for (let at = 0; at < 88; at += 8) {
    const kind = below(4)
    if (kind === 0) view.setBigUint64(at, 0x7ff4_0000_0000_0001n | (BigInt(below(2)) << 63n), true)
    else if (kind === 1) view.setBigUint64(at, 0xffa0_0001_7fc0_0123n, true)
    else view.setFloat64(at, below(100) - 50, true)
  }
  return memory
}
