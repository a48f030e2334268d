import { GLOBALS, type Instruction, type Program, type RandomFunction, typeIndex } from './program.ts'

const PAGE_SIZE = 65_536

/** How a run of a program ended, and all that it did to the outside. */
export interface Outcome {
  readonly end: 'returned' | 'trapped' | 'threw' | 'out-of-fuel'
  /** of `main`, if it returned */
  readonly results: readonly number[]
  readonly fuel: number
  /** each host call: its argument, and the fuel used when it was made */
  readonly calls: readonly (readonly [argument: number, fuel: number])[]
  /** a sum over the memory at the end, unless the run was out of fuel */
  readonly memory: number
}

class Trap extends Error {}
class Thrown extends Error {}
class OutOfFuel extends Error {}
/** The interpreter recurses as the program does, and has less stack than the engine. */
export class TooDeep extends Error {}
const DEPTH_MAX = 150

/** Where control goes after an instruction: on, out of `label` more blocks, or out of the function. */
type Next = number
const ON: Next = -1
const RETURN: Next = 1_000_000

/** Order-dependent sum of a memory, for comparing two of them. */
export function sumMemory(bytes: Uint8Array): number {
  let sum = bytes.length
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] !== 0) sum = (Math.imul(sum, 31) + index + (bytes[index] as number)) | 0
  }
  return sum
}

/** What the host of every test does with an argument; `callback` runs the guest's export of that name. */
export function hostCall(argument: number, depth: number, callback: () => void): number {
  if ((argument & 3) === 1 && depth < 2) callback()
  return (argument ^ 5) | 0
}

/**
 * Runs a program as the specification says, one instruction at a time, with the fuel table spelled out again.
 *
 * @param limit - fuel; the run stops as soon as it needs more
 */
export function interpret(program: Program, args: readonly number[], limit: number): Outcome {
  return profile(program, args, limit).outcome
}

/** The same with where the fuel went: by path, a path being the indices of the open functions joined by `;`. */
export function profile(
  program: Program,
  args: readonly number[],
  limit: number,
): { outcome: Outcome; selfByPath: Record<string, number> } {
  const machine = new Machine(program, limit)
  let end: Outcome['end'] = 'returned'
  let results: number[] = []
  try {
    results = machine.call(1, args)
  } catch (error) {
    if (error instanceof Trap) end = 'trapped'
    else if (error instanceof Thrown) end = 'threw'
    else if (error instanceof OutOfFuel) end = 'out-of-fuel'
    else throw error
  }
  const fuel = end === 'out-of-fuel' ? limit : machine.fuel
  const memory = end === 'out-of-fuel' ? 0 : sumMemory(machine.memory)
  const outcome = { end, results, fuel, calls: machine.calls, memory }
  return { outcome, selfByPath: Object.fromEntries([...machine.selfByPath].sort()) }
}

class Machine {
  fuel = 0
  readonly calls: [number, number][] = []
  readonly selfByPath = new Map<string, number>()
  memory: Uint8Array
  readonly #program: Program
  readonly #limit: number
  readonly #globals = Array<number>(GLOBALS).fill(3)
  #hostDepth = 0
  #depth = 0
  #path = ''

  constructor(program: Program, limit: number) {
    this.#program = program
    this.#limit = limit
    this.memory = new Uint8Array(program.pagesInitial * PAGE_SIZE)
  }

  call(index: number, args: readonly number[]): number[] {
    if (++this.#depth > DEPTH_MAX) throw new TooDeep()
    const path = this.#path
    try {
      return this.#call(index, args)
    } finally {
      this.#depth--
      this.#path = path
    }
  }

  #call(index: number, args: readonly number[]): number[] {
    // A loop, so that a tail call takes no stack.
    const path = this.#path
    for (let callee = index, operands = [...args]; ; ) {
      if (callee !== 0) this.#path = path === '' ? `${callee}` : `${path};${callee}`
      else this.#path = path
      if (callee === 0) return [this.#host(operands[0] as number)]
      const target = this.#program.functions[callee - 1] as RandomFunction
      const frame = new Frame(this, target, operands)
      frame.run(target.body)
      if (frame.tailCallee === undefined) return frame.stack.slice(frame.stack.length - target.results)
      callee = frame.tailCallee
      operands = frame.stack
    }
  }

  charge(amount: number): void {
    const counted = Math.min(amount, this.#limit - this.fuel)
    if (counted > 0) this.selfByPath.set(this.#path, (this.selfByPath.get(this.#path) ?? 0) + counted)
    this.fuel += amount
    if (this.fuel > this.#limit) throw new OutOfFuel()
  }

  shapeOf(index: number): { params: number; results: number } {
    return index === 0 ? { params: 1, results: 1 } : (this.#program.functions[index - 1] as RandomFunction)
  }

  indirect(entry: number, type: number): number {
    const index = this.#program.table[entry >>> 0]
    if (index === undefined || index === 0) throw new Trap()
    const shape = this.shapeOf(index)
    if (typeIndex(shape.params, shape.results) !== type) throw new Trap()
    return index
  }

  global(index: number, value?: number): number {
    if (value !== undefined) this.#globals[index] = value
    return this.#globals[index] as number
  }

  load(address: number, offset: number): number {
    const at = (address >>> 0) + offset
    if (at + 4 > this.memory.length) throw new Trap()
    return new DataView(this.memory.buffer).getInt32(at, true)
  }

  store(address: number, offset: number, value: number): void {
    const at = (address >>> 0) + offset
    if (at + 4 > this.memory.length) throw new Trap()
    new DataView(this.memory.buffer).setInt32(at, value, true)
  }

  grow(delta: number): number {
    const pages = this.memory.length / PAGE_SIZE
    if ((delta >>> 0) + pages > this.#program.pagesMax) return -1
    this.charge((delta >>> 0) * 1024)
    const larger = new Uint8Array((pages + (delta >>> 0)) * PAGE_SIZE)
    larger.set(this.memory)
    this.memory = larger
    return pages
  }

  bulk(op: 'memory.fill' | 'memory.copy', to: number, value: number, size: number): void {
    this.charge(Math.floor((size >>> 0) / 64))
    const target = to >>> 0
    const count = size >>> 0
    const isOutside = target + count > this.memory.length
    if (isOutside || (op === 'memory.copy' && (value >>> 0) + count > this.memory.length)) throw new Trap()
    if (op === 'memory.fill') this.memory.fill(value & 0xff, target, target + count)
    else this.memory.copyWithin(target, value >>> 0, (value >>> 0) + count)
  }

  #host(argument: number): number {
    this.calls.push([argument, this.fuel])
    const result = hostCall(argument, this.#hostDepth, () => {
      this.#hostDepth++
      this.call(2, [])
      this.#hostDepth--
    })
    return result
  }
}

const FREE: ReadonlySet<Instruction['op']> = new Set(['nop', 'drop', 'block', 'loop', 'unreachable', 'return'])

class Frame {
  readonly stack: number[] = []
  tailCallee: number | undefined
  readonly #machine: Machine
  readonly #locals: number[]
  readonly #results: number

  constructor(machine: Machine, target: RandomFunction, args: readonly number[]) {
    this.#machine = machine
    this.#locals = [...args, ...Array<number>(target.locals).fill(0)]
    this.#results = target.results
  }

  run(body: readonly Instruction[]): void {
    const next = this.#sequence(body)
    if (next === 0) this.#keep(0, this.#results)
  }

  #sequence(body: readonly Instruction[]): Next {
    for (const instruction of body) {
      const next = this.#step(instruction)
      if (next !== ON) return next
    }
    return ON
  }

  /** Runs a block whose label takes `arity` operands; `next` 0 means a branch to it. */
  #block(body: readonly Instruction[], arity: number): Next {
    const height = this.stack.length
    const next = this.#sequence(body)
    if (next === 0) this.#keep(height, arity)
    return next === ON || next === RETURN || next === 0 ? (next === RETURN ? RETURN : ON) : next - 1
  }

  #keep(height: number, arity: number): void {
    const kept = this.stack.splice(this.stack.length - arity, arity)
    this.stack.length = height
    this.stack.push(...kept)
  }

  #pop(): number {
    return this.stack.pop() as number
  }

  #step(instruction: Instruction): Next {
    const machine = this.#machine
    const stack = this.stack
    if (!FREE.has(instruction.op)) machine.charge(1)
    switch (instruction.op) {
      case 'const':
        stack.push(instruction.value)
        return ON
      case 'local.get':
        stack.push(this.#locals[instruction.index] as number)
        return ON
      case 'local.set':
        this.#locals[instruction.index] = this.#pop()
        return ON
      case 'local.tee':
        this.#locals[instruction.index] = stack.at(-1) as number
        return ON
      case 'global.get':
        stack.push(machine.global(instruction.index))
        return ON
      case 'global.set':
        machine.global(instruction.index, this.#pop())
        return ON
      case 'binary': {
        const right = this.#pop()
        stack.push(binary(instruction.code, this.#pop(), right))
        return ON
      }
      case 'eqz':
        stack.push(this.#pop() === 0 ? 1 : 0)
        return ON
      case 'drop':
        this.#pop()
        return ON
      case 'select': {
        const condition = this.#pop()
        const right = this.#pop()
        const left = this.#pop()
        stack.push(condition !== 0 ? left : right)
        return ON
      }
      case 'nop':
        return ON
      case 'unreachable':
        throw new Trap()
      case 'throw':
        throw new Thrown()
      default:
        return this.#memoryOrControl(instruction)
    }
  }

  #memoryOrControl(instruction: Instruction): Next {
    const machine = this.#machine
    const stack = this.stack
    switch (instruction.op) {
      case 'load':
        stack.push(machine.load(this.#pop(), instruction.offset))
        return ON
      case 'store': {
        const value = this.#pop()
        machine.store(this.#pop(), instruction.offset, value)
        return ON
      }
      case 'memory.size':
        stack.push(machine.memory.length / PAGE_SIZE)
        return ON
      case 'memory.grow':
        stack.push(machine.grow(this.#pop()))
        return ON
      case 'memory.fill':
      case 'memory.copy': {
        const size = this.#pop()
        const value = this.#pop()
        machine.bulk(instruction.op, this.#pop(), value, size)
        return ON
      }
      default:
        return this.#control(instruction)
    }
  }

  #control(instruction: Instruction): Next {
    switch (instruction.op) {
      case 'block':
        return this.#block(instruction.body, instruction.results)
      case 'loop':
        return this.#loop(instruction.body)
      case 'if': {
        const body = this.#pop() !== 0 ? instruction.body : (instruction.otherwise ?? [])
        // `else` is free, `if` was charged.
        return this.#block(body, instruction.results)
      }
      case 'try':
      case 'try_table':
        return this.#try(instruction)
      case 'br':
        return instruction.label
      case 'br_if':
        return this.#pop() !== 0 ? instruction.label : ON
      case 'br_table': {
        const index = this.#pop() >>> 0
        return instruction.labels[Math.min(index, instruction.labels.length - 1)] as number
      }
      case 'return':
        return RETURN
      case 'call':
      case 'return_call':
        return this.#call(instruction.op === 'return_call', instruction.index)
      case 'call_indirect':
      case 'return_call_indirect': {
        const callee = this.#machine.indirect(this.#pop(), instruction.type)
        return this.#call(instruction.op === 'return_call_indirect', callee)
      }
      default:
        throw new Error(`no case for ${instruction.op}`)
    }
  }

  #loop(body: readonly Instruction[]): Next {
    const height = this.stack.length
    for (;;) {
      const next = this.#sequence(body)
      if (next === 0) this.#keep(height, 0)
      else return next === ON || next === RETURN ? next : next - 1
    }
  }

  #try(instruction: Instruction & { op: 'try' | 'try_table' }): Next {
    const height = this.stack.length
    try {
      return this.#block(instruction.body, 0)
    } catch (error) {
      if (!(error instanceof Thrown)) throw error
      this.stack.length = height
      if (instruction.op === 'try_table') return instruction.catchLabel
      return this.#block(instruction.handler, 0)
    }
  }

  #call(isTail: boolean, callee: number): Next {
    const { params } = this.#machine.shapeOf(callee)
    const args = this.stack.splice(this.stack.length - params, params)
    if (isTail) {
      this.tailCallee = callee
      this.stack.length = 0
      this.stack.push(...args)
      return RETURN
    }
    this.stack.push(...this.#machine.call(callee, args))
    return ON
  }
}

function binary(code: number, left: number, right: number): number {
  switch (code) {
    case 0x46:
      return left === right ? 1 : 0
    case 0x47:
      return left !== right ? 1 : 0
    case 0x48:
      return left < right ? 1 : 0
    case 0x49:
      return left >>> 0 < right >>> 0 ? 1 : 0
    case 0x4a:
      return left > right ? 1 : 0
    case 0x4b:
      return left >>> 0 > right >>> 0 ? 1 : 0
    case 0x6a:
      return (left + right) | 0
    case 0x6b:
      return (left - right) | 0
    case 0x6c:
      return Math.imul(left, right)
    case 0x6d:
      if (right === 0 || (right === -1 && left === -0x80000000)) throw new Trap()
      return (left / right) | 0
    case 0x6e:
      if (right === 0) throw new Trap()
      return ((left >>> 0) / (right >>> 0)) | 0
    case 0x6f:
      if (right === 0) throw new Trap()
      return (left % right) | 0
    case 0x70:
      if (right === 0) throw new Trap()
      return ((left >>> 0) % (right >>> 0)) | 0
    case 0x71:
      return left & right
    case 0x72:
      return left | right
    case 0x73:
      return left ^ right
    case 0x74:
      return left << (right & 31)
    default:
      return left >> (right & 31)
  }
}
