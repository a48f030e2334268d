/** Reads an LEB128 integer of up to 32 bits, without checks. */
export function readLeb(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0
  let next = at
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next++] ?? 0
    if (shift < 32) value |= (byte & 0x7f) << shift
    if (byte < 0x80) return { value: value >>> 0, next }
  }
}

/** An unsigned LEB128 integer, with `extra` bytes more than it needs. */
export function u32(value: number, extra = 0): number[] {
  const bytes: number[] = []
  let rest = value >>> 0
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  for (let index = 0; index < extra; index++) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80
    bytes.push(0)
  }
  return bytes
}
