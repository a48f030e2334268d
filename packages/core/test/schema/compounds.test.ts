import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dictionary, integer, list, optional, struct, text, variant } from '@blockless/core'

const digit = integer(0, 9)
const point = struct({ x: digit, y: digit, label: optional(text(4)) })
const KEY = /^[^=\0]{1,16}$/

test('list() names the item that is wrong and counts before it looks', () => {
  const schema = list(digit, 3)
  assert.deepEqual(schema.check([1, 2, 3], 'at'), [1, 2, 3])
  assert.throws(() => schema.check([1, 10], 'at'), { message: /"at\[1\]"/ })
  assert.throws(() => schema.check([1, 2, 3, 'x'], 'at'), {
    message: /"at": expected a list of at most 3, got list of 4/,
  })
  assert.throws(() => schema.check({ length: 0 }, 'at'), { code: 'ERR_SCHEMA' })
})

test('struct() refuses an unknown field and suggests the one that was meant', () => {
  for (const { fields, message } of [
    { fields: { x: 1, y: 2, Label: 'a' }, message: /"Label": expected no such field \(did you mean "label"\?\)/ },
    { fields: { x: 1, y: 2, labels: 'a' }, message: /did you mean "label"/ },
    { fields: { x: 1, y: 2, z: 3 }, message: /"z": expected no such field \(known: x, y, label\)/ },
    { fields: { x: 1 }, message: /"y": expected a whole number from 0 to 9, got nothing/ },
    { fields: { x: 1, y: 2, label: null }, message: /"label": expected text/ },
  ]) {
    assert.throws(() => point.check(fields, ''), { message })
    assert.throws(() => point.fromJson(fields, ''), { message })
  }
})

test('struct() leaves out an optional field that is absent or undefined', () => {
  assert.deepEqual(point.check({ x: 1, y: 2, label: undefined }, ''), { x: 1, y: 2 })
  assert.deepEqual(Object.keys(point.toJson({ x: 1, y: 2 }) as object), ['x', 'y'])
})

test('struct() joins paths', () => {
  const line = struct({ from: point, to: list(point, 2) })
  const bad = { from: { x: 1, y: 1 }, to: [{ x: 1, y: 10 }] }
  assert.throws(() => line.check(bad, ''), { message: /"to\[0\]\.y"/ })
  assert.throws(() => line.fromJson(bad, 'line'), { message: /"line\.to\[0\]\.y"/ })
})

test('struct() takes objects of its own kind only', () => {
  class Point {
    x = 1
    y = 2
  }
  for (const value of [new Point(), Object.create({ x: 1, y: 2 }), [1, 2], new Map([['x', 1]])]) {
    assert.throws(() => point.check(value, 'at'), { code: 'ERR_SCHEMA' })
  }
  assert.deepEqual(point.check(Object.assign(Object.create(null), { x: 1, y: 2 }), ''), { x: 1, y: 2 })
})

test('struct() does not take fields from a prototype that JSON brought', () => {
  const json = JSON.parse('{ "x": 1, "__proto__": { "y": 2 } }')
  assert.throws(() => point.fromJson(json, ''), { message: /__proto__/ })
  assert.throws(() => struct({}).fromJson(JSON.parse('{ "__proto__": {} }'), ''), { code: 'ERR_SCHEMA' })
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    assert.throws(() => point.fromJson({ x: 1, y: 2, [name]: 1 }, ''), { code: 'ERR_SCHEMA' })
  }
})

test('dictionary() keeps "__proto__" as a key like any other and pollutes nothing', () => {
  const schema = dictionary(text(4), 3, KEY)
  const read = schema.fromJson(JSON.parse('{ "__proto__": "a", "constructor": "b" }'), '')
  assert.deepEqual(Object.keys(read), ['__proto__', 'constructor'])
  assert.equal(Object.getPrototypeOf(read), Object.prototype)
  assert.equal(JSON.stringify(schema.toJson(read)), '{"__proto__":"a","constructor":"b"}')
  assert.equal(({} as Record<string, unknown>)['a'], undefined)
})

for (const { name, value } of [
  { name: 'too many entries', value: { a: 'x', b: 'x', c: 'x', d: 'x' } },
  { name: 'a key that does not match', value: { 'a=b': 'x' } },
  { name: 'an empty key', value: { '': 'x' } },
  { name: 'half of a surrogate pair in a key', value: { '\ud800': 'x' } },
  { name: 'a byte order mark in front of a key', value: { '\ufeffa': 'x' } },
  { name: 'a list', value: ['x'] },
  { name: 'a value that does not fit', value: { a: 'xxxxx' } },
]) {
  test(`dictionary() refuses ${name}`, () => {
    const schema = dictionary(text(4), 3, KEY)
    assert.throws(() => schema.check(value, 'env'), { code: 'ERR_SCHEMA', message: /"env/ })
    assert.throws(() => schema.fromJson(value, 'env'), { code: 'ERR_SCHEMA', message: /"env/ })
  })
}

test('variant() reads by its tag and refuses the fields of another variant', () => {
  const shape = variant('kind', { circle: struct({ radius: digit }), dot: struct({}) })
  for (const value of [{ kind: 'circle', radius: 3 }, { kind: 'dot' }] as const) {
    assert.deepEqual(shape.check(value, ''), value)
    assert.deepEqual(shape.fromJson(shape.toJson(value), ''), value)
  }
  for (const value of [{}, { kind: 'dot', radius: 3 }, { kind: 'toString' }, { kind: 1 }, { kind: 'circle' }, null]) {
    assert.throws(() => shape.check(value, 'at'), { code: 'ERR_SCHEMA' })
  }
  assert.equal((shape.jsonSchema()['oneOf'] as unknown[]).length, 2)
})
