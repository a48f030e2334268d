import { isJsonObject, parseJson } from '../shared/json-text.ts'

/** Where and as whom a guest works on a bucket, as its options say. The keys never leave this process except as a signature. */
export interface S3Options {
  /** Scheme, host and port; what a path would add is kept in front of the bucket. */
  readonly endpoint: URL
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  readonly bucket: string
  /** Object key without a leading slash; empty if none was given. */
  readonly key: string
  /** Prefix of keys to list; empty for all. */
  readonly prefix: string
}

/** Why a text is no options: `encoding` means that it is no JSON object. */
export type OptionsProblem = 'encoding' | 'parameter' | 'credentials' | 'region'

const DEFAULT_REGION = 'us-east-1'
/** Bucket names of S3 and of servers like it; never a path. */
const BUCKET = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}$/
const REGION = /^[a-zA-Z0-9-]{1,64}$/
/** Printable ASCII without spaces, as a header takes it. */
const ACCESS_KEY = /^[\x21-\x7e]{1,256}$/
const SECRET_LENGTH_MAX = 1024
/** Bytes of a key, by S3's own limit. */
const KEY_SIZE_MAX = 1024

/** Reads `{access_key, secret_key, endpoint, region?, bucket_name, prefix?, path?}`. */
export function parseS3Options(text: string): S3Options | OptionsProblem {
  const options = parseJson(text)
  if (!isJsonObject(options)) return 'encoding'
  const bucket = options.bucket_name
  const endpoint = endpointOf(options.endpoint)
  const key = textOf(options.path)?.replace(/^\//, '')
  const prefix = textOf(options.prefix)
  if (endpoint === undefined || key === undefined || prefix === undefined) return 'parameter'
  if (typeof bucket !== 'string' || !BUCKET.test(bucket) || !isKey(key)) return 'parameter'
  const { access_key: accessKey, secret_key: secretKey, region = DEFAULT_REGION } = options
  if (typeof accessKey !== 'string' || !ACCESS_KEY.test(accessKey)) return 'credentials'
  if (typeof secretKey !== 'string' || secretKey === '' || secretKey.length > SECRET_LENGTH_MAX) return 'credentials'
  const place = region === null || region === '' ? DEFAULT_REGION : region
  if (typeof place !== 'string' || !REGION.test(place)) return 'region'
  return { endpoint, region: place, accessKey, secretKey, bucket, key, prefix }
}

/** An endpoint without a scheme means HTTPS, as in the existing runtime. */
function endpointOf(value: unknown): URL | undefined {
  if (typeof value !== 'string' || value === '' || value.length > 2048) return undefined
  const url = URL.parse(value.includes('://') ? value : `https://${value}`)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  const isBare = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  // so that what is decided is what is requested
  url.pathname = url.pathname.replace(/\/+$/, '')
  return isBare ? url : undefined
}

/** Optional texts may be missing or null; half a surrogate pair has no place in a URL. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return ''
  const isText = typeof value === 'string' && value.isWellFormed() && Buffer.byteLength(value) <= KEY_SIZE_MAX
  return isText ? value : undefined
}

/** A part that is `.` or `..` would be taken for a step in the URL's path, and lead out of the bucket that was decided. */
function isKey(key: string): boolean {
  return key.split('/').every((part) => part !== '.' && part !== '..')
}
