import { invariant } from '@blockless/core'
import { ByteReader } from '../binary/byte-reader.ts'
import { ByteWriter } from '../binary/byte-writer.ts'
import { I32, I64 } from '../binary/value-type.ts'
import { ControlStack } from '../code/control-stack.ts'
import {
  readBlockType,
  readLocals,
  readMemoryArgument,
  readMemoryIndex,
  readMiscOpcode,
  readSimdOpcode,
  readTargetCount,
  skipCatches,
  skipImmediate,
  skipMiscImmediate,
  skipSelectTypes,
} from '../code/immediates.ts'
import { ATOMIC_OP, IMMEDIATE, MAIN_OPCODES, MISC_OP, OP, SIMD_OPCODES } from '../code/opcodes.ts'
import { type CodeScan, isBulk, MARK, TRAIT } from '../code/scan-code.ts'
import { LOCALS_MAX } from '../limits.ts'
import type { FunctionType, Module } from '../module.ts'
import { FixWriter } from '../nan/fix-writer.ts'
import { rewriteStraight } from '../nan/rewrite-straight.ts'
import { BULK_BYTES_SHIFT, BULK_ENTRIES_SHIFT, FUEL_BY_OPCODE, HOST_CALL_UNITS, UNCHECKED_FUEL_MAX } from './cost.ts'
import { Emitter } from './emitter.ts'
import { MODE, type Plan } from './plan.ts'
import { ProfileHooks } from './profile-hooks.ts'

const EMPTY_BLOCK = 0x40
const UNSET = -1

/**
 * Rewrites bodies one after the other into a buffer of its own.
 *
 * Fuel is charged late: `#pending` is what the code since the last charge used. Where paths meet, the first one to
 * arrive leaves its pending fuel to the code behind the label (`carried`), and every other path charges the difference
 * to that. So a path pays with one subtraction at the most where others join, and often with none. The invariant is
 * `exact fuel = fuel local - #pending`, and pending is zero wherever somebody else looks: at calls, loop headers, throws
 * and returns, and in the precise rewriting before every instruction that can trap.
 */
export class BodyRewriter {
  readonly #module: Module
  readonly #scan: CodeScan
  readonly #plan: Plan
  readonly #reader: ByteReader
  readonly #writer = new ByteWriter(4096)
  readonly #emit: Emitter
  readonly #fixes: FixWriter
  readonly #hooks: ProfileHooks
  /** `first` is the fuel that the label carries, `second` the pending fuel at an `if`, for its `else` */
  readonly #blocks = new ControlStack()
  #copied = 0
  #pending = 0
  /** whether the code being read can not be reached */
  #isDead = false
  #label = 0
  #traits = 0
  #mode = 0
  #isLeaf = false
  #units = 0
  #typeIndex = 0
  #localCount = 0
  /** locals from here on move up by `#shift`, because parameters were added before them */
  #shiftFrom = 0
  #shift = 0

  constructor(module: Module, scan: CodeScan, plan: Plan) {
    this.#module = module
    this.#scan = scan
    this.#plan = plan
    this.#reader = new ByteReader(module.bytes)
    this.#emit = new Emitter(this.#writer, plan)
    this.#hooks = new ProfileHooks(this.#writer, this.#emit, plan)
    this.#fixes = new FixWriter(module, this.#writer, this.#emit.checks)
  }

  /**
   * Rewrites the body of one defined function.
   *
   * @returns its bytes without the size; a view, valid until the next call
   */
  rewrite(index: number): Uint8Array {
    const module = this.#module
    const reader = this.#reader
    reader.offset = module.bodies[index * 2] as number
    reader.end = module.bodies[index * 2 + 1] as number
    this.#mode = this.#plan.modes[index] as number
    this.#traits = this.#scan.traits[index] as number
    this.#emit.checks.length = 0
    this.#writer.size = 0
    this.#fixes.analyse(index, this.#plan.isCanonical && (this.#traits & TRAIT.MAKES_NAN) !== 0)
    if (this.#mode === MODE.CONSTANT) return rewriteStraight(module, index, this.#writer, this.#fixes)
    this.#isLeaf = this.#plan.leaves[index] === 1
    this.#units = this.#plan.units[index] as number
    this.#label = this.#scan.firstLabel[index] as number
    this.#typeIndex = module.functionTypes[module.importedFunctionCount + index] as number
    this.#pending = 0
    this.#isDead = false
    this.#blocks.depth = 0
    this.#rewriteLocals()
    this.#prologue(index)
    this.#copied = reader.offset
    this.#push(OP.BLOCK)
    while (this.#blocks.depth > 0) this.#instruction()
    return this.#writer.view()
  }

  /** Offsets in the body rewritten last of the branches that only a run at its end or a NaN takes. */
  get unlikelyBranches(): readonly number[] {
    return this.#emit.checks
  }

  #rewriteLocals(): void {
    const writer = this.#writer
    const params = (this.#module.types[this.#typeIndex] as FunctionType).params.length
    const declared = readLocals(this.#reader, this.#module, LOCALS_MAX)
    const count = params + declared.count
    const isThreaded = this.#mode === MODE.THREADED
    const carried = this.#isLeaf ? 1 : 2
    const temporaries = ((this.#traits & TRAIT.BULK) === 0 ? 0 : 1) + this.#hooks.localsCount
    this.#localCount = count
    this.#shiftFrom = isThreaded ? params : count
    this.#shift = isThreaded ? carried : 0
    const base = isThreaded ? params : count
    const firstAdded = count + carried + temporaries
    const fixGroups = this.#fixes.begin(firstAdded, this.#shiftFrom, this.#shift)
    writer.u32(declared.groupCount + (isThreaded ? 0 : 1) + (temporaries === 0 ? 0 : 1) + fixGroups)
    writer.copy(this.#module.bytes, declared.start, declared.end)
    if (!isThreaded) {
      writer.u32(carried)
      writer.byte(I64)
    }
    if (temporaries > 0) {
      writer.u32(temporaries)
      writer.byte(I32)
    }
    this.#fixes.declare()
    this.#emit.slots = { fuel: base + carried - 1, depth: base, temporary: count + carried }
    this.#hooks.begin(firstAdded - 1)
  }

  #prologue(index: number): void {
    const emit = this.#emit
    if (this.#mode === MODE.GLOBAL) {
      emit.reload()
      if (!this.#isLeaf) {
        emit.op(OP.GLOBAL_GET, this.#plan.depthGlobal)
        emit.op(OP.LOCAL_SET, emit.slots.depth)
      }
    }
    this.#hooks.enter(this.#module.importedFunctionCount + index)
    if (!this.#isLeaf) emit.enter(this.#units)
    else if ((this.#scan.straightFuel[index] as number) > UNCHECKED_FUEL_MAX) emit.check()
    if ((this.#traits & TRAIT.BODY_LABEL) === 0) return
    // A block around the body takes the branches that leave the function, so that they pass by the epilogue.
    const results = this.#module.types[this.#typeIndex] as FunctionType
    this.#writer.byte(OP.BLOCK)
    if (results.results.length === 0) this.#writer.byte(EMPTY_BLOCK)
    else if (results.results.length === 1) {
      this.#writer.copy(this.#module.bytes, results.resultsStart, results.resultsEnd)
    } else this.#writer.s32(this.#plan.types.resultsOnly(this.#typeIndex))
  }

  #instruction(): void {
    const reader = this.#reader
    const at = reader.offset
    while (this.#fixes.nextOffset === at) {
      this.#copyTo(at)
      this.#fixes.writeNext()
    }
    const opcode = reader.byte('an instruction')
    this.#pending += FUEL_BY_OPCODE[opcode] as number
    const kind = MAIN_OPCODES.immediate[opcode] as number
    if (kind === IMMEDIATE.LOCAL) {
      const index = reader.u32('a local index')
      if (index < this.#shiftFrom || this.#shift === 0) return
      this.#copyTo(at + 1)
      this.#writer.u32(index + this.#shift)
      this.#copied = reader.offset
    } else if (kind === IMMEDIATE.SPECIAL) {
      this.#special(opcode, at)
    } else if (kind !== IMMEDIATE.INVALID) {
      skipImmediate(reader, kind, this.#module, this.#localCount)
      if (this.#plan.isPrecise && MAIN_OPCODES.traps[opcode] === 1) this.#settleAndSpill(at)
    } else {
      this.#prefixed(opcode, at)
    }
  }

  #prefixed(prefix: number, at: number): void {
    const reader = this.#reader
    if (prefix === OP.SIMD) {
      const code = readSimdOpcode(reader)
      skipImmediate(reader, SIMD_OPCODES.immediate[code] as number, this.#module, this.#localCount)
      if (this.#plan.isPrecise && SIMD_OPCODES.traps[code] === 1) this.#settleAndSpill(at)
      return
    }
    if (prefix === OP.ATOMIC) {
      this.#atomic(at)
      return
    }
    const code = readMiscOpcode(reader)
    skipMiscImmediate(reader, code)
    if (!isBulk(code)) return
    this.#copyTo(at)
    const isMemory = code <= MISC_OP.MEMORY_FILL
    this.#emit.chargeBulk(this.#pending, isMemory ? BULK_BYTES_SHIFT : BULK_ENTRIES_SHIFT)
    this.#pending = 0
    if (this.#plan.isPrecise) this.#emit.spill()
  }

  #atomic(at: number): void {
    const code = this.#reader.u32('an opcode after 0xfe')
    if (code === ATOMIC_OP.FENCE) this.#reader.byte('the order of a fence')
    else readMemoryArgument(this.#reader)
    const isWait = code <= ATOMIC_OP.WAIT_LAST
    if (isWait || (this.#plan.isPrecise && code !== ATOMIC_OP.FENCE)) this.#settleAndSpill(at)
    // A guest without fuel must not wait for others, nor wake them.
    if (isWait) this.#emit.check()
  }

  #special(opcode: number, at: number): void {
    const reader = this.#reader
    switch (opcode) {
      case OP.BLOCK:
      case OP.IF:
      case OP.TRY:
      case OP.TRY_TABLE:
        this.#open(opcode, at)
        break
      case OP.LOOP:
        this.#openLoop(at)
        break
      case OP.ELSE:
        this.#else(at)
        break
      case OP.CATCH:
      case OP.CATCH_ALL:
        this.#catch(opcode, at)
        break
      case OP.END:
        this.#end(at)
        break
      case OP.DELEGATE:
        reader.u32('a label')
        this.#end(at)
        break
      case OP.BR_TABLE:
        this.#branchTable(at)
        break
      case OP.BR:
      case OP.BR_IF:
      case OP.BR_ON_NULL:
      case OP.BR_ON_NON_NULL:
        this.#edge(reader.u32('a label'), at)
        if (opcode === OP.BR) this.#isDead = true
        break
      case OP.SELECT_TYPED:
        skipSelectTypes(reader, this.#module)
        break
      case OP.MEMORY_GROW:
        this.#grow(at)
        break
      case OP.UNREACHABLE:
      case OP.RETURN:
      case OP.THROW:
      case OP.RETHROW:
      case OP.THROW_REF:
        this.#leave(opcode, at)
        break
      default:
        this.#call(opcode, at)
    }
  }

  #open(opcode: number, at: number): void {
    const mark = this.#scan.marks[this.#label] as number
    readBlockType(this.#reader, this.#module)
    if (opcode === OP.TRY_TABLE) skipCatches(this.#reader)
    const hasImplicitElse = opcode === OP.IF && (mark & MARK.HAS_ELSE) === 0
    if (hasImplicitElse) this.#settleFor(mark, at)
    const top = this.#push(opcode)
    if (hasImplicitElse) this.#blocks.first[top] = this.#pending
    this.#blocks.second[top] = this.#isDead ? UNSET : this.#pending
  }

  #openLoop(at: number): void {
    const mark = this.#scan.marks[this.#label] as number
    if ((mark & MARK.CATCHES) !== 0) this.#settleAndSpill(at)
    else this.#settle(0, at)
    readBlockType(this.#reader, this.#module)
    this.#copyTo(this.#reader.offset)
    if ((mark & MARK.CATCHES) !== 0) this.#resume()
    this.#blocks.first[this.#push(OP.LOOP)] = 0
    if (!this.#isDead) this.#emit.check()
  }

  #else(at: number): void {
    const top = this.#blocks.depth - 1
    this.#edge(0, at)
    const pending = this.#blocks.second[top] as number
    this.#isDead = pending === UNSET
    this.#pending = this.#isDead ? 0 : pending
  }

  #catch(opcode: number, at: number): void {
    this.#edge(0, at)
    if (opcode === OP.CATCH) this.#reader.u32('a tag index')
    this.#copyTo(this.#reader.offset)
    this.#resume()
    this.#pending = 0
    this.#isDead = false
  }

  #end(at: number): void {
    const blocks = this.#blocks
    const top = blocks.depth - 1
    const isLoop = blocks.opcode[top] === OP.LOOP
    const mark = this.#scan.marks[blocks.label[top] as number] as number
    if (!isLoop && (top > 0 || (this.#traits & TRAIT.BODY_LABEL) !== 0)) {
      const carried = blocks.first[top] as number
      if (carried !== UNSET) {
        this.#edge(0, at)
        this.#pending = carried
        this.#isDead = false
      }
    }
    const needsReload = !isLoop && (mark & MARK.CATCHES) !== 0
    blocks.depth = top
    if (top > 0) {
      if (!needsReload) return
      this.#copyTo(this.#reader.offset)
      this.#resume()
      return
    }
    this.#copyTo(at)
    if ((this.#traits & TRAIT.BODY_LABEL) !== 0) this.#writer.byte(OP.END)
    if (needsReload) this.#emit.reload()
    this.#settle(0, at)
    this.#epilogue()
    this.#writer.byte(OP.END)
  }

  /** Goes on where an exception may have come in. */
  #resume(): void {
    this.#emit.reload()
    this.#hooks.resume()
  }

  #epilogue(): void {
    const emit = this.#emit
    this.#hooks.leave()
    if (this.#mode === MODE.THREADED) {
      emit.op(OP.LOCAL_GET, emit.slots.fuel)
      return
    }
    emit.spill()
    if (!this.#isLeaf) emit.publishDepth(this.#units)
  }

  #branchTable(at: number): void {
    const reader = this.#reader
    const blocks = this.#blocks
    const count = readTargetCount(reader)
    const start = reader.offset
    let marks = 0
    let isSettled = false
    for (let index = 0; index <= count; index++) {
      const label = reader.u32('a label')
      marks |= this.#scan.marks[this.#labelAt(label)] as number
      if (blocks.first[blocks.depth - 1 - label] !== UNSET) isSettled = true
    }
    // Either every label is met for the first time and can carry what is pending, or those that were met carry nothing.
    if (isSettled) this.#settle(0, at)
    if ((marks & MARK.CATCHES) !== 0) this.#settleAndSpill(at)
    const end = reader.offset
    reader.offset = start
    for (let index = 0; index <= count && !this.#isDead; index++) {
      const block = blocks.depth - 1 - reader.u32('a label')
      const carried = blocks.first[block] as number
      invariant(carried === UNSET || carried === this.#pending, 'all labels of a br_table carry the same fuel')
      blocks.first[block] = this.#pending
    }
    reader.offset = end
    this.#isDead = true
  }

  #leave(opcode: number, at: number): void {
    const reader = this.#reader
    if (opcode === OP.THROW || opcode === OP.RETHROW) reader.u32('an index')
    this.#copyTo(at)
    this.#settle(0, at)
    if (opcode === OP.RETURN) this.#epilogue()
    else if (opcode === OP.UNREACHABLE) this.#emit.noteUnreachable()
    else this.#emit.spill()
    this.#isDead = true
  }

  #grow(at: number): void {
    readMemoryIndex(this.#reader)
    this.#settleAndSpill(at)
    this.#emit.op(OP.CALL, this.#plan.growFunction as number)
    this.#emit.reload()
    this.#copied = this.#reader.offset
  }

  #call(opcode: number, at: number): void {
    const reader = this.#reader
    const isDirect = opcode === OP.CALL || opcode === OP.RETURN_CALL
    const callee = reader.u32('a function or type index')
    if (opcode === OP.CALL_INDIRECT || opcode === OP.RETURN_CALL_INDIRECT) reader.u32('a table index')
    const imported = this.#module.importedFunctionCount
    const mode = isDirect && callee >= imported ? this.#plan.modes[callee - imported] : MODE.GLOBAL
    if (mode === MODE.GLOBAL) {
      this.#callThroughGlobals(opcode, at, isDirect ? callee < imported : undefined)
      return
    }
    const emit = this.#emit
    if (mode === MODE.CONSTANT) {
      this.#pending += this.#scan.straightFuel[callee - imported] as number
      this.#copyTo(at)
      emit.op(OP.CALL, this.#plan.targets[callee] as number)
    } else {
      this.#copyTo(at)
      this.#settle(0, at)
      if (this.#plan.leaves[callee - imported] === 0) emit.op(OP.LOCAL_GET, emit.slots.depth)
      emit.op(OP.LOCAL_GET, emit.slots.fuel)
      emit.op(OP.CALL, this.#plan.targets[callee] as number)
      emit.op(OP.LOCAL_SET, emit.slots.fuel)
    }
    this.#copied = reader.offset
  }

  /**
   * Calls what takes fuel and depth from the globals; `isHost` is undefined if only the call itself will tell.
   * The host must not do anything for a guest without fuel, whatever the guest would do after it.
   */
  #callThroughGlobals(opcode: number, at: number, isHost: boolean | undefined): void {
    const isTail = opcode !== OP.CALL && opcode !== OP.CALL_INDIRECT && opcode !== OP.CALL_REF
    this.#settleAndSpill(at)
    if (isHost !== false) this.#emit.check()
    this.#emit.publishDepth((isTail ? this.#units : 0) - (isHost === true ? HOST_CALL_UNITS : 0))
    if (isTail) {
      this.#hooks.leave()
      this.#isDead = true
      return
    }
    this.#copyTo(this.#reader.offset)
    this.#emit.reload()
  }

  /** Makes pending fuel right for a branch to the label `relative` blocks out, taken or not. */
  #edge(relative: number, at: number): void {
    if (this.#isDead) return
    const top = this.#blocks.depth - 1 - relative
    const mark = this.#scan.marks[this.#labelAt(relative)] as number
    const carried = this.#blocks.first[top] as number
    if (carried === UNSET) this.#blocks.first[top] = this.#pending
    else this.#settle(carried, at)
    if ((mark & MARK.CATCHES) === 0) return
    this.#copyTo(at)
    this.#emit.spill()
  }

  #settleFor(mark: number, at: number): void {
    if ((mark & MARK.CATCHES) !== 0) this.#settleAndSpill(at)
    else if ((mark & MARK.PINNED) !== 0) this.#settle(0, at)
  }

  #settleAndSpill(at: number): void {
    this.#settle(0, at)
    this.#copyTo(at)
    this.#emit.spill()
  }

  /** Charges before byte `at`, so that `pending` is left. */
  #settle(pending: number, at: number): void {
    const amount = this.#pending - pending
    this.#pending = pending
    if (this.#isDead) return
    this.#copyTo(at)
    if (amount !== 0) this.#emit.charge(amount)
  }

  #push(opcode: number): number {
    const mark = this.#scan.marks[this.#label] as number
    const carried = (mark & (MARK.PINNED | MARK.CATCHES)) === 0 ? UNSET : 0
    return this.#blocks.push(opcode, this.#label++, carried, 0)
  }

  #labelAt(relative: number): number {
    return this.#blocks.label[this.#blocks.depth - 1 - relative] as number
  }

  #copyTo(offset: number): void {
    if (offset > this.#copied) this.#writer.copy(this.#module.bytes, this.#copied, offset)
    if (offset > this.#copied) this.#copied = offset
  }
}
