type Json = Readonly<Record<string, unknown>>

/** Where a value does not fit a JSON Schema, of which it knows what our own documents use; undefined if it fits. */
export function findMismatch(schema: Json, value: unknown, path: string): string | undefined {
  const choices = schema['oneOf']
  if (Array.isArray(choices)) {
    return choices.some((choice) => findMismatch(choice, value, path) === undefined)
      ? undefined
      : `${path}: no choice fits`
  }
  if ('const' in schema && schema['const'] !== value)
    return `${path}: ${String(value)} is not ${String(schema['const'])}`
  const words = schema['enum']
  if (Array.isArray(words) && !words.includes(value)) return `${path}: ${String(value)} is not listed`
  switch (schema['type']) {
    case 'object':
      return findInObject(schema, value, path)
    case 'array':
      if (!Array.isArray(value)) return `${path}: not a list`
      return value.map((item, index) => findMismatch(schema['items'] as Json, item, `${path}[${index}]`)).find(isFound)
    case 'string':
      if (typeof value !== 'string') return `${path}: not text`
      return typeof schema['pattern'] === 'string' && !new RegExp(schema['pattern']).test(value)
        ? `${path}: pattern`
        : undefined
    case 'integer':
      return Number.isInteger(value) ? undefined : `${path}: not a whole number`
    case 'number':
      return typeof value === 'number' ? undefined : `${path}: not a number`
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${path}: not true or false`
    default:
      return undefined
  }
}

function findInObject(schema: Json, value: unknown, path: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path}: not an object`
  const fields = value as Json
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Json>>
  const missing = ((schema['required'] ?? []) as string[]).find((name) => !(name in fields))
  if (missing !== undefined) return `${path}.${missing}: missing`
  const stray = Object.keys(fields).find((name) => !(name in properties))
  if (schema['additionalProperties'] === false && stray !== undefined) return `${path}.${stray}: not known`
  return Object.entries(properties)
    .filter(([name]) => name in fields)
    .map(([name, property]) => findMismatch(property, fields[name], `${path}.${name}`))
    .find(isFound)
}

function isFound(mismatch: string | undefined): boolean {
  return mismatch !== undefined
}
