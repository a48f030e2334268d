import { ByteReader, invalid } from '../binary/byte-reader.ts'
import { valueTypeName } from '../binary/value-type.ts'
import { OP } from '../code/opcodes.ts'
import type { ModuleError } from '../module-error.ts'
import { ATOMIC_SIGNATURES, MAIN_SIGNATURES, MISC_SIGNATURES } from './instructions.ts'
import { SIMD_SIGNATURES } from './simd-instructions.ts'

/** Where validation is, for the words of its errors. */
export class BodyPlace {
  /** offset of the instruction */
  at = 0
  functionIndex = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The error for a problem of this instruction, or of its immediate at byte `at`. */
  fail(problem: string, at: number = this.at): ModuleError {
    return invalid(at, problem, this.functionIndex)
  }

  /** The error for an operand of type `found`, or for one that is missing. */
  mismatch(needed: string, found: number | undefined): ModuleError {
    const what = found === undefined ? 'nothing' : valueTypeName(found)
    return this.fail(`type mismatch: ${instructionName(this.#bytes, this.at)} needs ${needed}, found ${what}`)
  }
}

function instructionName(bytes: Uint8Array, at: number): string {
  const reader = new ByteReader(bytes, at)
  const opcode = reader.byte('an instruction')
  const table =
    opcode === OP.MISC
      ? MISC_SIGNATURES
      : opcode === OP.SIMD
        ? SIMD_SIGNATURES
        : opcode === OP.ATOMIC
          ? ATOMIC_SIGNATURES
          : undefined
  const name = table === undefined ? MAIN_SIGNATURES.names[opcode] : table.names[reader.u32('an opcode')]
  return name ?? 'the instruction'
}
