import {
  readLocals,
  readMemoryArgument,
  readMemoryIndex,
  readMiscOpcode,
  readSimdOpcode,
  skipImmediate,
  skipMiscImmediate,
  skipSelectTypes,
} from '../code/immediates.ts'
import { ATOMIC_OP, IMMEDIATE, MAIN_OPCODES, MISC_OP, OP, SIMD_OPCODES } from '../code/opcodes.ts'
import { LOCALS_MAX } from '../limits.ts'
import type { FunctionType, Module } from '../module.ts'
import { BodyFlow } from './body-flow.ts'
import { ControlFlow } from './control-flow.ts'
import { ALL_MADE, type EffectTable, KIND, MAIN_EFFECTS, RESULT, SIMD_EFFECTS } from './float-effects.ts'
import { isNanConstant } from './nan-constant.ts'
import { type Fixes, NUMBER, ON_STACK, RAW, VECTOR } from './value-graph.ts'

/** Opcodes after 0xfe: below these are `notify` and `wait`, between the last two what reads and writes. */
const ATOMIC_LOAD_FIRST = 0x10
const ATOMIC_STORE_FIRST = 0x17
const ATOMIC_STORE_LAST = 0x1d
const ATOMIC_COMPARE_FIRST = 0x48
const F64X2_SPLAT = 0x14
const F64X2_REPLACE_LANE = 0x22

/**
 * Finds the places in a body where NaNs have to be made canonical, in one pass over its instructions: it follows every
 * float from where it is made to where it is used. Expects a valid body.
 */
export class BodyAnalyser {
  readonly #flow: BodyFlow
  readonly #control: ControlFlow
  #localCount = 0

  constructor(module: Module) {
    this.#flow = new BodyFlow(module)
    this.#control = new ControlFlow(this.#flow)
  }

  /** The places in one defined function, valid until the next call. */
  analyse(index: number): Fixes {
    const flow = this.#flow
    const module = flow.module
    const reader = flow.reader
    reader.offset = module.bodies[index * 2] as number
    reader.end = module.bodies[index * 2 + 1] as number
    const typeIndex = module.functionTypes[module.importedFunctionCount + index] as number
    flow.graph.clear()
    flow.locals.begin((module.types[typeIndex] as FunctionType).paramTypes, reader.end - reader.offset)
    readLocals(reader, module, LOCALS_MAX, flow.locals.types)
    this.#localCount = flow.locals.types.count
    this.#control.begin(typeIndex)
    while (flow.blocks.depth > 0) this.#instruction()
    return flow.graph.solve()
  }

  #instruction(): void {
    const flow = this.#flow
    const reader = flow.reader
    const start = reader.offset
    const opcode = reader.byte('an instruction')
    const kind = MAIN_OPCODES.immediate[opcode] as number
    if (kind === IMMEDIATE.LOCAL) {
      const index = reader.u32('a local index')
      if (!flow.isDead) this.#local(opcode, index, start)
    } else if (kind === IMMEDIATE.SPECIAL) {
      this.#special(opcode)
    } else if (kind !== IMMEDIATE.INVALID) {
      skipImmediate(reader, kind, flow.module, this.#localCount)
      if (flow.isDead) return
      if (opcode === OP.SELECT) this.#select()
      else if (opcode === OP.GLOBAL_SET) flow.graph.see(flow.stack.pop(), ALL_MADE)
      else if (opcode === OP.GLOBAL_GET) flow.stack.push(RAW)
      else this.#plain(MAIN_EFFECTS, opcode, start + 1, 0)
    } else if (opcode === OP.SIMD) {
      const code = readSimdOpcode(reader)
      const at = reader.offset
      skipImmediate(reader, SIMD_OPCODES.immediate[code] as number, flow.module, this.#localCount)
      if (!flow.isDead) this.#plain(SIMD_EFFECTS, code, at, VECTOR)
    } else if (opcode === OP.ATOMIC) {
      this.#atomic()
    } else {
      this.#misc()
    }
  }

  #local(opcode: number, index: number, start: number): void {
    const flow = this.#flow
    if (opcode === OP.LOCAL_GET) {
      flow.stack.push(flow.locals.read(index, start, flow.cost))
    } else {
      const value = flow.stack.pop()
      flow.locals.write(index, value)
      if (opcode === OP.LOCAL_TEE) flow.stack.push(value)
    }
  }

  /** An instruction that its table describes; `at` is where its immediate starts. */
  #plain(table: EffectTable, code: number, at: number, vector: number): void {
    const flow = this.#flow
    const stack = flow.stack
    const graph = flow.graph
    const sees = table.sees[code] as number
    let last = NUMBER
    let first = NUMBER
    for (let count = table.pops[code] as number; count > 0; count--) {
      last = first
      first = stack.pop()
      if (sees !== 0) graph.see(first, sees)
    }
    switch (table.result[code]) {
      case RESULT.NONE:
        return
      case RESULT.NUMBER:
        stack.push(NUMBER)
        return
      case RESULT.RAW:
        stack.push(RAW)
        return
      case RESULT.MADE_F32:
        stack.push(graph.source(KIND.MADE_F32 | vector, flow.reader.offset, flow.cost))
        return
      case RESULT.MADE_F64:
        stack.push(graph.source(KIND.MADE_F64 | vector, flow.reader.offset, flow.cost))
        return
      case RESULT.SAME:
        stack.push(vector !== 0 ? this.#asLane(first, code) : first)
        return
      case RESULT.SIGNED:
        // The second operand of `copysign` shows its sign in numbers too.
        graph.see(last, ALL_MADE)
        stack.push(this.#through(first))
        return
      case RESULT.EITHER:
        stack.push(this.#either(first, this.#asLane(last, code), ALL_MADE ^ sees))
        return
      case RESULT.LANE:
        stack.push(graph.site(first, ALL_MADE ^ sees, flow.reader.offset, ON_STACK, flow.cost))
        return
      default:
        stack.push(isNanConstant(flow.module.bytes, at, flow.reader.offset) ? RAW : NUMBER)
    }
  }

  /** A number in a lane of 64 bits may be a NaN to those who take the vector for lanes of 32, never the reverse. */
  #asLane(value: number, code: number): number {
    return value === NUMBER && (code === F64X2_SPLAT || code === F64X2_REPLACE_LANE) ? RAW : value
  }

  #through(value: number): number {
    const flow = this.#flow
    if (value <= RAW) return value
    const node = flow.graph.join(KIND.RAW)
    flow.graph.flow(value, node)
    return node
  }

  /** A value that is one of two, or has lanes of both. */
  #either(left: number, right: number, passes: number): number {
    const flow = this.#flow
    if (left === right && passes === ALL_MADE) return left
    if (left <= RAW && right <= RAW) return left | right
    const node = flow.graph.join(0, passes)
    flow.graph.flow(left, node)
    flow.graph.flow(right, node)
    return node
  }

  #select(): void {
    const flow = this.#flow
    const stack = flow.stack
    stack.pop()
    const right = stack.pop()
    stack.push(this.#either(stack.pop(), right, ALL_MADE))
  }

  #misc(): void {
    const flow = this.#flow
    const code = readMiscOpcode(flow.reader)
    skipMiscImmediate(flow.reader, code)
    if (flow.isDead || code === MISC_OP.DATA_DROP || code === MISC_OP.ELEM_DROP) return
    const isUnary = code <= MISC_OP.TRUNC_SAT_LAST
    const pops = isUnary ? 1 : code === MISC_OP.TABLE_SIZE ? 0 : code === MISC_OP.TABLE_GROW ? 2 : 3
    for (let count = pops; count > 0; count--) flow.stack.pop()
    if (pops < 3) flow.stack.push(NUMBER)
  }

  /** Atomic instructions work on integers alone. */
  #atomic(): void {
    const flow = this.#flow
    const code = flow.reader.u32('an opcode after 0xfe')
    if (code === ATOMIC_OP.FENCE) {
      flow.reader.byte('the order of a fence')
      return
    }
    readMemoryArgument(flow.reader)
    if (flow.isDead) return
    const isStore = code >= ATOMIC_STORE_FIRST && code <= ATOMIC_STORE_LAST
    const isWide = code === 1 || code === 2 || code >= ATOMIC_COMPARE_FIRST
    const isLoad = code >= ATOMIC_LOAD_FIRST && code < ATOMIC_STORE_FIRST
    for (let count = isLoad ? 1 : isWide ? 3 : 2; count > 0; count--) flow.stack.pop()
    if (!isStore) flow.stack.push(NUMBER)
  }

  #special(opcode: number): void {
    const flow = this.#flow
    const reader = flow.reader
    switch (opcode) {
      case OP.BLOCK:
      case OP.LOOP:
      case OP.IF:
      case OP.TRY:
      case OP.TRY_TABLE:
        this.#control.open(opcode)
        return
      case OP.ELSE:
      case OP.CATCH:
      case OP.CATCH_ALL:
        this.#control.nextArm(opcode)
        return
      case OP.DELEGATE:
        reader.u32('a label')
        this.#control.close()
        return
      case OP.END:
        this.#control.close()
        return
      case OP.SELECT_TYPED:
        skipSelectTypes(reader, flow.module)
        if (!flow.isDead) this.#select()
        return
      case OP.MEMORY_GROW:
        readMemoryIndex(reader)
        flow.stack.pop()
        flow.stack.push(NUMBER)
        return
      case OP.BR:
      case OP.BR_IF:
      case OP.BR_TABLE:
      case OP.BR_ON_NULL:
      case OP.BR_ON_NON_NULL:
        this.#control.branch(opcode)
        return
      case OP.UNREACHABLE:
      case OP.THROW_REF:
        flow.isDead = true
        return
      case OP.RETURN:
        flow.leaveTo(flow.blocks.depth - 1)
        flow.isDead = true
        return
      case OP.THROW:
        flow.seeTop(flow.tagParams(reader.u32('a tag index')))
        flow.isDead = true
        return
      case OP.RETHROW:
        reader.u32('a label')
        flow.isDead = true
        return
      default:
        this.#call(opcode)
    }
  }

  #call(opcode: number): void {
    const flow = this.#flow
    const reader = flow.reader
    const callee = reader.u32('a function or type index')
    const isDirect = opcode === OP.CALL || opcode === OP.RETURN_CALL
    if (opcode === OP.CALL_INDIRECT || opcode === OP.RETURN_CALL_INDIRECT) reader.u32('a table index')
    if (flow.isDead) return
    const stack = flow.stack
    const type = flow.typeOf(isDirect ? (flow.module.functionTypes[callee] as number) : callee)
    if (!isDirect) stack.pop()
    for (let count = type.params.length; count > 0; count--) flow.graph.see(stack.pop(), ALL_MADE)
    if (opcode === OP.CALL || opcode === OP.CALL_INDIRECT || opcode === OP.CALL_REF) {
      for (let count = type.results.length; count > 0; count--) stack.push(RAW)
    } else {
      flow.isDead = true
    }
  }
}
