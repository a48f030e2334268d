import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeCanonical, decodeFrame, encodeCanonical } from '@blockless/core'
import fc from 'fast-check'
import { schemaCases } from '../support/arbitraries.ts'

const options = { numRuns: 60 }

/** Paths to every field of a JSON value, as lists of keys. */
function leavesOf(json: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [path]
  return Object.entries(json).flatMap(([key, value]) => leavesOf(value, [...path, key]))
}

for (const { name, schema, values } of schemaCases) {
  test(`${name} keeps every value through JSON text`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(schema.toJson(value))
        const read = schema.fromJson(JSON.parse(text), '')
        assert.deepEqual(encodeCanonical(read), encodeCanonical(value))
        assert.equal(JSON.stringify(schema.toJson(read)), JSON.stringify(schema.toJson(schema.check(read, ''))))
      }),
      options,
    )
  })

  test(`${name} keeps every value through canonical bytes and frames`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encodeCanonical(value)
        assert.deepEqual(encodeCanonical(decodeCanonical(bytes, schema)), bytes)
        assert.deepEqual(encodeCanonical(decodeFrame(bytes, schema)), bytes)
      }),
      options,
    )
  })

  test(`${name} refuses a field too many, in model and JSON form, and a value that is no object`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const more = (fields: unknown): unknown => ({ ...(fields as object), unheardOf: 1 })
        assert.throws(() => schema.check(more(value), ''), { code: 'ERR_SCHEMA', message: /unheardOf/ })
        assert.throws(() => schema.fromJson(more(schema.toJson(value)), ''), {
          code: 'ERR_SCHEMA',
          message: /unheardOf/,
        })
      }),
      { numRuns: 10 },
    )
    for (const value of [undefined, null, 1, 'x', [], new Date(), new Uint8Array(), new Map()]) {
      assert.throws(() => schema.check(value, ''), { code: 'ERR_SCHEMA' })
      assert.throws(() => schema.fromJson(value, ''), { code: 'ERR_SCHEMA' })
    }
  })

  test(`${name} refuses null, a list or an object in place of any leaf, and names it`, () => {
    const [sample] = fc.sample(values, { seed: 1, numRuns: 1 })
    const text = JSON.stringify(schema.toJson(sample))
    for (const path of leavesOf(JSON.parse(text))) {
      for (const wrong of [null, ['x'], { x: 1 }]) {
        const changed = JSON.parse(text)
        const last = path.at(-1) ?? ''
        const parent = path.slice(0, -1).reduce((place, key) => place[key], changed)
        if (path.length === 0 || (Array.isArray(parent[last]) && Array.isArray(wrong))) continue
        parent[last] = wrong
        assert.throws(() => schema.fromJson(changed, ''), { code: 'ERR_SCHEMA' }, path.join('.'))
      }
    }
  })

  test(`${name} describes its JSON form`, () => {
    const described = JSON.parse(JSON.stringify(schema.jsonSchema()))
    assert.equal(described.type, 'object')
    assert.equal(described.additionalProperties, false)
  })
}
