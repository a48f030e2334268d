/** A JSON Schema (2020-12) fragment. */
export type JsonSchema = { readonly [key: string]: unknown }

/**
 * How one kind of value looks in both of its forms, and the only place where it is checked.
 *
 * The model form holds bytes as `Uint8Array` and links as `CID`; it is what DAG-CBOR carries. The JSON form holds
 * bytes as lowercase hexadecimal and links as text; it is what people and HTTP see. Both readers refuse unknown
 * fields and values out of range, and name the path of the first thing that is wrong.
 */
export interface Schema<T> {
  /** Checks a value in model form and returns it as a fresh value. @throws {SchemaError} */
  check(value: unknown, path: string): T
  /** Converts a checked value to its JSON form. */
  toJson(value: T): unknown
  /** Reads the JSON form. @throws {SchemaError} */
  fromJson(json: unknown, path: string): T
  /** JSON Schema of the JSON form. */
  jsonSchema(): JsonSchema
}

/** A schema whose field may be absent from its struct. */
export interface OptionalSchema<T> extends Schema<T> {
  readonly isOptional: true
}
