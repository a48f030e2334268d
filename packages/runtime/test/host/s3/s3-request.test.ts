import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { S3Options } from '../../../src/host/s3/s3-options.ts'
import { signS3Request } from '../../../src/host/s3/s3-request.ts'

/** Credentials and time of the examples in AWS's documentation, whose bucket is in the host name. */
const OPTIONS: S3Options = {
  endpoint: new URL('https://examplebucket.s3.amazonaws.com'),
  region: 'us-east-1',
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  bucket: '',
  key: '',
  prefix: '',
}
const NOW_MS = Date.UTC(2013, 4, 24)

// Source: Amazon S3 API reference, "Signature calculations: transferring payload in a single chunk", examples.
const examples: readonly (readonly [query: Readonly<Record<string, string>>, signature: string])[] = [
  [{ lifecycle: '' }, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  [{ 'max-keys': '2', prefix: 'J' }, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
]
for (const [query, signature] of examples) {
  test(`signS3Request() signs ${JSON.stringify(query)} as AWS does`, async () => {
    const { headers } = await signS3Request(OPTIONS, { method: 'GET', query }, NOW_MS)
    const authorization = headers.find(([name]) => name === 'authorization')?.[1] ?? ''
    assert.equal(authorization.split('Signature=')[1], signature)
  })
}

test('signS3Request() keeps every key inside its bucket, and a path of the endpoint', async () => {
  const options = { ...OPTIONS, endpoint: new URL('http://127.0.0.1:9000/store/'), bucket: 'photos' }
  for (const key of ['a', 'a/b', '//a', 'a?b#c', '%2e%2e/x', 'a\\..\\b', '..a', 'ä+b c']) {
    const { url } = await signS3Request(options, { method: 'GET', key }, NOW_MS)
    assert.ok(url.pathname.startsWith('/store/photos/'), url.href)
    assert.equal(decodeURIComponent(url.pathname.slice('/store/photos/'.length)), key)
    assert.equal(url.search + url.hash, '')
  }
})
