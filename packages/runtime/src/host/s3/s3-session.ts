import type { Readable } from 'node:stream'
import { toUtf8 } from '@blockless/core'
import type { Agent } from 'undici'
import { CALL_TEXT_SIZE_MAX, HANDLE_MAX } from '../../host-call/call-sizes.ts'
import { answered, type HostAnswer, type HostCall, refused } from '../../host-call/host-call.ts'
import type { HostRun, HostSession } from '../../host-call/host-family.ts'
import { createGuardedAgent } from '../http/guarded-agent.ts'
import { type GuardedResponse, guardedRequest } from '../http/guarded-request.ts'
import { HttpError } from '../http/http-error.ts'
import { ByteReader } from '../shared/byte-reader.ts'
import { integerField, textField } from '../shared/call-fields.ts'
import { HandleTable } from '../shared/handle-table.ts'
import { networkWord } from '../shared/network-word.ts'
import type { Places } from '../shared/places.ts'
import { readAll, readFully } from '../shared/read-body.ts'
import { type ListPage, parseErrorCode, parseListPage } from './list-objects.ts'
import { parseS3Options, type S3Options } from './s3-options.ts'
import { type S3Request, signS3Request } from './s3-request.ts'

/** What a handle stands for: an object on its way, text that is there, or a deletion, which has nothing to read. */
type Entry =
  | { readonly kind: 'object'; readonly body: Readable; readonly reader: ByteReader }
  | { readonly kind: 'text'; readonly size: number; rest: Uint8Array }
  | { readonly kind: 'nothing' }

/** Numbers of `bucket_command`. */
const COMMANDS = { create: 1, list: 2, get: 3, delete: 4 } as const
/** Pages of one listing: 32,000 keys, each page tens of milliseconds of the node; a longer one ends with `is_truncated`. */
const PAGES_MAX = 32
/** Bytes of one page: a thousand keys of the greatest length are less. */
const PAGE_SIZE_MAX = 2 * 1024 * 1024
/** Bytes of a reply that is kept whole, such as an error. */
const REPLY_SIZE_MAX = 65_536
const HTTP_ERROR_MIN = 300
const WRONG_CREDENTIALS: readonly string[] = ['InvalidAccessKeyId', 'SignatureDoesNotMatch']

/** The buckets of one run: `s3.command`, `s3.put`, `s3.read` and `s3.close`. */
export class S3Session implements HostSession {
  readonly #run: HostRun
  readonly #handles: HandleTable<Entry>
  readonly #agent: Agent
  /** Bytes of text behind handles. */
  #heldBytes = 0

  /** @param connections - of the whole node */
  constructor(run: HostRun, connections: Places) {
    this.#run = run
    this.#handles = new HandleTable(run.limits.handlesMax)
    this.#agent = createGuardedAgent(run.gate, { connections })
  }

  /** @see HostSession */
  async call(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    try {
      return await this.#serve(call, signal)
    } catch (error) {
      if (signal.aborted || error instanceof TypeError) throw error
      const missing = error instanceof HttpError && 'missing' in error.details ? error.details.missing : undefined
      return missing === undefined ? refused('failed', { why: networkWord(error) }) : refused('denied', { missing })
    }
  }

  /** @see HostSession */
  async close(): Promise<void> {
    for (const entry of this.#handles.takeAll()) release(entry)
    await this.#agent.destroy()
  }

  async #serve(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    switch (call.name) {
      case 's3.command': {
        const options = textField(call, 'options', CALL_TEXT_SIZE_MAX)
        return await this.#command(integerField(call, 'command', 1, 4), options, signal)
      }
      case 's3.put':
        return await this.#put(textField(call, 'options', CALL_TEXT_SIZE_MAX), call.bytes, signal)
      case 's3.read': {
        const entry = this.#handles.get(integerField(call, 'handle', 0, HANDLE_MAX))
        return await this.#read(entry, integerField(call, 'size', 0, HANDLE_MAX), signal)
      }
      case 's3.close': {
        const entry = this.#handles.take(integerField(call, 'handle', 0, HANDLE_MAX))
        if (entry?.kind === 'text') this.#heldBytes -= entry.size
        release(entry)
        return entry === undefined ? refused('bad-handle') : answered()
      }
      default:
        throw new TypeError(`Cannot serve "${call.name}": buckets have no such call`)
    }
  }

  async #command(command: number, text: string, signal: AbortSignal): Promise<HostAnswer> {
    const options = parseS3Options(text)
    if (typeof options === 'string') return refused(options)
    const isRead = command === COMMANDS.list || command === COMMANDS.get
    const isObject = command === COMMANDS.get || command === COMMANDS.delete
    if (isObject && options.key === '') return refused('parameter')
    const refusal = this.#decide(options, isRead ? 'read' : 'write')
    if (refusal !== undefined) return refusal
    if (this.#handles.isFull) return refused('limit', { name: 'handlesMax', max: this.#run.limits.handlesMax })
    switch (command) {
      case COMMANDS.create:
        return await this.#create(options, signal)
      case COMMANDS.list:
        return await this.#list(options, signal)
      case COMMANDS.get:
        return await this.#get(options, signal)
      default:
        return await this.#delete(options, signal)
    }
  }

  #decide({ endpoint, bucket }: S3Options, access: 'read' | 'write'): HostAnswer | undefined {
    const verdict = this.#run.gate.decide({ kind: 's3', endpoint, bucket, access })
    return verdict.isAllowed ? undefined : refused('denied', { missing: verdict.missing })
  }

  async #create(options: S3Options, signal: AbortSignal): Promise<HostAnswer> {
    const { region } = options
    const place = `<LocationConstraint>${region}</LocationConstraint>`
    const configuration = `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${place}</CreateBucketConfiguration>`
    // the first region is the one that may not be named
    const body = region === 'us-east-1' ? {} : { body: toUtf8(configuration), contentType: 'application/xml' }
    const { status, text } = await this.#sendForText(options, { method: 'PUT', ...body }, signal)
    return this.#holdText(JSON.stringify({ code: status, response_text: text }))
  }

  /** All pages at once, as the existing runtime gives them: a list with one entry per page. */
  async #list(options: S3Options, signal: AbortSignal): Promise<HostAnswer> {
    const pages: ListPage[] = []
    let size = 2
    let token: string | undefined
    do {
      const query = {
        'list-type': '2',
        prefix: options.prefix,
        ...(token === undefined ? {} : { 'continuation-token': token }),
      }
      const { status, text } = await this.#sendForText(options, { method: 'GET', query }, signal, PAGE_SIZE_MAX)
      if (status >= HTTP_ERROR_MIN) return failureOf(status, text)
      const read = parseListPage(text)
      if (read === undefined) return refused('failed', { why: 'the listing is not one of S3' })
      size += JSON.stringify(read.page).length + 1
      if (size > this.#run.limits.bytesMax) {
        if (pages.length === 0) return refused('limit', { name: 'bytesMax', max: this.#run.limits.bytesMax })
        break
      }
      pages.push(read.page)
      // a server that gives the same page again would do so for ever
      token = read.next === token ? undefined : read.next
    } while (token !== undefined && pages.length < PAGES_MAX)
    return this.#holdText(JSON.stringify(pages))
  }

  async #get(options: S3Options, signal: AbortSignal): Promise<HostAnswer> {
    const { status, body } = await this.#send(options, { method: 'GET', key: options.key }, signal)
    if (status >= HTTP_ERROR_MIN) return failureOf(status, await textOf(body, REPLY_SIZE_MAX, signal))
    return this.#hold({ kind: 'object', body, reader: new ByteReader(body) })
  }

  async #delete(options: S3Options, signal: AbortSignal): Promise<HostAnswer> {
    const { status, text } = await this.#sendForText(options, { method: 'DELETE', key: options.key }, signal)
    return status >= HTTP_ERROR_MIN ? failureOf(status, text) : this.#hold({ kind: 'nothing' })
  }

  async #put(text: string, bytes: Uint8Array, signal: AbortSignal): Promise<HostAnswer> {
    const options = parseS3Options(text)
    if (typeof options === 'string') return refused(options)
    if (options.key === '') return refused('parameter')
    const refusal = this.#decide(options, 'write')
    if (refusal !== undefined) return refusal
    const request = { key: options.key, contentType: 'application/octet-stream', body: bytes }
    const reply = await this.#sendForText(options, { method: 'PUT', ...request }, signal)
    return reply.status >= HTTP_ERROR_MIN ? failureOf(reply.status, reply.text) : answered()
  }

  async #read(entry: Entry | undefined, size: number, signal: AbortSignal): Promise<HostAnswer> {
    if (entry === undefined || entry.kind === 'nothing') return refused('bad-handle')
    const sizeMax = Math.min(size, this.#run.limits.bytesMax)
    if (entry.kind === 'object') return answered({}, await readFully(entry.reader, sizeMax, signal))
    const bytes = entry.rest.subarray(0, sizeMax)
    entry.rest = entry.rest.subarray(bytes.length)
    return answered({}, bytes)
  }

  #holdText(text: string): HostAnswer {
    const rest = toUtf8(text)
    const { totalBytesMax } = this.#run.limits
    if (this.#heldBytes + rest.length > totalBytesMax)
      return refused('limit', { name: 'totalBytesMax', max: totalBytesMax })
    this.#heldBytes += rest.length
    return this.#hold({ kind: 'text', size: rest.length, rest })
  }

  #hold(entry: Entry): HostAnswer {
    return answered({ handle: this.#handles.add(entry) })
  }

  async #sendForText(
    options: S3Options,
    request: S3Request,
    signal: AbortSignal,
    sizeMax: number = REPLY_SIZE_MAX,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { status, body } = await this.#send(options, request, signal)
    return { status, text: await textOf(body, sizeMax, signal) }
  }

  async #send(options: S3Options, request: S3Request, signal: AbortSignal): Promise<GuardedResponse> {
    const { url, headers } = await signS3Request(options, request, this.#run.clock.now())
    const { method, body } = request
    // the bucket was decided; redirects, which could lead elsewhere, are not followed
    const decide = (): { readonly isAllowed: true } => ({ isAllowed: true })
    return await guardedRequest(this.#agent, {
      url,
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      decide,
      signal,
    })
  }
}

async function textOf(body: Readable, sizeMax: number, signal: AbortSignal): Promise<string> {
  const bytes = await readAll(body, sizeMax, signal)
  return bytes === undefined ? '' : new TextDecoder().decode(bytes)
}

/** A server's refusal; only its word is passed on, as its text may show more than the guest gave. */
function failureOf(status: number, xml: string): HostAnswer {
  const code = parseErrorCode(xml) ?? `status ${status}`
  return refused(WRONG_CREDENTIALS.includes(code) ? 'credentials' : 'failed', { why: code })
}

function release(entry: Entry | undefined): void {
  if (entry?.kind === 'object') entry.body.on('error', () => {}).destroy()
}
