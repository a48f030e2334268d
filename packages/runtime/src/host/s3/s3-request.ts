import { sha256, toHex } from '@blockless/core'
import { AwsV4Signer } from 'aws4fetch'
import type { HeaderList } from '../http/request-headers.ts'
import type { S3Options } from './s3-options.ts'

/** What to ask of a bucket. */
export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  /** Object key; absent for the bucket itself. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly contentType?: string
  readonly body?: Uint8Array
}

/** A request with its signature (AWS signature version 4), addressed path-style. */
export async function signS3Request(
  options: S3Options,
  request: S3Request,
  nowMs: number,
): Promise<{ readonly url: URL; readonly headers: HeaderList }> {
  const { method, key, query = {}, contentType, body = new Uint8Array() } = request
  const url = new URL(options.endpoint)
  const parts = [options.bucket, ...(key === undefined ? [] : key.split('/'))]
  url.pathname = [url.pathname.replace(/\/+$/, ''), ...parts.map(encodePart)].join('/')
  // spaces as %20: S3 signs what it decodes, and a plus is a plus there
  url.search = Object.entries(query)
    .map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`)
    .join('&')
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers: {
      'x-amz-content-sha256': toHex(sha256(body)),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    accessKeyId: options.accessKey,
    secretAccessKey: options.secretKey,
    service: 's3',
    region: options.region,
    datetime: new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  })
  const signed = await signer.sign()
  return { url, headers: [...signed.headers] }
}

/** RFC 3986, section 2.3: everything but unreserved characters is encoded. */
function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
