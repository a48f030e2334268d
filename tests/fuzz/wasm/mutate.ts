import type { Dice } from '../support/dice.ts'
import { instructionEnd } from './instruction-end.ts'
import { readLeb, u32 } from './leb.ts'
import { type BodyParts, concat, type ModuleParts, putTogether, type SectionParts, takeApart } from './module-parts.ts'
import { integer, operator, snippet, valueType } from './snippets.ts'

const STEPS_MAX = 4

/** Changes a module in a few places; most changes keep its sections and instructions whole. */
export function mutate(original: Uint8Array, donor: Uint8Array, dice: Dice): Uint8Array {
  let bytes = original
  for (let steps = 1 + dice.below(1 + dice.below(STEPS_MAX)); steps > 0; steps--) {
    const parts = dice.chance(0.98) ? takeApart(bytes) : undefined
    bytes = parts === undefined ? mutateBytes(bytes, dice) : mutateParts(parts, donor, dice)
  }
  return bytes
}

/** Changes single bytes, wherever they are. */
function mutateBytes(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length + 1)
  const size = dice.below(4)
  switch (dice.below(6)) {
    case 0:
      return replaceRange(bytes, at, Math.min(at + size, bytes.length), [])
    case 1:
      return replaceRange(bytes, at, at, integer(dice))
    case 2:
      return replaceRange(bytes, at, Math.min(at + 1, bytes.length), valueType(dice))
    case 3:
      return replaceRange(bytes, at, at, bytes.subarray(at, at + size))
    case 4:
      return dice.chance(0.05)
        ? bytes.slice(0, at)
        : replaceRange(bytes, at, Math.min(at + 1, bytes.length), integer(dice))
    default:
      return replaceRange(bytes, at, Math.min(at + 1, bytes.length), [dice.below(256)])
  }
}

function replaceRange(bytes: Uint8Array, start: number, end: number, replacement: ArrayLike<number>): Uint8Array {
  return concat([bytes.subarray(0, start), replacement, bytes.subarray(Math.max(start, end))])
}

function mutateParts(parts: ModuleParts, donor: Uint8Array, dice: Dice): Uint8Array {
  const code = parts.sections.find((section) => section.kind === 'code')
  if (code?.kind === 'code' && code.bodies.length > 0 && dice.chance(0.8)) {
    mutateBody(dice.pick(code.bodies), code.bodies, dice)
  } else if (parts.sections.length > 0) {
    mutateSection(parts.sections, donor, dice)
  }
  return putTogether(parts)
}

function mutateSection(sections: SectionParts[], donor: Uint8Array, dice: Dice): void {
  const index = dice.below(sections.length)
  const section = sections[index] as SectionParts
  const kind = dice.below(16)
  if (kind === 0) {
    sections.splice(index, 1)
  } else if (kind === 1) {
    const other = takeApart(donor)?.sections.find(({ id }) => id === section.id)
    if (other !== undefined) sections[index] = other
  } else if (kind === 2) {
    const others = takeApart(donor)?.sections ?? []
    const other = others.find(({ id }) => sections.every((own) => own.id !== id))
    if (other !== undefined) insertInOrder(sections, other)
  } else if (section.kind === 'code') {
    mutateBodies(section.bodies, donor, dice)
  } else if (kind === 3) {
    const count = readLeb(section.bytes, 0)
    const changed = Math.max(0, count.value + (dice.chance(0.5) ? 1 : -1))
    section.bytes = concat([u32(changed), section.bytes.subarray(count.next)])
  } else {
    section.bytes = mutateBytes(section.bytes, dice)
  }
}

/** Order of sections in a module: tag after memory, data count before code. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

function insertInOrder(sections: SectionParts[], added: SectionParts): void {
  const rank = ORDER.indexOf(added.id)
  const place = sections.findIndex(({ id }) => ORDER.indexOf(id) > rank)
  sections.splice(place < 0 ? sections.length : place, 0, added)
}

function mutateBodies(bodies: BodyParts[], donor: Uint8Array, dice: Dice): void {
  const other = takeApart(donor)?.sections.find((section) => section.kind === 'code')
  const index = dice.below(bodies.length + 1)
  if (other?.kind === 'code' && other.bodies.length > 0 && dice.chance(0.7)) {
    bodies.splice(index, 1, dice.pick(other.bodies))
  } else if (dice.chance(0.5)) {
    bodies.splice(index, 1)
  } else if (bodies.length > 0) {
    bodies.splice(index, 0, dice.pick(bodies))
  }
}

function mutateBody(body: BodyParts, bodies: readonly BodyParts[], dice: Dice): void {
  const { instructions } = body
  const at = dice.below(instructions.length + 1)
  const own = instructions[at]
  switch (dice.below(12)) {
    case 0:
      instructions.splice(at, 1)
      break
    case 1:
      instructions.splice(at, 1 + dice.below(4))
      break
    case 2:
      instructions.splice(at, 0, operator(dice))
      break
    case 3:
      instructions.splice(at, 0, ...instructions.slice(at, at + 1 + dice.below(4)))
      break
    case 4: {
      const { instructions: others } = dice.pick(bodies)
      const start = dice.below(others.length)
      instructions.splice(at, dice.below(3), ...others.slice(start, start + 1 + dice.below(6)))
      break
    }
    case 5:
      body.locals = mutateLocals(body.locals, dice)
      break
    case 6:
      if (own !== undefined) instructions.splice(dice.below(instructions.length), 0, own)
      break
    case 7:
    case 8:
      if (own !== undefined && own.length > 1) instructions[at] = mutateImmediate(own, dice)
      break
    case 9:
      if (own !== undefined) instructions[at] = mutateOpcode(own, dice)
      break
    default:
      instructions.splice(at, dice.below(2), snippet(dice))
  }
}

function mutateLocals(locals: Uint8Array, dice: Dice): Uint8Array {
  if (dice.chance(0.3)) return mutateBytes(locals, dice)
  const count = readLeb(locals, 0)
  const groupSize = dice.chance(0.1) ? integer(dice) : [dice.below(3)]
  return concat([u32(count.value + 1), locals.subarray(count.next), groupSize, valueType(dice)])
}

function mutateImmediate(instruction: Uint8Array, dice: Dice): Uint8Array {
  const at = 1 + dice.below(instruction.length - 1)
  const near = ((instruction[at] as number) + (dice.chance(0.5) ? 1 : 0xff)) & 0xff
  if (dice.chance(0.5)) return replaceRange(instruction, at, at + 1, [near])
  if (dice.chance(0.3)) return replaceRange(instruction, at, at + 1, valueType(dice))
  return replaceRange(instruction, at, at + 1, integer(dice))
}

/** Another opcode; where it has as many immediates, the rest of the body stays in step. */
function mutateOpcode(instruction: Uint8Array, dice: Dice): Uint8Array {
  for (let attempt = 0; attempt < 8; attempt++) {
    const changed = instruction.slice()
    changed[0] = dice.below(256)
    if (instructionEnd(changed, 0) === changed.length) return changed
  }
  return instruction
}
