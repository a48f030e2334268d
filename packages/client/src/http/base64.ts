import { type Schema, SchemaError } from '@blockless/core'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
/** Arguments of one `String.fromCharCode`: engines limit them. */
const STRIDE = 8_192

/** Base64 of bytes, in Node and in browsers. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let index = 0; index < bytes.length; index += STRIDE) {
    binary += String.fromCharCode(...bytes.subarray(index, index + STRIDE))
  }
  return btoa(binary)
}

/** Bytes that JSON spells in base64, at most `sizeMax`. */
export function base64(sizeMax: number): Schema<Uint8Array> {
  const expected = `at most ${sizeMax} bytes in base64`
  return {
    check(value, path) {
      if (value instanceof Uint8Array && value.length <= sizeMax) return value
      throw new SchemaError(path, expected, value)
    },
    toJson: toBase64,
    fromJson(json, path) {
      const isText = typeof json === 'string' && json.length % 4 === 0 && json.length <= Math.ceil(sizeMax / 3) * 4
      if (!isText || !BASE64.test(json)) throw new SchemaError(path, expected, json)
      return Uint8Array.from(atob(json), (char) => char.charCodeAt(0))
    },
    jsonSchema: () => ({ type: 'string', contentEncoding: 'base64' }),
  }
}
