import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/**
 * Whether a request as it arrived is signed with `secretKey`: AWS signature version 4 for S3, written from its
 * specification and not from what makes the signatures.
 */
export function isSignedWith(secretKey: string, request: IncomingMessage): boolean {
  const { authorization = '' } = request.headers
  const match = /^AWS4-HMAC-SHA256 Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
    authorization,
  )
  if (match === null) return false
  const [, scope = '', signedHeaders = '', signature] = match
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const lines = signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
  const canonical = [
    request.method,
    path,
    query.split('&').sort().join('&'),
    lines.join(''),
    signedHeaders,
    request.headers['x-amz-content-sha256'],
  ].join('\n')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, digest].join('\n')
  const key = scope.split('/').reduce((last: string | Buffer, part) => hmac(last, part), `AWS4${secretKey}`)
  return hmac(key, text).toString('hex') === signature
}
