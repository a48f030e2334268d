import { ByteReader, malformed, unsupported } from '../binary/byte-reader.ts'
import { FUEL_BY_OPCODE } from '../fuel/cost.ts'
import { LOCALS_MAX } from '../limits.ts'
import type { FunctionType, Module } from '../module.ts'
import { ControlStack } from './control-stack.ts'
import {
  BLOCK_EMPTY,
  BLOCK_ONE_RESULT,
  readBlockType,
  readIndex,
  readLocals,
  readMemoryIndex,
  readMiscOpcode,
  readSimdOpcode,
  readTargetCount,
  skipImmediate,
  skipMiscImmediate,
  skipSelectTypes,
} from './immediates.ts'
import { IMMEDIATE, MAIN_OPCODES, MISC_OP, OP, SIMD_OPCODES } from './opcodes.ts'

/** Locals that the rewriting may add to a function; kept free below the engine's limit. */
const LOCALS_ADDED_MAX = 4

/** What a function's body does, as bits. */
export const TRAIT = {
  CALLS: 1,
  LOOPS: 2,
  /** has a path that does not run every instruction once: branches, `if`, `return`, exceptions */
  BRANCHES: 4,
  /** has an instruction other than `unreachable` that can trap */
  TRAPS: 8,
  TAIL_CALLS: 16,
  /** has a branch to the function's own label */
  BODY_LABEL: 32,
  SIMD: 64,
  /** costs that depend on operands */
  BULK: 128,
  GROWS: 256,
} as const

/** What a block's label needs, as bits. */
export const MARK = {
  /**
   * target of a `br_table` that other branches reach before it: nothing can be charged on one edge of a `br_table`
   * alone, so all its labels must carry the same, and these carry nothing
   */
  PINNED: 1,
  /** target of a `catch` clause: fuel comes in through the global */
  CATCHES: 2,
  HAS_ELSE: 4,
  /** has been branched to; only of use while scanning */
  BRANCHED: 8,
} as const

/** How other functions call a function, as bits. */
export const CALLED = { DIRECTLY: 1, BY_TAIL: 2 } as const

/** What one pass over all bodies finds out. Arrays are by defined function unless they say otherwise. */
export interface CodeScan {
  /** {@link TRAIT} bits */
  readonly traits: Uint16Array
  /** fuel of all instructions, each counted once */
  readonly straightFuel: Uint32Array
  /** stack slots of 8 bytes that parameters, locals and operands take at most */
  readonly slots: Uint32Array
  /** position of the function's own label among all labels */
  readonly firstLabel: Uint32Array
  /** {@link MARK} bits by label, in file order */
  readonly marks: Uint8Array
  /** {@link CALLED} bits by function, imported ones included */
  readonly called: Uint8Array
}

/**
 * Decodes every body once: checks its structure, refuses what this network does not run, and gathers what the
 * rewriting must know beforehand.
 *
 * @throws {ModuleError} `ERR_MODULE_MALFORMED`, `ERR_MODULE_FEATURE` or `ERR_MODULE_LIMIT`
 */
export function scanCode(module: Module): CodeScan {
  const count = module.bodies.length / 2
  const scan = {
    traits: new Uint16Array(count),
    straightFuel: new Uint32Array(count),
    slots: new Uint32Array(count),
    firstLabel: new Uint32Array(count),
    called: new Uint8Array(module.functionTypes.length),
  }
  const scanner = new BodyScanner(module, scan.called)
  for (let index = 0; index < count; index++) {
    scan.firstLabel[index] = scanner.labelCount
    scanner.scan(index)
    scan.traits[index] = scanner.traits
    scan.straightFuel[index] = scanner.fuel
    scan.slots[index] = scanner.slots
  }
  return { ...scan, marks: scanner.marks }
}

class BodyScanner {
  labelCount = 0
  marks: Uint8Array = new Uint8Array(1024)
  traits = 0
  fuel = 0
  slots = 0
  readonly #module: Module
  readonly #called: Uint8Array
  readonly #reader: ByteReader
  /** `first` is the operand height below the block's parameters, `second` its block type */
  readonly #blocks = new ControlStack()
  #localCount = 0
  #height = 0
  #heightMax = 0

  constructor(module: Module, called: Uint8Array) {
    this.#module = module
    this.#called = called
    this.#reader = new ByteReader(module.bytes)
  }

  scan(index: number): void {
    const module = this.#module
    const reader = this.#reader
    reader.offset = module.bodies[index * 2] as number
    reader.end = module.bodies[index * 2 + 1] as number
    const type = module.types[module.functionTypes[module.importedFunctionCount + index] as number] as FunctionType
    const locals = readLocals(reader, module, LOCALS_MAX - LOCALS_ADDED_MAX - type.params.length)
    this.#localCount = type.params.length + locals.count
    this.traits = 0
    this.fuel = 0
    this.#height = 0
    this.#heightMax = 0
    this.#blocks.depth = 0
    this.#enter(OP.BLOCK, BLOCK_EMPTY)
    while (this.#blocks.depth > 0) this.#instruction()
    if (reader.offset !== reader.end) throw malformed(reader.offset, 'the end of the function body')
    const isWide = (this.traits & TRAIT.SIMD) !== 0 || type.params.includes('v128')
    this.slots = locals.slots + (isWide ? 2 : 1) * (this.#heightMax + type.params.length)
  }

  #instruction(): void {
    const reader = this.#reader
    const opcode = reader.byte('an instruction or the end of a block')
    this.fuel += FUEL_BY_OPCODE[opcode] as number
    const kind = MAIN_OPCODES.immediate[opcode] as number
    if (kind === IMMEDIATE.SPECIAL) {
      this.#special(opcode)
    } else if (kind !== IMMEDIATE.INVALID) {
      skipImmediate(reader, kind, this.#module, this.#localCount)
      this.#move(MAIN_OPCODES.stack[opcode] as number)
      if (MAIN_OPCODES.traps[opcode] === 1) this.traits |= TRAIT.TRAPS
    } else {
      this.#prefixed(opcode)
    }
  }

  #prefixed(prefix: number): void {
    const reader = this.#reader
    if (prefix === OP.SIMD) {
      const code = readSimdOpcode(reader)
      skipImmediate(reader, SIMD_OPCODES.immediate[code] as number, this.#module, this.#localCount)
      this.#move(SIMD_OPCODES.stack[code] as number)
      this.traits |= TRAIT.SIMD
      if (SIMD_OPCODES.traps[code] === 1) this.traits |= TRAIT.TRAPS
    } else if (prefix === OP.MISC) {
      const code = readMiscOpcode(reader)
      skipMiscImmediate(reader, code)
      if (code === MISC_OP.TABLE_SIZE) this.#move(1)
      else if (code === MISC_OP.TABLE_GROW) this.#move(-1)
      else if (code !== MISC_OP.DATA_DROP && code !== MISC_OP.ELEM_DROP && code > MISC_OP.TRUNC_SAT_LAST) this.#move(-3)
      if (isBulk(code)) this.traits |= TRAIT.BULK | TRAIT.TRAPS
    } else if (prefix === OP.ATOMIC) {
      throw unsupported(reader.offset - 1, 'atomic instructions (threads)')
    } else if (prefix === OP.GC || prefix === 0xd3) {
      throw unsupported(reader.offset - 1, 'garbage collection (gc)')
    } else {
      throw malformed(reader.offset - 1, 'an instruction')
    }
  }

  #special(opcode: number): void {
    const reader = this.#reader
    switch (opcode) {
      case OP.BLOCK:
      case OP.LOOP:
      case OP.IF:
      case OP.TRY:
      case OP.TRY_TABLE:
        this.#open(opcode)
        break
      case OP.ELSE:
      case OP.CATCH:
      case OP.CATCH_ALL:
        this.#nextArm(opcode)
        break
      case OP.END:
        this.#leave()
        break
      case OP.DELEGATE:
        this.#delegate()
        break
      case OP.BR:
      case OP.BR_IF:
      case OP.BR_ON_NULL:
      case OP.BR_ON_NON_NULL:
        this.#branch(MARK.BRANCHED)
        if (opcode !== OP.BR && opcode !== OP.BR_ON_NULL) this.#move(-1)
        break
      case OP.BR_TABLE:
        this.#branchTable()
        break
      case OP.UNREACHABLE:
      case OP.RETURN:
      case OP.THROW_REF:
        this.traits |= TRAIT.BRANCHES
        break
      case OP.THROW:
        readIndex(reader, 'a tag index', this.#module.tagTypes.length)
        this.traits |= TRAIT.BRANCHES
        break
      case OP.RETHROW:
        readIndex(reader, 'a label', this.#blocks.depth)
        this.traits |= TRAIT.BRANCHES
        break
      case OP.SELECT_TYPED:
        skipSelectTypes(reader, this.#module)
        this.#move(-2)
        break
      case OP.MEMORY_GROW:
        readMemoryIndex(reader)
        if (this.#module.memory === undefined) throw malformed(reader.offset - 1, 'a memory to grow')
        this.traits |= TRAIT.BULK | TRAIT.GROWS
        break
      default:
        this.#call(opcode)
    }
  }

  #open(opcode: number): void {
    if (opcode === OP.LOOP) this.traits |= TRAIT.LOOPS
    if (opcode === OP.IF || opcode === OP.TRY || opcode === OP.TRY_TABLE) this.traits |= TRAIT.BRANCHES
    if (opcode === OP.IF) this.#move(-1)
    const blockType = readBlockType(this.#reader, this.#module)
    if (opcode === OP.TRY_TABLE) this.#readCatches()
    this.#enter(opcode, blockType)
  }

  #enter(opcode: number, blockType: number): void {
    if (this.labelCount === this.marks.length) {
      const larger = new Uint8Array(this.marks.length * 2)
      larger.set(this.marks)
      this.marks = larger
    }
    const params = blockType >= 0 ? (this.#module.types[blockType] as FunctionType).params.length : 0
    this.#blocks.push(opcode, this.labelCount++, this.#height - params, blockType)
  }

  #leave(): void {
    const blocks = this.#blocks
    const top = --blocks.depth
    if (top === 0) return
    const blockType = blocks.second[top] as number
    this.#height = blocks.first[top] as number
    if (blockType === BLOCK_ONE_RESULT) this.#move(1)
    else if (blockType >= 0) this.#move((this.#module.types[blockType] as FunctionType).results.length)
  }

  #nextArm(opcode: number): void {
    const blocks = this.#blocks
    const top = blocks.depth - 1
    const arm = blocks.opcode[top] as number
    const at = this.#reader.offset - 1
    this.#height = blocks.first[top] as number
    if (opcode === OP.ELSE) {
      if (arm !== OP.IF) throw malformed(at, 'an if before else')
      const blockType = blocks.second[top] as number
      if (blockType >= 0) this.#move((this.#module.types[blockType] as FunctionType).params.length)
      const label = blocks.label[top] as number
      this.marks[label] = (this.marks[label] as number) | MARK.HAS_ELSE
    } else {
      if (arm !== OP.TRY && arm !== OP.CATCH) throw malformed(at, 'a try before catch')
      if (opcode === OP.CATCH) this.#move(this.#tagArity())
    }
    blocks.opcode[top] = opcode
  }

  #delegate(): void {
    if (this.#blocks.opcode[this.#blocks.depth - 1] !== OP.TRY) {
      throw malformed(this.#reader.offset - 1, 'a try before delegate')
    }
    readIndex(this.#reader, 'a label', this.#blocks.depth - 1)
    this.#leave()
  }

  #readCatches(): void {
    const reader = this.#reader
    const count = reader.count('catch clauses', 1_000_000)
    for (let index = 0; index < count; index++) {
      const at = reader.offset
      const kind = reader.byte('a catch clause')
      if (kind > 3) throw malformed(at, 'the kind of a catch clause, from 0 to 3')
      if (kind < 2) readIndex(reader, 'a tag index', this.#module.tagTypes.length)
      this.#branch(MARK.CATCHES | MARK.BRANCHED)
    }
  }

  #branch(mark: number): void {
    const block = this.#branchTarget()
    const position = this.#blocks.label[block] as number
    this.marks[position] = (this.marks[position] as number) | mark
  }

  #branchTarget(): number {
    const depth = this.#blocks.depth
    const label = readIndex(this.#reader, 'a label', depth)
    this.traits |= label === depth - 1 ? TRAIT.BRANCHES | TRAIT.BODY_LABEL : TRAIT.BRANCHES
    return depth - 1 - label
  }

  #branchTable(): void {
    const reader = this.#reader
    const blocks = this.#blocks
    const count = readTargetCount(reader)
    const start = reader.offset
    for (let index = 0; index <= count; index++) {
      const block = this.#branchTarget()
      const position = blocks.label[block] as number
      const mark = this.marks[position] as number
      // An `if` is reached by its other arm too, which may come before this, and so is a `try` by its body.
      const opcode = blocks.opcode[block] as number
      const mayBeReached = (mark & MARK.BRANCHED) !== 0 || (opcode !== OP.BLOCK && opcode !== OP.LOOP)
      if (mayBeReached) this.marks[position] = mark | MARK.PINNED
    }
    reader.offset = start
    for (let index = 0; index <= count; index++) this.#branch(MARK.BRANCHED)
  }

  #call(opcode: number): void {
    const reader = this.#reader
    const module = this.#module
    this.traits |= TRAIT.CALLS
    if (opcode === OP.CALL || opcode === OP.RETURN_CALL) {
      const callee = readIndex(reader, 'a function index', module.functionTypes.length)
      const how = opcode === OP.CALL ? CALLED.DIRECTLY : CALLED.DIRECTLY | CALLED.BY_TAIL
      this.#called[callee] = (this.#called[callee] as number) | how
      this.#moveCall(module.functionTypes[callee] as number, 0)
    } else {
      const type = readIndex(reader, 'a type index', module.types.length)
      if (opcode === OP.CALL_INDIRECT || opcode === OP.RETURN_CALL_INDIRECT) reader.u32('a table index')
      this.traits |= TRAIT.TRAPS
      this.#moveCall(type, 1)
    }
    if (opcode === OP.RETURN_CALL || opcode === OP.RETURN_CALL_INDIRECT || opcode === OP.RETURN_CALL_REF) {
      this.traits |= TRAIT.TAIL_CALLS | TRAIT.BRANCHES
    }
  }

  #moveCall(typeIndex: number, extraOperands: number): void {
    const type = this.#module.types[typeIndex] as FunctionType
    this.#move(type.results.length - type.params.length - extraOperands)
  }

  #tagArity(): number {
    const tag = readIndex(this.#reader, 'a tag index', this.#module.tagTypes.length)
    const type = this.#module.types[this.#module.tagTypes[tag] as number] as FunctionType
    return type.params.length
  }

  #move(change: number): void {
    this.#height += change
    if (this.#height > this.#heightMax) this.#heightMax = this.#height
  }
}

/** Whether an instruction after 0xfc costs more for more operands. */
export function isBulk(code: number): boolean {
  return (
    (code >= MISC_OP.MEMORY_INIT &&
      code !== MISC_OP.DATA_DROP &&
      code <= MISC_OP.TABLE_GROW &&
      code !== MISC_OP.ELEM_DROP) ||
    code === MISC_OP.TABLE_FILL
  )
}
