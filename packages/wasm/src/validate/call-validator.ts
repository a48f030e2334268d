import { FUNCREF, functionReference, I32, isSubtype, valueTypeName } from '../binary/value-type.ts'
import { OP } from '../code/opcodes.ts'
import { CALLED, TRAIT } from '../code/scan-code.ts'
import type { FunctionType } from '../module.ts'
import type { BodyState } from './body-state.ts'

/** Validates a call of any kind: direct, through a table, of a reference, and each as a tail call. */
export function validateCall(state: BodyState, opcode: number): void {
  const { operands, module } = state
  const type = opcode === OP.CALL || opcode === OP.RETURN_CALL ? directType(state, opcode) : indirectType(state, opcode)
  const { paramTypes, resultTypes } = module.types[type] as FunctionType
  state.traits |= TRAIT.CALLS
  if (opcode !== OP.RETURN_CALL && opcode !== OP.RETURN_CALL_INDIRECT && opcode !== OP.RETURN_CALL_REF) {
    operands.popMany(paramTypes)
    operands.pushMany(resultTypes)
    return
  }
  state.traits |= TRAIT.TAIL_CALLS | TRAIT.BRANCHES
  operands.checkTop(paramTypes)
  const { results } = state
  operands.count(results.length)
  if (
    results.length !== resultTypes.length ||
    !resultTypes.every((each, index) => isSubtype(each, results[index] ?? 0))
  ) {
    const [needed, found] = [results, resultTypes].map((types) => types.map(valueTypeName).join(' ') || 'nothing')
    throw state.place.fail(`type mismatch: the tail call needs a callee with the results ${needed}, found ${found}`)
  }
  operands.setUnreachable()
}

function directType(state: BodyState, opcode: number): number {
  const { called, module } = state
  const callee = state.index('function', module.functionTypes.length)
  const how = opcode === OP.CALL ? CALLED.DIRECTLY : CALLED.DIRECTLY | CALLED.BY_TAIL
  called[callee] = (called[callee] as number) | how
  return module.functionTypes[callee] as number
}

function indirectType(state: BodyState, opcode: number): number {
  const { operands, module, reader, place } = state
  const type = state.index('type', module.types.length)
  state.traits |= TRAIT.TRAPS
  if (opcode === OP.CALL_REF || opcode === OP.RETURN_CALL_REF) {
    operands.pop(functionReference(module.canonicalTypes[type] as number, true))
    return type
  }
  const at = reader.offset
  const table = module.tableTypes[state.index('table', module.tableTypes.length)] as number
  if (!isSubtype(table, FUNCREF)) {
    throw place.fail(`type mismatch: an indirect call needs a table of funcref, found ${valueTypeName(table)}`, at)
  }
  operands.pop(I32)
  return type
}
