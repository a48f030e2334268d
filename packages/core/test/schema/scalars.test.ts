import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blob, bytes, cid, cidOfCanonical, flag, integer, literal, oneOf, type Schema, text } from '@blockless/core'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

const v1 = cidOfCanonical(new Uint8Array())
const v0 = CID.createV0(createDigest(0x12, new Uint8Array(32)))
const identity = (size: number): CID => CID.createV1(0x55, createDigest(0, new Uint8Array(size)))

interface ScalarCase {
  readonly name: string
  readonly schema: Schema<unknown>
  /** In model form; each is also its JSON form unless `json` says otherwise. */
  readonly good: readonly unknown[]
  readonly bad: readonly unknown[]
  readonly goodJson?: readonly unknown[]
  readonly badJson?: readonly unknown[]
}

const never = [undefined, null, [], {}, new Date(), Symbol('x'), () => 1, 1n]

const cases: ScalarCase[] = [
  {
    name: 'integer()',
    schema: integer(-2, 5),
    good: [-2, 0, 5],
    bad: [...never, -3, 6, 0.5, Number.NaN, Infinity, '1', true, 2 ** 53],
  },
  {
    name: 'text()',
    schema: text(4),
    good: ['', 'abcd', 'äöü', '😀😀', '\0', 'a\ufeff'],
    bad: [...never, 'abcde', '😀😀a', '\ud800', 'a\udc00', '\ufeffa', 1],
  },
  { name: 'text() with a pattern', schema: text(4, /^[a-z]+$/), good: ['a', 'abcd'], bad: ['', 'A', 'a\n', 'abcde'] },
  { name: 'oneOf()', schema: oneOf(['a', 'b'] as const), good: ['a', 'b'], bad: [...never, '', 'c', 'toString', 0] },
  { name: 'literal()', schema: literal(1), good: [1], bad: [...never, 2, '1', true] },
  { name: 'flag()', schema: flag(), good: [true, false], bad: [...never, 0, 1, 'true'] },
  {
    name: 'bytes()',
    schema: bytes(2),
    good: [Uint8Array.of(1, 2), Buffer.from([1, 2])],
    bad: [...never, Uint8Array.of(1), new Uint8Array(3), '0102', [1, 2], new Uint16Array(2), new ArrayBuffer(2)],
    goodJson: ['0102', 'ffff'],
    badJson: [...never, '', '01', '010203', '0G02', 'FFFF', '0x01', ' 0102', '010', 102, Uint8Array.of(1, 2)],
  },
  {
    name: 'blob()',
    schema: blob(2),
    good: [new Uint8Array(), Uint8Array.of(1), Uint8Array.of(1, 2)],
    bad: [...never, new Uint8Array(3), ''],
    goodJson: ['', '00', '00ff'],
    badJson: [...never, '0', '000000', 'zz', 'AA'],
  },
  {
    name: 'cid()',
    schema: cid(),
    good: [v1, identity(80)],
    bad: [...never, v0, v1.toString(), v1.bytes, identity(100), { '/': v1.toString() }],
    goodJson: [v1.toString(), identity(80).toString()],
    badJson: [
      ...never,
      v0.toString(),
      v1.toString().toUpperCase(),
      v1.toString().slice(0, -1),
      `${v1.toString()}a`,
      ` ${v1.toString()}`,
      `/ipfs/${v1.toString()}`,
      identity(100).toString(),
      'b'.repeat(10_000),
      '',
    ],
  },
]

for (const { name, schema, good, bad, goodJson = good, badJson = bad } of cases) {
  test(`${name} takes what fits and refuses the rest in both forms`, () => {
    for (const value of good) assert.deepEqual(schema.check(value, 'at'), value)
    for (const json of goodJson) assert.deepEqual(schema.toJson(schema.fromJson(json, 'at')), json)
    for (const value of bad) assert.throws(() => schema.check(value, 'at'), { code: 'ERR_SCHEMA' }, String(value))
    for (const json of badJson) assert.throws(() => schema.fromJson(json, 'at'), { code: 'ERR_SCHEMA' }, String(json))
  })
}

test('integer() gives 0 for -0, which would be another value to the encoder', () => {
  assert.ok(Object.is(integer(-1, 1).check(-0, ''), 0))
})

test('SchemaError says where, what was expected and what was found, without long or secret text', () => {
  const long = 'x'.repeat(41)
  for (const { value, found } of [
    { value: undefined, found: 'nothing' },
    { value: null, found: 'null' },
    { value: 'x', found: '"x"' },
    { value: long, found: 'text of 41 characters' },
    { value: Uint8Array.of(1), found: '1 bytes' },
    { value: [1, 2], found: 'list of 2' },
    { value: { a: 1 }, found: 'object' },
    { value: true, found: 'true' },
  ]) {
    assert.throws(() => integer(0, 3).check(value, 'a.b[0]'), {
      message: `Cannot read "a.b[0]": expected a whole number from 0 to 3, got ${found}`,
      details: { path: 'a.b[0]', expected: 'a whole number from 0 to 3', found },
    })
  }
})

test('blob() reads 4 MiB of hexadecimal and refuses more at once', () => {
  const schema = blob(4_194_304)
  assert.equal(schema.fromJson('ab'.repeat(4_194_304), '').length, 4_194_304)
  assert.throws(() => schema.fromJson('ab'.repeat(4_194_305), ''), { code: 'ERR_SCHEMA' })
})
