import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseListPage } from '../../../src/host/s3/list-objects.ts'
import { parseS3Options } from '../../../src/host/s3/s3-options.ts'
import { signS3Request } from '../../../src/host/s3/s3-request.ts'

const BASE = { access_key: 'a', secret_key: 'b', endpoint: 'http://127.0.0.1:9000/base' }

test('parseS3Options() lets no bucket and no key lead to another path than its own', async () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('..', '.', 'a/../b', '%2e%2e', '/x', '\\', 'a//b', '?', '#', 'ü'))
  await fc.assert(
    fc.asyncProperty(text, text, async (bucket, path) => {
      const options = parseS3Options(JSON.stringify({ ...BASE, bucket_name: bucket, path }))
      if (typeof options === 'string' || options.key === '') return
      const { url } = await signS3Request(options, { method: 'GET', key: options.key }, 0)
      const sent = new URL(url.href)
      assert.equal(decodeURIComponent(sent.pathname), `/base/${bucket}/${path.replace(/^\//, '')}`)
      assert.equal(sent.search + sent.hash, '')
    }),
  )
})

test('parseS3Options() reads any text without throwing', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseS3Options(text)))
})

test('parseS3Options() takes an endpoint without a scheme as HTTPS, and a missing region as the first', () => {
  const options = parseS3Options(
    JSON.stringify({ ...BASE, endpoint: 's3.example.org', region: null, bucket_name: 'b' }),
  )
  assert.ok(typeof options !== 'string')
  assert.deepEqual([options.endpoint.href, options.region], ['https://s3.example.org/', 'us-east-1'])
})

test('parseS3Options() leaves no doubt about where the bucket is', () => {
  for (const endpoint of [
    'http://127.0.0.1:9000/base',
    'http://127.0.0.1:9000/base///',
    'http://127.0.0.1:9000/x/../base/',
  ]) {
    const options = parseS3Options(JSON.stringify({ ...BASE, endpoint, bucket_name: 'b' }))
    assert.ok(typeof options !== 'string')
    assert.equal(options.endpoint.href, 'http://127.0.0.1:9000/base')
  }
})

test('parseListPage() reads any text without throwing', () => {
  const pieces = fc.constantFrom(
    '<a>',
    '</a>',
    '<Contents>',
    '</Contents>',
    '<Key>',
    '&amp;',
    '&',
    '<',
    '<!--',
    ']]>',
    'x',
  )
  const documents = fc.array(pieces).map((parts) => `<ListBucketResult>${parts.join('')}</ListBucketResult>`)
  fc.assert(fc.property(fc.oneof(fc.string(), documents), (text) => void parseListPage(text)))
})

test('parseListPage() refuses documents that take long to read', () => {
  for (const unit of ['<a/>', '&amp;', '<Contents/>']) {
    assert.equal(parseListPage(`<ListBucketResult>${unit.repeat(300_000)}</ListBucketResult>`), undefined)
  }
})

test('parseS3Options() refuses texts that no URL can hold', () => {
  for (const name of ['path', 'prefix']) {
    assert.equal(parseS3Options(JSON.stringify({ ...BASE, bucket_name: 'b', [name]: 'a\ud800' })), 'parameter', name)
  }
})
