import { malformed } from '../binary/byte-reader.ts'
import { EXNREF, I32, isSubtype, REFERENCE_FIRST, valueTypeName, withoutNull } from '../binary/value-type.ts'
import { readTargetCount, readTypedBlockType } from '../code/immediates.ts'
import { OP } from '../code/opcodes.ts'
import { MARK, TRAIT } from '../code/scan-code.ts'
import type { FunctionType } from '../module.ts'
import type { BodyState } from './body-state.ts'

const CATCH_CLAUSES_MAX = 1_000_000
/** Kinds of catch clauses: with a tag below 2, with a reference to the exception if odd. */
const CATCH_KIND = { ALL: 2, LAST: 3 } as const

/** Validates blocks and branches (Wasm core spec, 3.4.1). */
export class ControlValidator {
  readonly #state: BodyState
  #branchTableCount = 0

  constructor(state: BodyState) {
    this.#state = state
  }

  /** Enters the block of the function itself, whose parameters are locals. */
  enterFunction(typeIndex: number): void {
    const { frames, operands } = this.#state
    frames.push(OP.BLOCK, this.#state.addLabel(), operands.height, typeIndex, 0)
    this.#branchTableCount = 0
  }

  open(opcode: number): void {
    const state = this.#state
    const { operands, frames } = state
    if (opcode === OP.LOOP) state.traits |= TRAIT.LOOPS
    else if (opcode !== OP.BLOCK) state.traits |= TRAIT.BRANCHES
    if (opcode === OP.IF) operands.pop(I32)
    else if (opcode === OP.TRY || opcode === OP.TRY_TABLE) state.noteException(opcode)
    const blockType = readTypedBlockType(state.reader, state.module)
    const params = state.paramTypes(blockType)
    if (blockType < 0) for (const type of state.resultTypes(blockType)) state.noteType(type)
    if (opcode === OP.TRY_TABLE) this.#readCatches()
    operands.popMany(params)
    frames.isUnreachable[frames.depth - 1] = operands.isUnreachable ? 1 : 0
    frames.push(opcode, state.addLabel(), operands.height, blockType, state.locals.setCount)
    this.#startArm(params)
  }

  /** `else`, `catch` and `catch_all` end one arm of a block and start the next. */
  nextArm(opcode: number): void {
    const state = this.#state
    const { frames, place } = state
    const top = frames.depth - 1
    const arm = frames.opcode[top]
    if (opcode === OP.ELSE) {
      if (arm !== OP.IF) throw malformed(place.at, 'an if before else')
      this.#endArm(top)
      state.mark(frames.label[top] as number, MARK.HAS_ELSE)
      this.#startArm(state.paramTypes(frames.blockType[top] as number))
    } else {
      state.noteException(opcode)
      if (arm !== OP.TRY && arm !== OP.CATCH) throw malformed(place.at, 'a try before catch')
      this.#endArm(top)
      this.#startArm(opcode === OP.CATCH ? this.readTagTypes() : [])
    }
    frames.opcode[top] = opcode
  }

  end(): void {
    const state = this.#state
    const { frames, operands } = state
    const top = frames.depth - 1
    this.#endArm(top)
    const blockType = frames.blockType[top] as number
    const results = state.resultTypes(blockType)
    if (frames.opcode[top] === OP.IF) {
      // Without an else, the parameters are the results.
      this.#startArm(state.paramTypes(blockType))
      this.#endArm(top)
    }
    frames.depth = top
    if (top === 0) return
    operands.base = frames.height[top - 1] as number
    operands.isUnreachable = frames.isUnreachable[top - 1] === 1
    operands.pushMany(results)
  }

  delegate(): void {
    const { frames, place } = this.#state
    this.#state.noteException(OP.DELEGATE)
    if (frames.opcode[frames.depth - 1] !== OP.TRY) throw malformed(place.at, 'a try before delegate')
    this.#state.index('label', frames.depth - 1)
    this.end()
  }

  rethrow(): void {
    const { frames, operands, place, reader } = this.#state
    this.#state.noteException(OP.RETHROW)
    this.#state.traits |= TRAIT.BRANCHES
    const at = reader.offset
    const opcode = frames.opcode[frames.depth - 1 - this.#state.index('label', frames.depth)]
    if (opcode !== OP.CATCH && opcode !== OP.CATCH_ALL) throw place.fail('rethrow needs the label of a catch', at)
    operands.setUnreachable()
  }

  /** `unreachable`, `return`, `throw` and `throw_ref`. */
  leave(opcode: number): void {
    const state = this.#state
    const { operands } = state
    state.traits |= TRAIT.BRANCHES
    if (opcode === OP.RETURN) operands.checkTop(state.results)
    else if (opcode === OP.THROW) operands.checkTop(this.readTagTypes())
    else if (opcode === OP.THROW_REF) {
      state.noteException(opcode)
      operands.pop(EXNREF)
    }
    operands.setUnreachable()
  }

  branch(opcode: number): void {
    const { operands, frames, reader, place } = this.#state
    const at = reader.offset
    const target = this.#branchTarget()
    this.#state.mark(frames.label[target] as number, MARK.BRANCHED)
    const types = this.#labelTypes(target)
    if (opcode === OP.BR) {
      operands.checkTop(types)
      operands.setUnreachable()
      return
    }
    const isOnNonNull = opcode === OP.BR_ON_NON_NULL
    let reference = 0
    if (opcode === OP.BR_IF) operands.pop(I32)
    else reference = withoutNull(operands.popReference())
    if (isOnNonNull) {
      if ((types.at(-1) ?? 0) < REFERENCE_FIRST) {
        throw place.fail('br_on_non_null needs a label whose last type is a reference', at)
      }
      operands.push(reference)
    }
    if (types.length > 0) {
      operands.popMany(types)
      operands.pushMany(types)
    }
    if (isOnNonNull) operands.popAny()
    else if (opcode === OP.BR_ON_NULL) operands.push(reference)
  }

  branchTable(): void {
    const state = this.#state
    const { reader, operands, frames, place } = state
    operands.pop(I32)
    const count = readTargetCount(reader)
    const start = reader.offset
    const stamp = ++this.#branchTableCount
    let arity = -1
    for (let index = 0; index <= count; index++) {
      const at = reader.offset
      const target = this.#branchTarget()
      const label = frames.label[target] as number
      const mark = state.marks[label] as number
      // An `if` is reached by its other arm too, which may come before this, and so is a `try` by its body.
      const opcode = frames.opcode[target] as number
      const mayBeReached = (mark & MARK.BRANCHED) !== 0 || (opcode !== OP.BLOCK && opcode !== OP.LOOP)
      if (mayBeReached) state.mark(label, MARK.PINNED)
      if (frames.branchTable[target] === stamp) continue
      frames.branchTable[target] = stamp
      const types = this.#labelTypes(target)
      if (arity < 0) arity = types.length
      if (types.length !== arity) {
        throw place.fail(`type mismatch: br_table needs labels with ${arity} types, found ${types.length}`, at)
      }
      operands.checkTop(types)
    }
    reader.offset = start
    for (let index = 0; index <= count; index++) {
      state.mark(frames.label[this.#branchTarget()] as number, MARK.BRANCHED)
    }
    operands.setUnreachable()
  }

  /** Reads the index of a tag and answers what it carries. */
  readTagTypes(): readonly number[] {
    const { module } = this.#state
    const tag = this.#state.index('tag', module.tagTypes.length)
    return (module.types[module.tagTypes[tag] as number] as FunctionType).paramTypes
  }

  #readCatches(): void {
    const state = this.#state
    const { reader, frames } = state
    const count = reader.count('catch clauses', CATCH_CLAUSES_MAX)
    for (let index = 0; index < count; index++) {
      const at = reader.offset
      const kind = reader.byte('a catch clause')
      if (kind > CATCH_KIND.LAST) throw malformed(at, 'the kind of a catch clause, from 0 to 3')
      const tagTypes = kind < CATCH_KIND.ALL ? this.readTagTypes() : []
      const caught = (kind & 1) === 1 ? [...tagTypes, withoutNull(EXNREF)] : tagTypes
      const target = this.#branchTarget()
      state.mark(frames.label[target] as number, MARK.CATCHES | MARK.BRANCHED)
      const types = this.#labelTypes(target)
      state.operands.count(caught.length)
      const isMatch =
        types.length === caught.length && types.every((type, place) => isSubtype(caught[place] ?? 0, type))
      if (isMatch) continue
      const [needed, found] = [types, caught].map((list) => list.map(valueTypeName).join(' ') || 'nothing')
      throw state.place.fail(`type mismatch: the label of a catch clause needs ${needed}, found ${found}`, at)
    }
  }

  #branchTarget(): number {
    const depth = this.#state.frames.depth
    const label = this.#state.index('label', depth)
    this.#state.traits |= label === depth - 1 ? TRAIT.BRANCHES | TRAIT.BODY_LABEL : TRAIT.BRANCHES
    return depth - 1 - label
  }

  #labelTypes(frame: number): readonly number[] {
    const { frames } = this.#state
    const blockType = frames.blockType[frame] as number
    // An arm of a block has another opcode, but a loop has no arms.
    return frames.opcode[frame] === OP.LOOP ? this.#state.paramTypes(blockType) : this.#state.resultTypes(blockType)
  }

  #startArm(types: readonly number[]): void {
    const { operands, frames } = this.#state
    operands.base = frames.height[frames.depth - 1] as number
    operands.height = operands.base
    operands.isUnreachable = false
    operands.pushMany(types)
  }

  #endArm(top: number): void {
    const { operands, frames, locals, place } = this.#state
    operands.popMany(this.#state.resultTypes(frames.blockType[top] as number))
    const left = operands.height - operands.base
    if (left > 0)
      throw place.fail(`type mismatch: ${left} more operand${left > 1 ? 's' : ''} than the block has results`)
    locals.forgetSet(frames.localsSet[top] as number)
  }
}
