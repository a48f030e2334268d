import { malformed, unsupported } from '../binary/byte-reader.ts'
import { I32, V128 } from '../binary/value-type.ts'
import {
  readLocals,
  readMemoryArgument,
  readMemoryIndex,
  readMiscOpcode,
  readSelectType,
  readSimdOpcode,
} from '../code/immediates.ts'
import { IMMEDIATE, MAIN_OPCODES, OP, SIMD_OPCODES } from '../code/opcodes.ts'
import { TRAIT } from '../code/scan-code.ts'
import { FUEL_BY_OPCODE } from '../fuel/cost.ts'
import { LOCALS_MAX } from '../limits.ts'
import { MAIN_MAKES_NAN, SIMD_MAKES_NAN } from '../nan/float-effects.ts'
import { validateAtomic } from './atomic-validator.ts'
import type { BodyState } from './body-state.ts'
import { validateCall } from './call-validator.ts'
import { ControlValidator } from './control-validator.ts'
import { MAIN_SIGNATURES, type SignatureTable } from './instructions.ts'
import { validateMisc } from './misc-validator.ts'
import { validateReference, validateSelect } from './reference-validator.ts'
import { LANE_COUNTS, SIMD_SIGNATURES } from './simd-instructions.ts'

/** Locals that the rewriting may add to a function: three for fuel, one for each type of float; kept free below the engine's limit. */
const LOCALS_ADDED_MAX = 6
const SHUFFLE = 0x0d
const SHUFFLE_LANES = 32
const VECTOR_SIZE = 16

/** Validates one body after the other, and gathers in its state what the rewriting must know beforehand. */
export class BodyValidator {
  /** stack slots of 8 bytes that parameters, locals and operands of the last body take at most */
  slots = 0
  readonly #state: BodyState
  readonly #control: ControlValidator

  constructor(state: BodyState) {
    this.#state = state
    this.#control = new ControlValidator(state)
  }

  /** Validates the body of a defined function. */
  validate(index: number): void {
    const state = this.#state
    const { module, reader, locals, frames, operands } = state
    const type = state.start(index)
    const limit = LOCALS_MAX - LOCALS_ADDED_MAX - type.params.length
    const declared = readLocals(reader, module, limit, {
      add: (count, type) => {
        state.noteType(type)
        locals.add(count, type)
      },
    })
    this.#control.enterFunction(module.functionTypes[module.importedFunctionCount + index] as number)
    while (frames.depth > 0) this.#instruction()
    if (reader.offset !== reader.end) throw malformed(reader.offset, 'the end of the function body')
    const isWide = (state.traits & TRAIT.SIMD) !== 0 || type.paramTypes.includes(V128)
    this.slots = declared.slots + (isWide ? 2 : 1) * (operands.heightMax + type.params.length)
  }

  #instruction(): void {
    const state = this.#state
    const { reader } = state
    state.place.at = reader.offset
    const opcode = reader.byte('an instruction or the end of a block')
    state.fuel += FUEL_BY_OPCODE[opcode] as number
    const kind = MAIN_OPCODES.immediate[opcode] as number
    switch (kind) {
      case IMMEDIATE.NONE:
        if ((MAIN_SIGNATURES.top[opcode] as number) !== 0) break
        this.#polymorphic(opcode)
        return
      case IMMEDIATE.LOCAL:
        this.#local(opcode)
        return
      case IMMEDIATE.SPECIAL:
        this.#special(opcode)
        return
      case IMMEDIATE.S32:
        reader.skipSigned(32, 'an i32')
        break
      case IMMEDIATE.S64:
        reader.skipSigned(64, 'an i64')
        break
      case IMMEDIATE.MEMORY:
        this.#memoryArgument(MAIN_SIGNATURES.alignment[opcode] as number)
        break
      case IMMEDIATE.BYTES_4:
        reader.skip(4, 'an f32')
        break
      case IMMEDIATE.BYTES_8:
        reader.skip(8, 'an f64')
        break
      case IMMEDIATE.MEMORY_INDEX:
        this.#memoryIndex()
        break
      case IMMEDIATE.INVALID:
        this.#prefixed(opcode)
        return
      default:
        validateReference(state, opcode)
        return
    }
    this.#plain(MAIN_SIGNATURES, opcode)
    if (MAIN_OPCODES.traps[opcode] === 1) state.traits |= TRAIT.TRAPS
    if (MAIN_MAKES_NAN[opcode] === 1) state.traits |= TRAIT.MAKES_NAN
  }

  /** Moves the operands of an instruction whose types depend on nothing else. */
  #plain(table: SignatureTable, opcode: number): void {
    const { operands } = this.#state
    const top = table.top[opcode] as number
    if (top !== 0) {
      operands.pop(top)
      const second = table.second[opcode] as number
      if (second !== 0) {
        operands.pop(second)
        const third = table.third[opcode] as number
        if (third !== 0) operands.pop(third)
      }
    }
    const result = table.result[opcode] as number
    if (result !== 0) operands.push(result)
  }

  #polymorphic(opcode: number): void {
    if (opcode === OP.NOP) return
    if (opcode === OP.DROP) this.#state.operands.popAny()
    else if (opcode === OP.SELECT) validateSelect(this.#state)
    else validateReference(this.#state, opcode)
  }

  #local(opcode: number): void {
    const { operands, locals, place } = this.#state
    const index = this.#state.index('local', locals.count)
    const type = locals.typeAt(index)
    if (opcode === OP.LOCAL_GET) {
      if (!locals.hasValue(index, type)) throw place.fail(`local ${index} has no value yet, it is not nullable`)
      operands.push(type)
      return
    }
    operands.pop(type)
    locals.set(index, type)
    if (opcode === OP.LOCAL_TEE) operands.push(type)
  }

  #special(opcode: number): void {
    const control = this.#control
    switch (opcode) {
      case OP.BLOCK:
      case OP.LOOP:
      case OP.IF:
      case OP.TRY:
      case OP.TRY_TABLE:
        control.open(opcode)
        return
      case OP.ELSE:
      case OP.CATCH:
      case OP.CATCH_ALL:
        control.nextArm(opcode)
        return
      case OP.END:
        control.end()
        return
      case OP.DELEGATE:
        control.delegate()
        return
      case OP.BR:
      case OP.BR_IF:
      case OP.BR_ON_NULL:
      case OP.BR_ON_NON_NULL:
        control.branch(opcode)
        return
      case OP.BR_TABLE:
        control.branchTable()
        return
      case OP.UNREACHABLE:
      case OP.RETURN:
      case OP.THROW:
      case OP.THROW_REF:
        control.leave(opcode)
        return
      case OP.RETHROW:
        control.rethrow()
        return
      case OP.SELECT_TYPED:
        this.#selectTyped()
        return
      case OP.MEMORY_GROW:
        this.#memoryIndex()
        this.#plain(MAIN_SIGNATURES, opcode)
        this.#state.traits |= TRAIT.BULK | TRAIT.GROWS
        return
      default:
        validateCall(this.#state, opcode)
        return
    }
  }

  #selectTyped(): void {
    const { operands, reader, module } = this.#state
    const type = readSelectType(reader, module)
    this.#state.noteType(type)
    operands.pop(I32)
    operands.pop(type)
    operands.pop(type)
    operands.push(type)
  }

  #prefixed(prefix: number): void {
    const state = this.#state
    const { reader } = state
    if (prefix === OP.SIMD) {
      const code = readSimdOpcode(reader)
      this.#vectorImmediate(code)
      this.#plain(SIMD_SIGNATURES, code)
      state.traits |= SIMD_OPCODES.traps[code] === 1 ? TRAIT.SIMD | TRAIT.TRAPS : TRAIT.SIMD
      if (SIMD_MAKES_NAN[code] === 1) state.traits |= TRAIT.MAKES_NAN
    } else if (prefix === OP.MISC) {
      validateMisc(state, readMiscOpcode(reader))
    } else if (prefix === OP.ATOMIC) {
      validateAtomic(state)
    } else if (prefix === OP.GC || prefix === 0xd3) {
      throw unsupported(reader.offset - 1, 'garbage collection (gc)')
    } else {
      throw malformed(reader.offset - 1, 'an instruction')
    }
  }

  #vectorImmediate(code: number): void {
    const { reader, place } = this.#state
    const kind = SIMD_OPCODES.immediate[code]
    if (kind === IMMEDIATE.BYTES_16) {
      const start = reader.offset
      reader.skip(VECTOR_SIZE, 'a v128')
      if (code !== SHUFFLE) return
      for (let at = start; at < reader.offset; at++) {
        if ((reader.bytes[at] as number) >= SHUFFLE_LANES) throw place.fail('a lane of a shuffle is from 0 to 31', at)
      }
      return
    }
    if (kind === IMMEDIATE.MEMORY || kind === IMMEDIATE.MEMORY_LANE) {
      this.#memoryArgument(SIMD_SIGNATURES.alignment[code] as number)
    }
    if (kind !== IMMEDIATE.LANE && kind !== IMMEDIATE.MEMORY_LANE) return
    const at = reader.offset
    const count = LANE_COUNTS[code] as number
    if (reader.byte('a lane') >= count) throw place.fail(`a lane is from 0 to ${count - 1}`, at)
  }

  #memoryArgument(alignmentMax: number): void {
    const { reader, place, module } = this.#state
    const at = reader.offset
    const alignment = readMemoryArgument(reader)
    if (alignment > alignmentMax) {
      throw place.fail(`the alignment 2^${alignment} is larger than the natural one, 2^${alignmentMax}`, at)
    }
    if (module.memory === undefined) throw place.fail('unknown memory 0, there are 0', at)
  }

  #memoryIndex(): void {
    const { reader, place, module } = this.#state
    const at = reader.offset
    readMemoryIndex(reader)
    if (module.memory === undefined) throw place.fail('unknown memory 0, there are 0', at)
  }
}
