import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeTextTable, encodeTextTable, environmentTexts } from '../../src/guest/text-table.ts'

test('encodeTextTable() and decodeTextTable() are inverse', () => {
  const texts = fc.array(fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')))
  fc.assert(fc.property(texts, (list) => assert.deepEqual(decodeTextTable(encodeTextTable(list)), list)))
})

test('encodeTextTable() refuses NUL, which would end a text early', () => {
  assert.throws(() => encodeTextTable(['a\0b']), /contains NUL/)
})

test('environmentTexts() orders by the bytes of the names, whatever the order of the object', () => {
  const names = ['b', 'B', 'a', 'aa', 'ä', '\u{1f600}', '\uffee']
  const env = Object.fromEntries(names.map((name) => [name, '1']))
  const back = Object.fromEntries(names.toReversed().map((name) => [name, '1']))
  const expected = ['B=1', 'a=1', 'aa=1', 'b=1', 'ä=1', '\uffee=1', '\u{1f600}=1']
  assert.deepEqual(environmentTexts(env), expected)
  assert.deepEqual(environmentTexts(back), expected)
})
