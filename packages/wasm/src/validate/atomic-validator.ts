import { malformed, unsupported } from '../binary/byte-reader.ts'
import { readMemoryArgument } from '../code/immediates.ts'
import { ATOMIC_OP } from '../code/opcodes.ts'
import { TRAIT } from '../code/scan-code.ts'
import type { BodyState } from './body-state.ts'
import { ATOMIC_SIGNATURES } from './instructions.ts'

/** Validates an instruction after 0xfe, whose alignment has to be the natural one. */
export function validateAtomic(state: BodyState): void {
  const { reader, operands, place, module, features } = state
  if (features.threads !== true) throw unsupported(place.at, 'atomic instructions (threads)')
  const codeAt = reader.offset
  const code = reader.u32('an opcode after 0xfe')
  if (code > ATOMIC_OP.LAST || ATOMIC_SIGNATURES.names[code] === undefined)
    throw malformed(codeAt, 'an atomic instruction')
  const at = reader.offset
  if (code === ATOMIC_OP.FENCE) {
    if (reader.byte('the order of a fence') !== 0) throw malformed(at, 'the order of a fence, 0')
    return
  }
  const natural = ATOMIC_SIGNATURES.alignment[code] as number
  const alignment = readMemoryArgument(reader)
  if (alignment !== natural) throw place.fail(`the alignment 2^${alignment} is not the natural one, 2^${natural}`, at)
  if (module.memory === undefined) throw place.fail('unknown memory 0, there are 0', at)
  const { top, second, third, result } = ATOMIC_SIGNATURES
  for (const table of [top, second, third]) {
    const type = table[code] as number
    if (type !== 0) operands.pop(type)
  }
  const pushed = result[code] as number
  if (pushed !== 0) operands.push(pushed)
  state.traits |= TRAIT.TRAPS
  // The run may end before these, for want of fuel, so they are not straight-line code.
  if (code <= ATOMIC_OP.WAIT_LAST) state.traits |= TRAIT.BRANCHES
}
