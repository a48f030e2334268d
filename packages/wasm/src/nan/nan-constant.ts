const F32_SIZE = 4

/** Whether the little-endian constant in `bytes[start, end)`, an f32, f64 or v128, has a NaN in lanes of either size. */
export function isNanConstant(bytes: Uint8Array, start: number, end: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
  const size = end - start
  for (let at = 0; size !== 8 && at < size; at += F32_SIZE) if (Number.isNaN(view.getFloat32(at, true))) return true
  for (let at = 0; at + 8 <= size; at += 8) if (Number.isNaN(view.getFloat64(at, true))) return true
  return false
}
