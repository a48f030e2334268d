/**
 * Arguments or environment variables as WASI lays them out: `count` texts in UTF-8, each closed by NUL.
 *
 * The host builds it once and the guest's thread copies it into the guest as it is.
 */
export interface TextTable {
  readonly count: number
  readonly bytes: Uint8Array
}

/** Texts one after the other, each closed by NUL. @throws {RangeError} if a text holds NUL itself */
export function encodeTextTable(texts: readonly string[]): TextTable {
  if (texts.some((text) => text.includes('\0'))) throw new RangeError('Cannot pass text to guest: it contains NUL')
  return { count: texts.length, bytes: new TextEncoder().encode(texts.map((text) => `${text}\0`).join('')) }
}

/** The texts of a table. */
export function decodeTextTable(table: TextTable): string[] {
  return new TextDecoder().decode(table.bytes).split('\0').slice(0, table.count)
}

/** `NAME=value` texts in the order of their names' UTF-8 bytes, so that every node gives the guest the same order. */
export function environmentTexts(env: Readonly<Record<string, string>>): string[] {
  const encoder = new TextEncoder()
  return Object.keys(env)
    .map((name) => ({ name, key: encoder.encode(name) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ name }) => `${name}=${env[name]}`)
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length)
  for (let index = 0; index < size; index++) {
    const difference = (a[index] as number) - (b[index] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
