import { type Schema, SchemaError, struct } from '@blockless/core'

type Fields = Parameters<typeof struct>[0]

/** An object with at least these fields: a gateway newer than this client may say more, and that is left out. */
export function answer<T>(fields: Fields): Schema<T> {
  const shape = struct(fields) as unknown as Schema<T>
  const known = Object.keys(fields)
  const pick = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const entries = Object.entries(value).filter(([name]) => known.includes(name))
    return Object.fromEntries(entries)
  }
  return {
    ...shape,
    check: (value, path) => shape.check(pick(value), path),
    fromJson: (json, path) => shape.fromJson(pick(json), path),
  }
}

/** A measured quantity: finite, not negative, not necessarily whole. */
export function measure(): Schema<number> {
  const check = (value: unknown, path: string): number => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
    throw new SchemaError(path, 'a number, 0 or more', value)
  }
  return { check, fromJson: check, toJson: (value) => value, jsonSchema: () => ({ type: 'number', minimum: 0 }) }
}
