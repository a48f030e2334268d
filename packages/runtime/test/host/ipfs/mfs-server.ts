import type { IncomingMessage, ServerResponse } from 'node:http'
import { type MFS, mfs } from '@helia/mfs'
import { startHttpServer, type TestServer } from '../http/test-server.ts'
import { createMemoryStores } from './memory-stores.ts'

/** Kubo's RPC for files, over the files of Helia in memory. */
export interface MfsServer extends TestServer {
  /** What was asked, such as `files/ls?arg=%2F`. */
  readonly requests: string[]
  readonly files: MFS
}

const PREFIX = '/api/v0/'

/** Starts an API as Kubo has it: posts with arguments in the query, JSON replies, 500 with a message for what fails. */
export async function startMfsServer(): Promise<MfsServer> {
  const files = mfs(createMemoryStores())
  const requests: string[] = []
  const server = await startHttpServer((request, response) => {
    requests.push((request.url ?? '').slice(PREFIX.length))
    serve(files, request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ Message: error instanceof Error ? error.message : '', Code: 0, Type: 'error' }))
    })
  })
  return { ...server, requests, files }
}

async function serve(files: MFS, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://localhost')
  if (request.method !== 'POST') return void response.writeHead(405).end()
  const [path = '/', target = ''] = query.getAll('arg')
  const has = (name: string): boolean => query.get(name) === 'true'
  const json = (value: unknown): void => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(value))
  }
  switch (pathname.slice(PREFIX.length)) {
    case 'files/ls':
      return json({ Entries: await list(files, path) })
    case 'files/mkdir':
      await makeFolder(files, path, has('parents'))
      return void response.end()
    case 'files/rm':
      if (has('force') && !(await exists(files, path))) return void response.end()
      await files.rm(path)
      return void response.end()
    case 'files/cp':
      await files.cp(path, target, { force: has('parents') })
      return void response.end()
    case 'files/stat':
      return json(await stat(files, path))
    case 'files/read':
      for await (const bytes of files.cat(path, rangeOf(query))) response.write(bytes)
      return void response.end()
    case 'files/write':
      await write(files, path, query, await fileOf(request))
      return void response.end()
    default:
      response.writeHead(404).end('404 page not found')
  }
}

async function exists(files: MFS, path: string): Promise<boolean> {
  return await files.stat(path).then(
    () => true,
    () => false,
  )
}

async function list(files: MFS, path: string): Promise<unknown[] | null> {
  const entries: unknown[] = []
  for await (const { name } of files.ls(path)) entries.push({ Name: name, Type: 0, Size: 0, Hash: '' })
  return entries.length === 0 ? null : entries
}

async function makeFolder(files: MFS, path: string, isForced: boolean): Promise<void> {
  if (isForced && (await exists(files, path))) return
  await files.mkdir(path, { force: isForced })
}

async function stat(files: MFS, path: string): Promise<unknown> {
  const { cid, type, fileSize, dagSize, blocks } = await files.stat(path)
  const kind = type === 'directory' ? 'directory' : 'file'
  return { Hash: cid.toString(), Size: Number(fileSize), CumulativeSize: Number(dagSize), Blocks: blocks, Type: kind }
}

function rangeOf(query: URLSearchParams): { offset: number; length?: number } {
  const count = query.get('count')
  return { offset: Number(query.get('offset') ?? 0), ...(count === null ? {} : { length: Number(count) }) }
}

/** Writes into a file at an offset, as far as these tests go: what was there before it is kept. */
async function write(files: MFS, path: string, query: URLSearchParams, bytes: Uint8Array): Promise<void> {
  const isThere = await exists(files, path)
  if (!isThere && query.get('create') !== 'true') throw new Error('file does not exist')
  const parts: Uint8Array[] = []
  const isKept = isThere && query.get('truncate') !== 'true'
  if (isKept) for await (const part of files.cat(path)) parts.push(part)
  const old = Buffer.concat(parts)
  const offset = Number(query.get('offset') ?? 0)
  const merged = Buffer.alloc(Math.max(old.length, offset + bytes.length))
  merged.set(old)
  merged.set(bytes, offset)
  if (isThere) await files.rm(path)
  await files.writeBytes(merged, path, { force: query.get('parents') === 'true' })
}

/** The one file of a multipart body, read by Node's own parser. */
async function fileOf(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  const form = await new Response(Buffer.concat(parts), { headers }).formData()
  const [file] = [...form.values()]
  if (file === undefined || typeof file === 'string') throw new Error("file argument 'data' is required")
  return await file.bytes()
}
