import { isUnicode } from './scalars.ts'
import type { JsonSchema, OptionalSchema, Schema } from './schema.ts'
import { SchemaError } from './schema-error.ts'

/** A list of at most `countMax` items. */
export function list<T>(item: Schema<T>, countMax: number): Schema<readonly T[]> {
  const expected = `a list of at most ${countMax}`
  const read = (value: unknown, path: string, one: (entry: unknown, at: string) => T): readonly T[] => {
    if (!Array.isArray(value) || value.length > countMax) throw new SchemaError(path, expected, value)
    return value.map((entry, index) => one(entry, `${path}[${index}]`))
  }
  return {
    check: (value, path) => read(value, path, item.check),
    fromJson: (json, path) => read(json, path, item.fromJson),
    toJson: (value) => value.map((entry) => item.toJson(entry)),
    jsonSchema: () => ({ type: 'array', items: item.jsonSchema(), maxItems: countMax }),
  }
}

/** A map from text to one kind of value, at most `countMax` entries, keys matching `keyPattern`. */
export function dictionary<T>(
  item: Schema<T>,
  countMax: number,
  keyPattern: RegExp,
): Schema<Readonly<Record<string, T>>> {
  const expected = `an object of at most ${countMax} entries`
  const read = (value: unknown, path: string, one: (entry: unknown, at: string) => T): Record<string, T> => {
    const entries = isPlainObject(value) ? Object.entries(value) : undefined
    if (entries === undefined || entries.length > countMax) throw new SchemaError(path, expected, value)
    const result: Record<string, T> = Object.create(null)
    for (const [key, entry] of entries) {
      // Keys that UTF-8 maps to one would give two values one hash.
      if (!keyPattern.test(key) || !isUnicode(key)) throw new SchemaError(path, `keys like ${keyPattern.source}`, key)
      result[key] = one(entry, `${path}.${key}`)
    }
    return { ...result }
  }
  return {
    check: (value, path) => read(value, path, item.check),
    fromJson: (json, path) => read(json, path, item.fromJson),
    toJson: (value) => Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, item.toJson(entry)])),
    jsonSchema: () => ({ type: 'object', additionalProperties: item.jsonSchema(), maxProperties: countMax }),
  }
}

/** Marks a field that may be absent. */
export function optional<T>(schema: Schema<T>): OptionalSchema<T> {
  return { ...schema, isOptional: true }
}

type Fields = Readonly<Record<string, Schema<unknown>>>
type ValueOf<S> = S extends Schema<infer T> ? T : never
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends OptionalSchema<unknown> ? K : never }[keyof F]
type StructOf<F extends Fields> = { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]> } & {
  readonly [K in OptionalKeys<F>]?: ValueOf<F[K]>
}

/** An object with exactly these fields; an unknown field is refused by name. */
export function struct<const F extends Fields>(fields: F): Schema<StructOf<F>> {
  const entries = Object.entries(fields).map(([name, schema]) => ({ name, schema, isOptional: 'isOptional' in schema }))
  const known = new Set(Object.keys(fields))
  const read = (value: unknown, path: string, form: 'check' | 'fromJson'): StructOf<F> => {
    if (!isPlainObject(value)) throw new SchemaError(path, 'an object', value)
    for (const name of Object.keys(value)) {
      if (!known.has(name)) throw new SchemaError(join(path, name), describeKnown(name, known), value[name])
    }
    const result: Record<string, unknown> = {}
    for (const { name, schema, isOptional } of entries) {
      const entry = value[name]
      if (entry === undefined && isOptional) continue
      result[name] = schema[form](entry, join(path, name))
    }
    return result as StructOf<F>
  }
  return {
    check: (value, path) => read(value, path, 'check'),
    fromJson: (json, path) => read(json, path, 'fromJson'),
    toJson: (value) => {
      const model = value as Readonly<Record<string, unknown>>
      const present = entries.filter(({ name }) => model[name] !== undefined)
      return Object.fromEntries(present.map(({ name, schema }) => [name, schema.toJson(model[name])]))
    },
    jsonSchema: (): JsonSchema => ({
      type: 'object',
      properties: Object.fromEntries(entries.map(({ name, schema }) => [name, schema.jsonSchema()])),
      required: entries.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
      additionalProperties: false,
    }),
  }
}

type Variants = Readonly<Record<string, Schema<object>>>
type VariantOf<V extends Variants, Tag extends string> = {
  [Kind in keyof V & string]: { readonly [K in Tag]: Kind } & ValueOf<V[Kind]>
}[keyof V & string]

/** One of several objects, told apart by the text in the field `tag`; the other fields are the variant's own. */
export function variant<const Tag extends string, const V extends Variants>(
  tag: Tag,
  variants: V,
): Schema<VariantOf<V, Tag>> {
  const kinds = Object.keys(variants)
  const split = (value: unknown, path: string): { kind: string; schema: Schema<object>; rest: object } => {
    if (!isPlainObject(value)) throw new SchemaError(path, 'an object', value)
    const { [tag]: kind, ...rest } = value
    const schema = typeof kind === 'string' && kinds.includes(kind) ? variants[kind] : undefined
    if (schema === undefined) throw new SchemaError(join(path, tag), `one of ${kinds.join(', ')}`, kind)
    return { kind: String(kind), schema, rest }
  }
  const read = (value: unknown, path: string, form: 'check' | 'fromJson'): VariantOf<V, Tag> => {
    const { kind, schema, rest } = split(value, path)
    return { [tag]: kind, ...schema[form](rest, path) } as unknown as VariantOf<V, Tag>
  }
  return {
    check: (value, path) => read(value, path, 'check'),
    fromJson: (json, path) => read(json, path, 'fromJson'),
    toJson: (value) => {
      const { kind, schema, rest } = split(value, '')
      return { [tag]: kind, ...(schema.toJson(rest) as object) }
    },
    jsonSchema: (): JsonSchema => ({
      oneOf: Object.entries(variants).map(([kind, schema]) => {
        const shape = schema.jsonSchema() as { properties?: object; required?: readonly string[] }
        const properties = { [tag]: { const: kind }, ...shape.properties }
        return { ...shape, properties, required: [tag, ...(shape.required ?? [])] }
      }),
    }),
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function describeKnown(name: string, known: ReadonlySet<string>): string {
  const near = [...known].find((candidate) => isNear(candidate, name))
  return near === undefined
    ? `no such field (known: ${[...known].join(', ')})`
    : `no such field (did you mean "${near}"?)`
}

/** Same letters but for case, `_` and `-`, or one a prefix of the other: catches most slips without a distance table. */
function isNear(a: string, b: string): boolean {
  const plain = (word: string): string => word.toLowerCase().replaceAll(/[_-]/g, '')
  const [x, y] = [plain(a), plain(b)]
  return x === y || (Math.min(x.length, y.length) > 3 && (x.startsWith(y.slice(0, -1)) || y.startsWith(x.slice(0, -1))))
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
