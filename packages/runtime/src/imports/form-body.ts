import { isJsonObject } from '../host/shared/json-text.ts'
import { bytesOf } from './http-options.ts'

/** A body with the type that goes into its header; undefined leaves what the guest set. */
export interface TypedBody {
  readonly bytes: Uint8Array
  readonly type: string | undefined
}

/** A field of a form. */
interface FormField {
  readonly name: string
  readonly bytes: Uint8Array
  readonly filename: string | undefined
  readonly type: string | undefined
}

const encoder = new TextEncoder()
const FIELDS_MAX = 1024

/**
 * The body of an `http.request`, in any form in which SDKs give it: a text, a list of bytes, an object, or a list of form
 * fields. An object is sent as the `Content-Type` says: URL-encoded, as JSON, or else as a form of several parts.
 *
 * @param contentType - as the guest set it, if it did
 * @returns undefined if it is none of them
 */
export function bodyOf(value: unknown, contentType: string | undefined): TypedBody | undefined {
  if (isJsonObject(value)) return objectBody(value, contentType?.toLowerCase() ?? '')
  if (Array.isArray(value) && isJsonObject(value[0])) return multipartBody(value.map(fieldOf))
  const bytes = bytesOf(value)
  return bytes === undefined ? undefined : { bytes, type: undefined }
}

function objectBody(value: Readonly<Record<string, unknown>>, contentType: string): TypedBody | undefined {
  if (/^application\/(?:[a-z0-9.+-]*\+)?json\b/.test(contentType)) {
    return { bytes: encoder.encode(JSON.stringify(value)), type: undefined }
  }
  const entries = Object.entries(value).map(([name, each]): [string, string] | undefined => {
    const isPlain = typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean'
    return isPlain ? [name, String(each)] : undefined
  })
  const texts = entries.filter((entry) => entry !== undefined)
  if (texts.length < entries.length) return undefined
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return { bytes: encoder.encode(new URLSearchParams(texts).toString()), type: undefined }
  }
  return multipartBody(
    texts.map(([name, text]) => ({ name, bytes: encoder.encode(text), filename: undefined, type: undefined })),
  )
}

/** `{name, value: {Text} | {Binary: {data, filename, content_type}}}`; a plain text or list of bytes as value will do. */
function fieldOf(value: unknown): FormField | undefined {
  if (!isJsonObject(value) || typeof value['name'] !== 'string') return undefined
  const content = isJsonObject(value['value']) ? value['value'] : { Text: value['value'] }
  const binary = isJsonObject(content['Binary']) ? content['Binary'] : undefined
  const bytes = bytesOf(binary === undefined ? content['Text'] : binary['data'])
  const filename = textOf(binary?.['filename'])
  const type = textOf(binary?.['content_type'])
  const isType = type === undefined || /^[\t\x20-\x7e]{1,256}$/.test(type)
  return bytes !== undefined && isType ? { name: value['name'], bytes, filename, type } : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A `multipart/form-data` body (RFC 7578). */
function multipartBody(fields: readonly (FormField | undefined)[]): TypedBody | undefined {
  const known = fields.filter((field) => field !== undefined)
  if (known.length < fields.length || known.length > FIELDS_MAX) return undefined
  const boundary = boundaryFor(known)
  const chunks: Uint8Array[] = []
  for (const { name, bytes, filename, type } of known) {
    const file = filename === undefined ? '' : `; filename="${escapeName(filename)}"`
    const kind = type ?? (filename === undefined ? undefined : 'application/octet-stream')
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"${file}\r\n`
    chunks.push(encoder.encode(`${head}${kind === undefined ? '' : `Content-Type: ${kind}\r\n`}\r\n`), bytes, CRLF)
  }
  chunks.push(encoder.encode(`--${boundary}--\r\n`))
  return { bytes: Buffer.concat(chunks), type: `multipart/form-data; boundary=${boundary}` }
}

const CRLF: Uint8Array = encoder.encode('\r\n')

/** A boundary that is in none of the fields. The same fields have the same one on every node, so it is not random. */
function boundaryFor(fields: readonly FormField[]): string {
  for (let number = 0; ; number++) {
    const boundary = `----blockless-form-${number}`
    if (!fields.some(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(boundary))) {
      return boundary
    }
  }
}

/** As the HTML standard escapes names in form data. */
function escapeName(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
