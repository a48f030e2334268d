import { CodedError } from '../errors.ts'

/** Where a value broke its schema, what was expected there and what stood there. */
export interface SchemaErrorDetails {
  readonly path: string
  readonly expected: string
  readonly found: string
}

/** A value that does not fit its schema. */
export class SchemaError extends CodedError<'ERR_SCHEMA', SchemaErrorDetails> {
  constructor(path: string, expected: string, value: unknown) {
    const found = describeValue(value)
    super('ERR_SCHEMA', `Cannot read "${path}": expected ${expected}, got ${found}`, { path, expected, found })
  }
}

const TEXT_SHOWN_MAX = 40

function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') {
    return value.length > TEXT_SHOWN_MAX ? `text of ${value.length} characters` : JSON.stringify(value)
  }
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return `list of ${value.length}`
  if (typeof value === 'object') return 'object'
  return String(value)
}
