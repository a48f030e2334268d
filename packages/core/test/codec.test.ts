import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  blob,
  CodecError,
  cid,
  cidOfCanonical,
  decodeCanonical,
  decodeFrame,
  dictionary,
  encodeCanonical,
  encodeReceipt,
  fromHex,
  integer,
  list,
  optional,
  receiptSchema,
  type Schema,
  SchemaError,
  struct,
  text,
  toHex,
} from '@blockless/core'
import { receiptOf } from './support/sample.ts'

const schema = struct({
  n: optional(integer(-1_000_000, 1_000_000)),
  t: optional(text(10)),
  l: optional(list(integer(0, 9), 3)),
  d: optional(dictionary(integer(0, 9), 3, /^.{1,16}$/)),
  b: optional(blob(4)),
  c: optional(cid()),
})

const link = toHex(encodeCanonical({ c: cidOfCanonical(new Uint8Array()) })).slice(6)

const refused: { name: string; hex: string }[] = [
  { name: 'a whole number in more bytes than needed', hex: 'a1616e1800' },
  { name: 'a whole number in two bytes where one does', hex: 'a1616e1900ff' },
  { name: 'a negative number in more bytes than needed', hex: 'a1616e3800' },
  { name: 'a length in more bytes than needed', hex: 'a16174780161' },
  { name: 'a map length in more bytes than needed', hex: 'b801616e01' },
  { name: 'a float where a whole number is', hex: 'a1616efb3ff0000000000000' },
  { name: 'a half float', hex: 'a1616ef93c00' },
  { name: 'a single float', hex: 'a1616efa3f800000' },
  { name: 'minus zero', hex: 'a1616efb8000000000000000' },
  { name: 'not a number', hex: 'a1616ef97e00' },
  { name: 'infinity', hex: 'a1616ef97c00' },
  { name: 'undefined', hex: 'a1616ef7' },
  { name: 'keys out of order', hex: 'a261740061' + '6e00' },
  { name: 'a key twice', hex: 'a2616e00616e00' },
  { name: 'a key twice with two values', hex: 'a2616e00616e01' },
  { name: '"__proto__" twice', hex: 'a16164a2695f5f70726f746f5f5f00695f5f70726f746f5f5f00' },
  { name: 'a key that is not text', hex: 'a10100' },
  { name: 'a map of indefinite length', hex: 'bf616e00ff' },
  { name: 'a list of indefinite length', hex: 'a1616c9f00ff' },
  { name: 'text of indefinite length', hex: 'a161747f6161ff' },
  { name: 'bytes of indefinite length', hex: 'a161625f4101ff' },
  { name: 'a tag that is not a link', hex: 'a1616ec100' },
  { name: 'a big number tag', hex: 'a1616ec24101' },
  { name: 'a link without its zero byte', hex: `a16163d82a${link.slice(6).replace('00', '01')}` },
  { name: 'a link tag in more bytes than needed', hex: `a16163d9002a${link.slice(4)}` },
  { name: 'a link to nothing', hex: 'a16163d82a4100' },
  { name: 'a link that is text', hex: 'a16163d82a6161' },
  { name: 'a link whose version is written long', hex: 'a16163d82a4700' + '810055120100' },
  { name: 'text that is not UTF-8', hex: 'a1617461ff' },
  { name: 'half of a surrogate pair', hex: 'a1617463eda080' },
  { name: 'text behind a byte order mark', hex: 'a1617464efbbbf61' },
  { name: 'UTF-8 written long', hex: 'a1617462c180' },
  { name: 'bytes after the end', hex: 'a000' },
  { name: 'nothing', hex: '' },
  { name: 'a simple value', hex: 'e0' },
  { name: 'a break alone', hex: 'ff' },
  { name: 'a length beyond the end', hex: 'a161627affffffff' },
  { name: 'a list longer than any memory', hex: 'a1616c9bffffffffffffffff' },
]

for (const { name, hex } of refused) {
  test(`decodeCanonical() refuses ${name}`, () => {
    assert.throws(() => decodeCanonical(fromHex(hex), schema), CodecError)
  })
}

test('decodeCanonical() takes the canonical form of what it refuses otherwise', () => {
  for (const [hex, value] of [
    ['a1616e00', { n: 0 }],
    ['a1616e20', { n: -1 }],
    ['a16174626161', { t: 'aa' }],
    ['a2616e006174' + '60', { n: 0, t: '' }],
    ['a16164a1695f5f70726f746f5f5f01', { d: JSON.parse('{"__proto__":1}') }],
    ['a0', {}],
  ] as const) {
    assert.deepEqual(decodeCanonical(fromHex(hex), schema), value)
  }
})

test('decodeCanonical() names the path of what does not fit, and that it is no encoding error', () => {
  const bytes = encodeCanonical({ n: 'x' })
  assert.throws(
    () => decodeCanonical(bytes, schema, 'frame'),
    (error) => error instanceof SchemaError && error.details.path === 'frame.n',
  )
  const big = fromHex('a1616e1b0020000000000000') // 2^53
  assert.throws(() => decodeCanonical(big, schema), SchemaError)
})

test('decodeCanonical() and decodeFrame() refuse lists nested a million deep without falling over', () => {
  const deep = new Uint8Array(1_000_000).fill(0x81)
  assert.throws(() => decodeCanonical(deep, schema), CodecError)
  assert.throws(() => decodeFrame(deep, schema), CodecError)
})

test('decodeFrame() takes a value that fits with its keys in any order', () => {
  assert.deepEqual(decodeFrame(fromHex('a1616efb3ff0000000000000'), schema), { n: 1 })
  assert.deepEqual(decodeFrame(fromHex('a26174616161' + '6e00'), schema), { n: 0, t: 'a' })
  assert.throws(() => decodeFrame(fromHex('a1616e'), schema), CodecError)
  assert.throws(() => decodeFrame(fromHex('a1616f00'), schema), SchemaError)
})

test('decodeCanonical() refuses a receipt cut off at any byte, and one with a byte more', () => {
  const bytes = encodeReceipt(receiptOf())
  for (let size = 0; size < bytes.length; size++) {
    assert.throws(() => decodeCanonical(bytes.subarray(0, size), receiptSchema), CodecError, `cut at ${size}`)
  }
  assert.throws(() => decodeCanonical(Uint8Array.of(...bytes, 0), receiptSchema), CodecError)
})

test('encodeCanonical() does not depend on the order in which fields were set', () => {
  assert.deepEqual(encodeCanonical({ b: 1, aa: 2, a: 3 }), encodeCanonical({ a: 3, aa: 2, b: 1 }))
  assert.equal(toHex(encodeCanonical({ aa: 2, b: 1, a: 3 })), 'a36161036162016261' + '6102')
})

test('encodeCanonical() refuses what has no canonical form', () => {
  for (const value of [undefined, { a: undefined }, Number.NaN, Infinity, () => 1, Symbol('x')]) {
    assert.throws(() => encodeCanonical(value))
  }
})

test('cidOfCanonical() is the CID that other IPLD implementations give', () => {
  // The empty DAG-CBOR map.
  const known = 'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua'
  assert.equal(cidOfCanonical(encodeCanonical({})).toString(), known)
})

test('encodeCanonical() gives equal bytes for a Buffer and a Uint8Array', () => {
  const item: Schema<Uint8Array> = blob(4)
  assert.deepEqual(encodeCanonical(item.check(Buffer.from([1]), '')), encodeCanonical(Uint8Array.of(1)))
})
