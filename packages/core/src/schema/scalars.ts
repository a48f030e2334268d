import { CID } from 'multiformats/cid'
import { fromHex, toHex } from '../bytes.ts'
import type { Schema } from './schema.ts'
import { SchemaError } from './schema-error.ts'

const HEX = /^(?:[0-9a-f]{2})*$/

/** A whole number, `min..max`, within the range that JSON and JavaScript keep exactly. */
export function integer(min: number, max: number): Schema<number> {
  const expected = `a whole number from ${min} to ${max}`
  const check = (value: unknown, path: string): number => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new SchemaError(path, expected, value)
    }
    return value === 0 ? 0 : value // -0 would encode as a float
  }
  return {
    check,
    fromJson: check,
    toJson: (value) => value,
    jsonSchema: () => ({ type: 'integer', minimum: min, maximum: max }),
  }
}

/** Decoders of UTF-8 take it off the beginning of a text, so a text that begins with it is not the same everywhere. */
const BYTE_ORDER_MARK = '\ufeff'

/** Whether a text survives UTF-8 unchanged: no half of a surrogate pair, no byte order mark in front. */
export function isUnicode(value: string): boolean {
  return value.isWellFormed() && !value.startsWith(BYTE_ORDER_MARK)
}

/** Unicode text of at most `lengthMax` UTF-16 units, matching `pattern` if one is given. */
export function text(lengthMax: number, pattern?: RegExp, what = 'text'): Schema<string> {
  const expected = `${what} of at most ${lengthMax} characters`
  const check = (value: unknown, path: string): string => {
    const fits = typeof value === 'string' && value.length <= lengthMax && isUnicode(value)
    if (!fits || (pattern !== undefined && !pattern.test(value))) throw new SchemaError(path, expected, value)
    return value
  }
  const source = pattern === undefined ? {} : { pattern: pattern.source }
  return {
    check,
    fromJson: check,
    toJson: (value) => value,
    jsonSchema: () => ({ type: 'string', maxLength: lengthMax, ...source }),
  }
}

/** One of the given words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Schema<Word> {
  const expected = `one of ${words.map((word) => `"${word}"`).join(', ')}`
  const check = (value: unknown, path: string): Word => {
    const word = words.find((candidate) => candidate === value)
    if (word === undefined) throw new SchemaError(path, expected, value)
    return word
  }
  return { check, fromJson: check, toJson: (value) => value, jsonSchema: () => ({ enum: [...words] }) }
}

/** Exactly this number; for version fields. */
export function literal<const Value extends number>(value: Value): Schema<Value> {
  const check = (found: unknown, path: string): Value => {
    if (found !== value) throw new SchemaError(path, String(value), found)
    return value
  }
  return { check, fromJson: check, toJson: (found) => found, jsonSchema: () => ({ const: value }) }
}

/** True or false. */
export function flag(): Schema<boolean> {
  const check = (value: unknown, path: string): boolean => {
    if (typeof value !== 'boolean') throw new SchemaError(path, 'true or false', value)
    return value
  }
  return { check, fromJson: check, toJson: (value) => value, jsonSchema: () => ({ type: 'boolean' }) }
}

/** Exactly `size` bytes; hexadecimal in JSON. */
export function bytes(size: number): Schema<Uint8Array> {
  return bytesOf(`${size} bytes`, (found) => found === size, { minLength: size * 2, maxLength: size * 2 })
}

/** At most `sizeMax` bytes; hexadecimal in JSON. */
export function blob(sizeMax: number): Schema<Uint8Array> {
  return bytesOf(`at most ${sizeMax} bytes`, (found) => found <= sizeMax, { maxLength: sizeMax * 2 })
}

function bytesOf(expected: string, fits: (size: number) => boolean, limits: object): Schema<Uint8Array> {
  return {
    check(value, path) {
      if (!(value instanceof Uint8Array) || !fits(value.length)) throw new SchemaError(path, expected, value)
      return value
    },
    toJson: (value) => toHex(value),
    fromJson(json, path) {
      if (typeof json !== 'string' || !fits(json.length / 2) || !HEX.test(json)) {
        throw new SchemaError(path, `${expected} as lowercase hexadecimal`, json)
      }
      return fromHex(json)
    },
    jsonSchema: () => ({ type: 'string', pattern: HEX.source, ...limits }),
  }
}

/** A content identifier; version 1 in base32 text in JSON. */
export function cid(): Schema<CID> {
  return {
    check(value, path) {
      const found = CID.asCID(value)
      const fits = found !== null && found.version === 1 && found.bytes.length <= CID_SIZE_MAX
      if (!fits) throw new SchemaError(path, 'a CID of version 1', value)
      return found
    },
    toJson: (value) => value.toString(),
    fromJson(json, path) {
      const found = typeof json === 'string' && json.length <= CID_TEXT_LENGTH_MAX ? tryParseCid(json) : undefined
      if (found === undefined || found.toString() !== json) throw new SchemaError(path, 'a CID of version 1', json)
      return found
    },
    jsonSchema: () => ({ type: 'string', pattern: '^b[a-z2-7]+$', maxLength: CID_TEXT_LENGTH_MAX }),
  }
}

/** More than any CID of a 512-bit hash needs; without a limit an identity CID would carry any amount of data. */
const CID_SIZE_MAX = 96
/** Length of `CID_SIZE_MAX` bytes in base32 with its prefix, so that both forms hold the same CIDs. */
const CID_TEXT_LENGTH_MAX = 155

function tryParseCid(source: string): CID | undefined {
  try {
    const found = CID.parse(source)
    return found.version === 1 ? found : undefined
  } catch {
    return undefined
  }
}
