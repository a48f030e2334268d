import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../src/host/stream/network-address.ts'

const readable = [
  { text: '127.0.0.1:80', host: '127.0.0.1', port: 80 },
  { text: 'example.com:443', host: 'example.com', port: 443 },
  { text: 'example.com.:443', host: 'example.com.', port: 443 },
  { text: '[::1]:8080', host: '::1', port: 8080 },
  { text: '[::ffff:127.0.0.1]:1', host: '::ffff:127.0.0.1', port: 1 },
  { text: 'localhost:0', host: 'localhost', port: 0 },
]
for (const { text, host, port } of readable) {
  test(`parseAddress() reads "${text}"`, () => assert.deepEqual(parseAddress(text), { host, port }))
}

const unreadable = [
  '',
  ':80',
  'host',
  'host:',
  'host:65536',
  'host:-1',
  'host:8 0',
  '::1:80',
  '[::1]',
  '[::1%lo]:80',
  '[host]:80',
  'http://host:80',
  'user@host:80',
  'host:80/path',
  `${'a'.repeat(254)}:80`,
  'ho\u0000st:80',
]
for (const text of unreadable) {
  test(`parseAddress() refuses ${JSON.stringify(text.slice(0, 20))}`, () => assert.equal(parseAddress(text), undefined))
}
