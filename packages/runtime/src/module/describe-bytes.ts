/** Beginnings of what people upload instead of a module. */
const BEGINNINGS: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00], 'a WebAssembly component; build a core module for wasm32-wasip1'],
  [[0x00, 0x61, 0x73, 0x6d], 'WebAssembly of another version, or a damaged module'],
  [[0x1f, 0x8b], 'gzip; unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'Zstandard; unpack it first'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive; take the .wasm file out of it'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a native Linux program; compile it for wasm32-wasip1'],
  [[0xcf, 0xfa, 0xed, 0xfe], 'a native macOS program; compile it for wasm32-wasip1'],
  [[0x4d, 0x5a], 'a native Windows program; compile it for wasm32-wasip1'],
  [[0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e], 'a static library; link it first'],
  [[0x42, 0x43, 0xc0, 0xde], 'LLVM bitcode; compile it for wasm32-wasip1'],
]
const TEXT_SAMPLE_SIZE = 256

/** What bytes that are not a module look like, in words, and what to do with them. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'empty'
  const known = BEGINNINGS.find(([start]) => start.every((byte, index) => bytes[index] === byte))
  if (known !== undefined) return known[1]
  const sample = bytes.subarray(0, TEXT_SAMPLE_SIZE)
  if (!sample.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte !== 127))) {
    return 'unknown binary data'
  }
  const text = new TextDecoder().decode(sample).trimStart()
  if (text.startsWith('(module') || text.startsWith(';;')) return 'WebAssembly text; compile it with wat2wasm'
  if (text.startsWith('<')) return 'an HTML or XML page; check the address it was fetched from'
  if (text.startsWith('version https://git-lfs')) return 'a Git LFS pointer; fetch the file it points to'
  return text.startsWith('{') ? 'JSON text' : 'text'
}
