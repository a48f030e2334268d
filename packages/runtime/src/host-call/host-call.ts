/** A JSON object; the only numbers in it are finite, and large integers travel as decimal text. */
export type Fields = { readonly [name: string]: FieldValue }
/** What a field can hold. */
export type FieldValue = string | number | boolean | null | readonly FieldValue[] | Fields

/**
 * What a guest asks of the world outside: `family.verb`, its arguments, and bytes that go along.
 *
 * Guest threads turn imported functions into these; the process that owns the executor decides, performs and records
 * them. One run makes one call at a time, so calls are numbered from 0 and their order is part of the run.
 */
export interface HostCall {
  /** Such as `http.open`: the family before the dot serves it. */
  readonly name: string
  readonly fields: Fields
  readonly bytes: Uint8Array
}

/** What came of a {@link HostCall}; everything in it is deterministic input of the run and is kept in its transcript. */
export interface HostAnswer {
  /** `ok`, `denied` (`fields.missing` says which rule would allow it), `limit`, `timeout`, or a word of the family's own. */
  readonly status: string
  readonly fields: Fields
  readonly bytes: Uint8Array
}

/** Name of the limit after which a run may make no call; the guest is not told but ended. */
export const CALLS_LIMIT = 'callsMax'

const NO_BYTES: Uint8Array = new Uint8Array()

/** A successful answer. */
export function answered(fields: Fields = {}, bytes: Uint8Array = NO_BYTES): HostAnswer {
  return { status: 'ok', fields, bytes }
}

/** An answer that says why not. */
export function refused(status: string, fields: Fields = {}): HostAnswer {
  return { status, fields, bytes: NO_BYTES }
}

/** The bytes of a call: the size of its JSON head as u32, the head, then its bytes. Equal calls have equal bytes. */
export function encodeCall(call: HostCall): Uint8Array<ArrayBuffer> {
  return encode({ name: call.name, fields: call.fields }, call.bytes)
}

/** The call in bytes, its own bytes a view. @throws {RangeError | SyntaxError | TypeError} if they are none */
export function decodeCall(bytes: Uint8Array): HostCall {
  const { head, rest } = decode(bytes)
  return { name: textOf(head, 'name'), fields: fieldsOf(head), bytes: rest }
}

/** The bytes of an answer, laid out like a call's. */
export function encodeAnswer(answer: HostAnswer): Uint8Array<ArrayBuffer> {
  return encode({ status: answer.status, fields: answer.fields }, answer.bytes)
}

/** The answer in bytes, its own bytes a view. @throws {RangeError | SyntaxError | TypeError} if they are none */
export function decodeAnswer(bytes: Uint8Array): HostAnswer {
  const { head, rest } = decode(bytes)
  return { status: textOf(head, 'status'), fields: fieldsOf(head), bytes: rest }
}

function encode(head: Fields, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(head))
  const all = new Uint8Array(4 + text.length + bytes.length)
  new DataView(all.buffer).setUint32(0, text.length, true)
  all.set(text, 4)
  all.set(bytes, 4 + text.length)
  return all
}

function decode(bytes: Uint8Array): { head: Readonly<Record<string, unknown>>; rest: Uint8Array } {
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true)
  if (4 + size > bytes.length) throw new RangeError(`Cannot read host call: its head of ${size} bytes is not all there`)
  const head: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(4, 4 + size)))
  if (!isObject(head)) throw new TypeError('Cannot read host call: its head is no object')
  return { head, rest: bytes.subarray(4 + size) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(head: Readonly<Record<string, unknown>>, name: string): string {
  const value = head[name]
  if (typeof value !== 'string') throw new TypeError(`Cannot read host call: its "${name}" is no text`)
  return value
}

/** JSON holds nothing but field values, so only that it is an object needs a look. */
function fieldsOf(head: Readonly<Record<string, unknown>>): Fields {
  if (!isObject(head.fields)) throw new TypeError('Cannot read host call: its "fields" is no object')
  return head.fields as Fields
}
