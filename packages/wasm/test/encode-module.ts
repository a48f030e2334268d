/** Unsigned LEB128. */
export function u32(value: number): number[] {
  const low = value % 0x80
  return value < 0x80 ? [low] : [low | 0x80, ...u32(Math.floor(value / 0x80))]
}

/** A section of a vector with these entries. */
export function section(id: number, ...entries: (readonly number[])[]): number[] {
  const contents = [...u32(entries.length), ...entries.flat()]
  return [id, ...u32(contents.length), ...contents]
}

/** The body of a function without locals, with its size and end. */
export function body(...code: readonly number[]): number[] {
  return bodyWithLocals([], ...code)
}

/** The body of a function with these groups of locals. */
export function bodyWithLocals(groups: readonly (readonly number[])[], ...code: readonly number[]): number[] {
  const contents = [...u32(groups.length), ...groups.flat(), ...code, 0x0b]
  return [...u32(contents.length), ...contents]
}

/** A module of these sections. */
export function moduleOf(...sections: (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...sections.flat()])
}
