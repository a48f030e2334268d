import { ByteReader } from '../binary/byte-reader.ts'
import { ControlStack } from '../code/control-stack.ts'
import { BLOCK_EMPTY } from '../code/immediates.ts'
import { OP } from '../code/opcodes.ts'
import type { FunctionType, Module } from '../module.ts'
import { ALL_MADE } from './float-effects.ts'
import { LocalValues } from './local-values.ts'
import { OperandStack } from './operand-stack.ts'
import { NUMBER, RAW, ValueGraph } from './value-graph.ts'

/** Label of a block whose operands are all seen, since it has several or they come from elsewhere too. */
export const SEEN: number = RAW

/** Where the analysis of a body stands, and what moves values between operands and labels. */
export class BodyFlow {
  readonly module: Module
  readonly reader: ByteReader
  readonly graph: ValueGraph = new ValueGraph()
  readonly locals: LocalValues = new LocalValues(this.graph)
  readonly stack: OperandStack = new OperandStack()
  /** `label` is the node that branches flow into, `first` the height below the parameters, `second` the block type */
  readonly blocks: ControlStack = new ControlStack()
  /** a guess at how often the code being read runs */
  cost = 1
  /** whether the code being read can not be reached */
  isDead = false

  constructor(module: Module) {
    this.module = module
    this.reader = new ByteReader(module.bytes)
  }

  /** Operands on top of the stack go to the label `relative` blocks out. */
  leaveTo(relative: number): void {
    const block = this.blocks.depth - 1 - relative
    this.flowTo(this.blocks.label[block] as number, this.labelArity(block))
  }

  /** The top `arity` operands go to a label. */
  flowTo(label: number, arity: number): void {
    if (this.isDead || arity === 0) return
    if (label === SEEN) this.seeTop(arity)
    else if (label !== NUMBER) this.graph.flow(this.stack.top(0), label)
  }

  /** How many operands a branch to a block takes. */
  labelArity(block: number): number {
    const type = this.blocks.second[block] as number
    if (this.blocks.opcode[block] === OP.LOOP) return type < 0 ? 0 : this.typeOf(type).params.length
    return this.resultCount(type)
  }

  /** How many results a block has. */
  resultCount(type: number): number {
    if (type < 0) return type === BLOCK_EMPTY ? 0 : 1
    return this.typeOf(type).results.length
  }

  /** Notes that somebody sees the bits of the top `count` operands. */
  seeTop(count: number): void {
    if (this.isDead) return
    for (let index = 0; index < count; index++) this.graph.see(this.stack.top(index), ALL_MADE)
  }

  /** How many operands an exception carries; none for a negative tag. */
  tagParams(tag: number): number {
    return tag < 0 ? 0 : this.typeOf(this.module.tagTypes[tag] as number).params.length
  }

  /** A function type. */
  typeOf(index: number): FunctionType {
    return this.module.types[index] as FunctionType
  }
}
