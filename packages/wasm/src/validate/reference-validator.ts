import {
  BOTTOM,
  functionReference,
  I32,
  REFERENCE_FIRST,
  readHeapType,
  referenceType,
  withoutNull,
} from '../binary/value-type.ts'
import { OP } from '../code/opcodes.ts'
import { TRAIT } from '../code/scan-code.ts'
import type { BodyState } from './body-state.ts'

const TABLE_GET = 0x25
const TABLE_SET = 0x26
const REF_IS_NULL = 0xd1

/** Validates a `select` without types, which takes two numbers or vectors of one type. */
export function validateSelect({ operands, place }: BodyState): void {
  operands.pop(I32)
  const right = operands.popAny()
  const left = operands.popAny()
  if (left >= REFERENCE_FIRST || right >= REFERENCE_FIRST) {
    throw place.mismatch('numbers or vectors, or a type of its own', left >= REFERENCE_FIRST ? left : right)
  }
  if (left !== right && left !== BOTTOM && right !== BOTTOM) throw place.mismatch('two operands of one type', right)
  operands.push(left === BOTTOM ? right : left)
}

/** Validates an instruction on globals, tables or references that moves no control. */
export function validateReference(state: BodyState, opcode: number): void {
  const { operands, module, reader, place } = state
  const at = reader.offset
  switch (opcode) {
    case OP.GLOBAL_GET:
      operands.push(module.globalTypes[state.index('global', module.globalCount)] as number)
      return
    case OP.GLOBAL_SET: {
      const index = state.index('global', module.globalCount)
      if (module.globalIsMutable[index] !== true) throw place.fail(`global ${index} is immutable`, at)
      operands.pop(module.globalTypes[index] as number)
      return
    }
    case TABLE_GET:
    case TABLE_SET: {
      const type = module.tableTypes[state.index('table', module.tableTypes.length)] as number
      if (opcode === TABLE_SET) operands.pop(type)
      operands.pop(I32)
      if (opcode === TABLE_GET) operands.push(type)
      state.traits |= TRAIT.TRAPS
      return
    }
    case OP.REF_NULL: {
      const type = referenceType(readHeapType(reader, module.canonicalTypes), true)
      state.noteType(type)
      operands.push(type)
      return
    }
    case OP.REF_FUNC: {
      const index = state.index('function', module.functionTypes.length)
      if (module.declared[index] !== 1) throw place.fail(`undeclared reference to function ${index}`, at)
      const canonical = module.canonicalTypes[module.functionTypes[index] as number] as number
      operands.push(functionReference(canonical, false))
      return
    }
    case REF_IS_NULL:
      operands.popReference()
      operands.push(I32)
      return
    default: // ref.as_non_null
      operands.push(withoutNull(operands.popReference()))
      state.traits |= TRAIT.TRAPS
  }
}
