import { readLeb } from './leb.ts'

/** How many LEB128 integers follow an opcode, by range; opcodes not listed have none. */
const INTEGERS: readonly (readonly [first: number, last: number, count: number])[] = [
  [0x07, 0x09, 1],
  [0x0c, 0x0d, 1],
  [0x10, 0x10, 1],
  [0x11, 0x11, 2],
  [0x12, 0x12, 1],
  [0x13, 0x13, 2],
  [0x14, 0x15, 1],
  [0x18, 0x18, 1],
  [0x20, 0x26, 1],
  [0x28, 0x3e, 2],
  [0x3f, 0x42, 1],
  [0xd0, 0xd0, 1],
  [0xd2, 0xd2, 1],
  [0xd5, 0xd6, 1],
]
const MISC_INTEGERS: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1]
const COUNTS = new Uint8Array(256)
for (const [first, last, count] of INTEGERS) COUNTS.fill(count, first, last + 1)

/** Where the instruction at `at` ends; undefined if it is not known. */
export function instructionEnd(bytes: Uint8Array, at: number): number | undefined {
  const opcode = bytes[at] as number
  switch (opcode) {
    case 0x02: // block, loop, if, try
    case 0x03:
    case 0x04:
    case 0x06:
      return blockTypeEnd(bytes, at + 1)
    case 0x0e: // br_table
      return integersEnd(bytes, readLeb(bytes, at + 1).next, readLeb(bytes, at + 1).value + 1)
    case 0x1c: // select with types
      return typesEnd(bytes, at + 1)
    case 0x1f: // try_table
      return catchesEnd(bytes, blockTypeEnd(bytes, at + 1))
    case 0x43: // f32.const
      return at + 5
    case 0x44: // f64.const
      return at + 9
    case 0xfb:
      return undefined
    case 0xfc: {
      const code = readLeb(bytes, at + 1)
      return integersEnd(bytes, code.next, MISC_INTEGERS[code.value] ?? 0)
    }
    case 0xfd:
      return vectorEnd(bytes, at)
    case 0xfe: {
      const code = readLeb(bytes, at + 1)
      return code.value === 3 ? code.next + 1 : integersEnd(bytes, code.next, 2)
    }
    default:
      return integersEnd(bytes, at + 1, COUNTS[opcode] as number)
  }
}

function integersEnd(bytes: Uint8Array, at: number, count: number): number {
  let end = at
  for (let index = 0; index < count && end < bytes.length; index++) end = readLeb(bytes, end).next
  return end
}

function blockTypeEnd(bytes: Uint8Array, at: number): number {
  return bytes[at] === 0x63 || bytes[at] === 0x64 ? readLeb(bytes, at + 1).next : readLeb(bytes, at).next
}

function typesEnd(bytes: Uint8Array, at: number): number {
  const count = readLeb(bytes, at)
  let end = count.next
  for (let index = 0; index < count.value && end < bytes.length; index++) end = blockTypeEnd(bytes, end)
  return end
}

function catchesEnd(bytes: Uint8Array, at: number): number {
  const count = readLeb(bytes, at)
  let end = count.next
  for (let index = 0; index < count.value && end < bytes.length; index++) {
    const kind = bytes[end] as number
    end = integersEnd(bytes, end + 1, kind < 2 ? 2 : 1)
  }
  return end
}

function vectorEnd(bytes: Uint8Array, at: number): number {
  const { value, next } = readLeb(bytes, at + 1)
  if (value <= 0x0b || value === 0x5c || value === 0x5d) return integersEnd(bytes, next, 2)
  if (value === 0x0c || value === 0x0d) return next + 16
  if (value >= 0x15 && value <= 0x22) return next + 1
  if (value >= 0x54 && value <= 0x5b) return integersEnd(bytes, next, 2) + 1
  return next
}
