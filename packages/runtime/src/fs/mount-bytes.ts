import { filesOf, type Mount } from './mount.ts'

const HEAD_SIZE = 4

/** Mounts as bytes: the size of their description as u32, the description as JSON, then the files of each in turn. */
export function encodeMounts(mounts: readonly Mount[]): Uint8Array {
  const described = mounts.map((mount) => ({ ...mount, files: undefined, filesSize: filesOf(mount)?.length }))
  const text = new TextEncoder().encode(JSON.stringify(described))
  const parts = mounts.flatMap((mount) => filesOf(mount) ?? [])
  const size = parts.reduce((sum, part) => sum + part.length, HEAD_SIZE + text.length)
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  bytes.set(text, HEAD_SIZE)
  let at = HEAD_SIZE + text.length
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** The mounts in bytes that {@link encodeMounts} has made; their files are views. */
export function decodeMounts(bytes: Uint8Array): Mount[] {
  const textSize = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true)
  const text = new TextDecoder().decode(bytes.subarray(HEAD_SIZE, HEAD_SIZE + textSize))
  let at = HEAD_SIZE + textSize
  return (JSON.parse(text) as (Mount & { filesSize?: number })[]).map(({ filesSize, ...mount }) => {
    if (filesSize === undefined) return mount
    const files = bytes.subarray(at, at + filesSize)
    at += filesSize
    return { ...mount, files }
  })
}
