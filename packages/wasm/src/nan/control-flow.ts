import { F32, F64, V128 } from '../binary/value-type.ts'
import { BLOCK_EMPTY, readTargetCount, readTypedBlockType } from '../code/immediates.ts'
import { OP } from '../code/opcodes.ts'
import { type BodyFlow, SEEN } from './body-flow.ts'
import { NUMBER, RAW } from './value-graph.ts'

/** Label of a block that is entered by nothing. */
const DEAD = 0xffffffff
/** A turn of a loop is taken for eight; deeper loops than this count no more. */
const COUNTED_LOOPS_MAX = 6
const COST_PER_LOOP = 8

/** Follows values over the blocks and branches of a body. */
export class ControlFlow {
  readonly #flow: BodyFlow
  #loops = 0

  constructor(flow: BodyFlow) {
    this.#flow = flow
  }

  /** Enters the block around a whole body. */
  begin(typeIndex: number): void {
    const flow = this.#flow
    flow.isDead = false
    flow.cost = 1
    flow.stack.height = 0
    flow.stack.base = 0
    flow.blocks.depth = 0
    flow.blocks.push(OP.BLOCK, SEEN, 0, typeIndex)
    this.#loops = 0
  }

  /** Enters a block. */
  open(opcode: number): void {
    const flow = this.#flow
    const reader = flow.reader
    const type = readTypedBlockType(reader, flow.module)
    if (opcode === OP.TRY_TABLE) this.#catches()
    if (opcode === OP.LOOP) this.#countLoops(1)
    if (flow.isDead) {
      flow.blocks.push(opcode, DEAD, 0, type)
      return
    }
    const stack = flow.stack
    if (opcode === OP.IF) stack.pop()
    if (opcode === OP.LOOP) flow.locals.forget()
    const params = type >= 0 ? flow.typeOf(type).params.length : 0
    flow.seeTop(params)
    stack.height -= params
    for (let count = params; count > 0; count--) stack.push(RAW)
    // With parameters an `if` without `else` passes them on, so its results have another way in.
    const isFloat = type === -F32 || type === -F64 || type === -V128
    const label = type >= 0 || opcode === OP.LOOP ? SEEN : isFloat ? flow.graph.join(0) : NUMBER
    stack.base = stack.height - params
    flow.blocks.push(opcode, label, stack.base, type)
  }

  #catches(): void {
    const flow = this.#flow
    const reader = flow.reader
    for (let count = reader.u32('catch clauses'); count > 0; count--) {
      if (reader.byte('a catch clause') < 2) reader.u32('a tag index')
      const label = flow.blocks.label[flow.blocks.depth - 1 - reader.u32('a label')] as number
      if (label !== DEAD && label > RAW) flow.graph.flow(RAW, label)
    }
  }

  /** Goes on to the next arm of an `if` or a `try`. */
  nextArm(opcode: number): void {
    const flow = this.#flow
    const tag = opcode === OP.CATCH ? flow.reader.u32('a tag index') : -1
    const blocks = flow.blocks
    const top = blocks.depth - 1
    if (blocks.label[top] === DEAD) return
    flow.leaveTo(0)
    flow.locals.forget()
    flow.isDead = false
    flow.stack.height = blocks.first[top] as number
    const type = blocks.second[top] as number
    const params = opcode !== OP.ELSE ? flow.tagParams(tag) : type < 0 ? 0 : flow.typeOf(type).params.length
    for (let count = params; count > 0; count--) flow.stack.push(RAW)
  }

  /** Leaves a block. */
  close(): void {
    const flow = this.#flow
    const blocks = flow.blocks
    const stack = flow.stack
    const top = blocks.depth - 1
    const label = blocks.label[top] as number
    const isLoop = blocks.opcode[top] === OP.LOOP
    if (isLoop) this.#countLoops(-1)
    if (label !== DEAD) {
      const type = blocks.second[top] as number
      // Nothing branches to the end of a loop, so what falls through is all there is.
      const through = isLoop && type < BLOCK_EMPTY && !flow.isDead ? stack.pop() : label
      if (!isLoop || type >= 0) flow.flowTo(label, flow.resultCount(type))
      if (!isLoop) {
        flow.isDead = false
        flow.locals.forget()
      }
      stack.height = blocks.first[top] as number
      for (let count = flow.resultCount(type); count > 0; count--) stack.push(through)
    }
    blocks.depth = top
    stack.base = top > 0 && blocks.label[top - 1] !== DEAD ? (blocks.first[top - 1] as number) : 0
  }

  #countLoops(change: number): void {
    const flow = this.#flow
    this.#loops += change
    flow.cost = COST_PER_LOOP ** Math.min(this.#loops, COUNTED_LOOPS_MAX)
  }

  /** One of the branches. */
  branch(opcode: number): void {
    const flow = this.#flow
    const reader = flow.reader
    if (opcode === OP.BR_TABLE) {
      this.#branchTable()
      return
    }
    const relative = reader.u32('a label')
    const stack = flow.stack
    if (opcode === OP.BR_IF || opcode === OP.BR_ON_NULL) stack.pop()
    flow.leaveTo(relative)
    if (opcode === OP.BR) flow.isDead = true
    else if (opcode === OP.BR_ON_NULL) stack.push(NUMBER)
    else if (opcode === OP.BR_ON_NON_NULL) stack.pop()
  }

  #branchTable(): void {
    const flow = this.#flow
    const reader = flow.reader
    const blocks = flow.blocks
    flow.stack.pop()
    let relative = 0
    for (let count = readTargetCount(reader); count >= 0; count--) {
      relative = reader.u32('a label')
      const label = blocks.label[blocks.depth - 1 - relative] as number
      if (!flow.isDead && label > RAW) flow.graph.flow(RAW, label)
    }
    if (!flow.isDead) flow.seeTop(flow.labelArity(blocks.depth - 1 - relative))
    flow.isDead = true
  }
}
