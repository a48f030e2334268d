import crypto from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'
import { isSignedWith } from './signature-check.ts'

/** A server that speaks S3 and checks signatures, on loopback, with its objects in a temporary folder. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string
  /** Options of a guest with the right credentials. */
  readonly options: (more?: Readonly<Record<string, unknown>>) => string
}

/** The one key pair that the server knows: key and secret are the same. */
const KEY = 'S3RVER'
const MISMATCH = '<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code></Error>'

/** Starts the server. */
export async function startS3Server(): Promise<S3Server> {
  provideDes()
  const directory = await mkdtemp(join(tmpdir(), 'blockless-s3-'))
  const server = new S3rver({ address: '127.0.0.1', port: 0, directory, silent: true })
  // s3rver itself leaves signatures of version 4 unchecked
  server.middleware.unshift(async (context, next) => {
    if (isSignedWith(KEY, context.req) || !context.req.headers.authorization?.includes(KEY)) return await next()
    context.status = 403
    context.body = MISMATCH
  })
  const { port } = await server.run()
  const endpoint = `http://127.0.0.1:${port}`
  const credentials = { access_key: KEY, secret_key: KEY, endpoint }
  return {
    endpoint,
    options: (more = {}) => JSON.stringify({ ...credentials, bucket_name: 'photos', ...more }),
    async [Symbol.asyncDispose]() {
      await server.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** s3rver makes continuation tokens with DES, which OpenSSL no longer has; Triple DES with one key is the same. */
function provideDes(): void {
  const { createCipheriv, createDecipheriv } = crypto
  const replaced = (algorithm: string, key: unknown): [string, Buffer] => {
    const bytes = key as Buffer
    return algorithm === 'des' ? ['des-ede3-cbc', Buffer.concat([bytes, bytes, bytes])] : [algorithm, bytes]
  }
  crypto.createCipheriv = ((algorithm: string, key: unknown, iv: Buffer) =>
    createCipheriv(...replaced(algorithm, key), iv)) as typeof createCipheriv
  crypto.createDecipheriv = ((algorithm: string, key: unknown, iv: Buffer) =>
    createDecipheriv(...replaced(algorithm, key), iv)) as typeof createDecipheriv
}
