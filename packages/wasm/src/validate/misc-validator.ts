import { I32, isSubtype, valueTypeName } from '../binary/value-type.ts'
import { readMemoryIndex } from '../code/immediates.ts'
import { MISC_OP } from '../code/opcodes.ts'
import { isBulk, TRAIT } from '../code/scan-code.ts'
import type { BodyState } from './body-state.ts'
import { MISC_SIGNATURES } from './instructions.ts'

/** Validates an instruction after 0xfc: saturating conversions, and operations on memory, tables and segments. */
export function validateMisc(state: BodyState, code: number): void {
  const { operands } = state
  if (isBulk(code)) state.traits |= TRAIT.BULK | TRAIT.TRAPS
  if (code >= MISC_OP.MEMORY_INIT) validateIndices(state, code)
  if (code >= MISC_OP.TABLE_GROW) return
  const { top, second, third, result } = MISC_SIGNATURES
  if (top[code] !== 0) operands.pop(top[code] as number)
  if (second[code] !== 0) {
    operands.pop(second[code] as number)
    operands.pop(third[code] as number)
  }
  if (result[code] !== 0) operands.push(result[code] as number)
}

function validateIndices(state: BodyState, code: number): void {
  const { operands } = state
  switch (code) {
    case MISC_OP.MEMORY_INIT:
      dataIndex(state)
      memoryIndex(state)
      return
    case MISC_OP.DATA_DROP:
      dataIndex(state)
      return
    case MISC_OP.MEMORY_COPY:
      memoryIndex(state)
      memoryIndex(state)
      return
    case MISC_OP.MEMORY_FILL:
      memoryIndex(state)
      return
    case MISC_OP.TABLE_INIT: {
      const source = elementIndex(state)
      checkEntries(state, source, tableIndex(state))
      return
    }
    case MISC_OP.ELEM_DROP:
      elementIndex(state)
      return
    case MISC_OP.TABLE_COPY: {
      const target = tableIndex(state)
      checkEntries(state, tableIndex(state), target)
      return
    }
    case MISC_OP.TABLE_SIZE:
      tableIndex(state)
      operands.push(I32)
      return
    default: {
      const type = tableIndex(state)
      operands.pop(I32)
      operands.pop(type)
      if (code === MISC_OP.TABLE_GROW) operands.push(I32)
      else operands.pop(I32)
    }
  }
}

function checkEntries({ place }: BodyState, source: number, target: number): void {
  if (isSubtype(source, target)) return
  throw place.mismatch(`entries of ${valueTypeName(target)}`, source)
}

function tableIndex(state: BodyState): number {
  const { tableTypes } = state.module
  return tableTypes[state.index('table', tableTypes.length)] as number
}

function elementIndex(state: BodyState): number {
  const { elementTypes } = state.module
  return elementTypes[state.index('element segment', elementTypes.length)] as number
}

function dataIndex(state: BodyState): void {
  const { dataCount } = state.module
  if (dataCount === undefined) throw state.place.fail('a data count section is needed')
  state.index('data segment', dataCount)
}

function memoryIndex({ reader, place, module }: BodyState): void {
  const at = reader.offset
  readMemoryIndex(reader)
  if (module.memory === undefined) throw place.fail('unknown memory 0, there are 0', at)
}
