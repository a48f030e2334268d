import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject, parseJson } from '../../../src/host/shared/json-text.ts'

test('parseJson() reads JSON, and tells everything else apart from it', () => {
  assert.deepEqual(parseJson('{"a":[1,"[{\\"",null]}'), { a: [1, '[{"', null] })
  for (const text of ['', '{', 'undefined', '{"a":1}}', '"', '"\\']) assert.equal(parseJson(text), undefined, text)
})

test('parseJson() refuses what is nested deeper than programs need', () => {
  assert.ok(Array.isArray(parseJson(`${'['.repeat(64)}${']'.repeat(64)}`)))
  assert.equal(parseJson(`${'['.repeat(65)}${']'.repeat(65)}`), undefined)
  assert.equal(parseJson('{"a":'.repeat(1_000_000)), undefined)
  assert.equal(typeof parseJson(`"${'['.repeat(100)}"`), 'string')
})

test('isJsonObject() takes objects alone', () => {
  assert.deepEqual([{}, [], null, 'a', undefined].map(isJsonObject), [true, false, false, false, false])
})
