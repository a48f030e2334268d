import { instructionEnd } from './instruction-end.ts'
import { readLeb, u32 } from './leb.ts'

/** A module in pieces that can be moved about: sizes and counts are made anew when it is put together. */
export interface ModuleParts {
  readonly sections: SectionParts[]
}

/** A section: as it is, or as the entries of its vector, or as function bodies. */
export type SectionParts =
  | { readonly kind: 'bytes'; readonly id: number; bytes: Uint8Array }
  | { readonly kind: 'code'; readonly id: number; readonly bodies: BodyParts[] }

/** A function body: its locals, and its instructions one by one. */
export interface BodyParts {
  locals: Uint8Array
  readonly instructions: Uint8Array[]
}

const HEADER: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const CODE = 10

/** Takes a valid module apart; undefined if it cannot be. */
export function takeApart(bytes: Uint8Array): ModuleParts | undefined {
  const sections: SectionParts[] = []
  let at = HEADER.length
  while (at < bytes.length) {
    const id = bytes[at] as number
    const size = readLeb(bytes, at + 1)
    const end = size.next + size.value
    if (end > bytes.length) return undefined
    const contents = bytes.subarray(size.next, end)
    const bodies = id === CODE ? takeBodiesApart(contents) : undefined
    sections.push(bodies === undefined ? { kind: 'bytes', id, bytes: contents } : { kind: 'code', id, bodies })
    at = end
  }
  return { sections }
}

function takeBodiesApart(bytes: Uint8Array): BodyParts[] | undefined {
  const count = readLeb(bytes, 0)
  const bodies: BodyParts[] = []
  let at = count.next
  for (let index = 0; index < count.value; index++) {
    const size = readLeb(bytes, at)
    const end = size.next + size.value
    if (end > bytes.length) return undefined
    const body = takeBodyApart(bytes.subarray(size.next, end))
    if (body === undefined) return undefined
    bodies.push(body)
    at = end
  }
  return at === bytes.length ? bodies : undefined
}

function takeBodyApart(bytes: Uint8Array): BodyParts | undefined {
  const groups = readLeb(bytes, 0)
  let at = groups.next
  for (let index = 0; index < groups.value; index++) {
    if (at >= bytes.length) return undefined
    at = readLeb(bytes, at).next
    const type = bytes[at++]
    if (type === 0x63 || type === 0x64) at = readLeb(bytes, at).next
  }
  const locals = bytes.subarray(0, at)
  const instructions: Uint8Array[] = []
  while (at < bytes.length) {
    const end = instructionEnd(bytes, at)
    if (end === undefined || end > bytes.length) return undefined
    instructions.push(bytes.subarray(at, end))
    at = end
  }
  return { locals, instructions }
}

/** Puts a module together. */
export function putTogether({ sections }: ModuleParts): Uint8Array {
  const chunks: ArrayLike<number>[] = [HEADER]
  for (const section of sections) {
    const contents = section.kind === 'bytes' ? section.bytes : putBodiesTogether(section.bodies)
    chunks.push([section.id], u32(contents.length), contents)
  }
  return concat(chunks)
}

function putBodiesTogether(bodies: readonly BodyParts[]): Uint8Array {
  const chunks: ArrayLike<number>[] = [u32(bodies.length)]
  for (const { locals, instructions } of bodies) {
    const size = instructions.reduce((sum, { length }) => sum + length, locals.length)
    chunks.push(u32(size), locals, ...instructions)
  }
  return concat(chunks)
}

/** The bytes of all chunks, one after the other. */
export function concat(chunks: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    result.set(chunk, at)
    at += chunk.length
  }
  return result
}
