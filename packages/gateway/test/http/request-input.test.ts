import assert from 'node:assert/strict'
import test from 'node:test'
import { toUtf8 } from '@blockless/core'
import { httpInput } from '../../src/http/request-input.ts'

const base = { method: 'GET', path: '/a/b.html', query: '', headers: {}, body: new Uint8Array(0) }

test('httpInput() tells a function of its request by the contract of existing functions', () => {
  const headers = { b: '2', a: ['1', '3'], connection: 'close', cookie: 'c=1' }
  const input = httpInput({ ...base, query: 'x=1?y', headers }, { OWN: 'v', BLS_REQUEST_METHOD: 'forged' })
  assert.deepEqual(input.env, {
    OWN: 'v',
    BLS_REQUEST_METHOD: 'GET',
    BLS_REQUEST_PATH: '/a/b.html',
    BLS_REQUEST_QUERY: 'x=1?y',
    BLS_REQUEST_HEADERS: '{"a":"1, 3","b":"2","cookie":"c=1"}',
    BLS_REQUEST_BODY: '',
    BLS_LIST_VARS: 'OWN;BLS_REQUEST_METHOD;BLS_REQUEST_PATH;BLS_REQUEST_QUERY;BLS_REQUEST_HEADERS;BLS_REQUEST_BODY',
  })
  assert.equal(new TextDecoder().decode(input.stdin), '/a/b.html?x=1?y')
})

const bodies = [
  { name: 'text', body: toUtf8('h\u00e9'), expected: 'h\u00e9' },
  { name: 'bytes that are no text', body: Uint8Array.of(0xff, 0xfe), expected: '' },
  { name: 'text with NUL', body: toUtf8('a\0b'), expected: '' },
  { name: 'text with a byte order mark', body: Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), expected: '' },
  { name: 'text with two byte order marks', body: Uint8Array.of(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf), expected: '' },
  { name: 'the longest text', body: new Uint8Array(65_536).fill(97), expected: 'a'.repeat(65_536) },
  { name: 'longer text', body: new Uint8Array(65_537).fill(97), expected: '' },
]
for (const { name, body, expected } of bodies) {
  test(`httpInput() gives ${name} on stdin byte for byte`, () => {
    const input = httpInput({ ...base, body }, {})
    assert.deepEqual(input.stdin, body)
    assert.equal(input.env['BLS_REQUEST_BODY'], expected)
  })
}
