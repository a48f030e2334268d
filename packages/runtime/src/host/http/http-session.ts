import { concat } from '@blockless/core'
import type { Agent } from 'undici'
import { answered, type HostAnswer, type HostCall, refused } from '../../host-call/host-call.ts'
import type { HostRun, HostSession } from '../../host-call/host-family.ts'
import { ByteReader } from '../shared/byte-reader.ts'
import { integerField, textField } from '../shared/call-fields.ts'
import { HandleTable } from '../shared/handle-table.ts'
import type { Places } from '../shared/places.ts'
import { createGuardedAgent } from './guarded-agent.ts'
import { type GuardedResponse, guardedRequest } from './guarded-request.ts'
import { HttpError } from './http-error.ts'
import type { HeaderList } from './request-headers.ts'
import type { Resolver } from './resolver.ts'

/** As browsers do it, and the existing runtime. */
const REDIRECTS_MAX = 10
/** Characters of a URL: beyond what servers take. */
const URL_LENGTH_MAX = 65_536
/** Names and values of headers, as one flat list. */
const HEADER_TEXTS_MAX = 512
/** Bytes of one read, which the guest's side asks for piece by piece. */
const READ_SIZE_MAX = 1_048_576
/** The longest a connection may take; timeouts are in whole seconds below, each with connections of its own. */
const CONNECT_SECONDS_MAX = 30
const CONNECT_SECONDS_DEFAULT = 10

/** Collaborators of an {@link HttpSession}. */
export interface HttpSessionComponents {
  readonly resolver: Resolver
  /** Responses that all runs of the node may have open. */
  readonly places: Places
  /** Connections of the whole node. */
  readonly connections: Places
}

interface OpenResponse {
  readonly response: GuardedResponse
  readonly reader: ByteReader
  readonly end: Disposable
}

/**
 * The HTTP requests of one run.
 *
 * | call | fields | answer |
 * |---|---|---|
 * | `http.open` | `url`, `method`, `headers` (names and values in turn), `connectTimeoutMs`, `timeoutMs`; 0 is none | `handle`, `status`, `url`, `headers` |
 * | `http.read` | `handle`, `size` | `size` bytes, fewer at the end of the body or where it broke |
 * | `http.close` | `handle` | |
 * | `http.fetch` | those of `http.open`, `sizeMax` | those of `http.open` without the handle, and the body |
 */
export class HttpSession implements HostSession {
  readonly #run: HostRun
  readonly #components: HttpSessionComponents
  readonly #agents = new Map<number, Agent>()
  readonly #open: HandleTable<OpenResponse>
  #isClosed = false

  constructor(run: HostRun, components: HttpSessionComponents) {
    this.#run = run
    this.#components = components
    this.#open = new HandleTable(run.limits.handlesMax)
  }

  /** @see HostSession */
  async call(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    switch (call.name) {
      case 'http.open':
        return await this.#openResponse(call, signal)
      case 'http.fetch':
        return await this.#fetch(call, signal)
      case 'http.read':
        return await this.#read(call, signal)
      case 'http.close':
        return this.#close(integerField(call, 'handle', 0, 0xffff_ffff))
      default:
        throw new TypeError(`Cannot serve "${call.name}": no such call of HTTP`)
    }
  }

  /** @see HostSession */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const { response, end } of this.#open.takeAll()) {
      response.body.destroy()
      end[Symbol.dispose]()
    }
    await Promise.all([...this.#agents.values()].map(async (agent) => await agent.destroy()))
  }

  async #openResponse(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    const { handlesMax } = this.#run.limits
    if (this.#open.isFull) return refused('limit', { name: 'handlesMax', max: handlesMax })
    using begun = new DisposableStack()
    const life = begun.use(this.#begin(call))
    if (life === undefined) return this.#nodeIsFull()
    const asked = await this.#request(call, life, signal)
    if (!('response' in asked)) return asked
    const { response } = asked
    if (this.#isClosed) {
      response.body.on('error', () => {}).destroy()
      return refused('closed')
    }
    begun.move()
    const handle = this.#open.add({ response, reader: new ByteReader(response.body), end: life })
    return answered({ handle, ...factsOf(response) })
  }

  async #fetch(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    const sizeMax = Math.min(integerField(call, 'sizeMax', 0, 0xffff_ffff), this.#run.limits.bytesMax)
    using life = this.#begin(call)
    if (life === undefined) return this.#nodeIsFull()
    const asked = await this.#request(call, life, signal)
    if (!('response' in asked)) return asked
    const { response } = asked
    using _ = abortWith(life, signal)
    const { bytes, failure } = await fill(new ByteReader(response.body), sizeMax + 1, life.signal)
    response.body.destroy()
    if (failure !== undefined) return failed(failure, new URL(response.url).host, life.signal)
    if (bytes.length > sizeMax) return refused('limit', { name: 'sizeMax', max: sizeMax })
    return answered(factsOf(response), bytes)
  }

  /** Begins a request; undefined if the node has no place for it. */
  #begin(call: HostCall): Life | undefined {
    const timeoutMs = integerField(call, 'timeoutMs', 0, 0x7fff_ffff)
    return this.#components.places.take() ? lifeOf(this.#run.signal, timeoutMs, this.#components.places) : undefined
  }

  #nodeIsFull(): HostAnswer {
    return refused('limit', { name: 'responsesMax', max: this.#components.places.countMax })
  }

  async #read(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    const handle = integerField(call, 'handle', 0, 0xffff_ffff)
    const size = integerField(call, 'size', 1, READ_SIZE_MAX)
    const open = this.#open.get(handle)
    if (open === undefined) return refused('bad-handle')
    const { bytes } = await fill(open.reader, size, signal)
    // its connection is free from here on, whether the guest closes the handle or forgets to
    if (bytes.length < size) this.#close(handle)
    return answered({}, bytes)
  }

  #close(handle: number): HostAnswer {
    const open = this.#open.take(handle)
    if (open === undefined) return refused('bad-handle')
    open.response.body.on('error', () => {}).destroy()
    open.end[Symbol.dispose]()
    return answered()
  }

  async #request(call: HostCall, life: Life, signal: AbortSignal): Promise<{ response: GuardedResponse } | HostAnswer> {
    const source = textField(call, 'url', URL_LENGTH_MAX)
    const method = textField(call, 'method', 256)
    const headers = headersField(call)
    const connectMs = integerField(call, 'connectTimeoutMs', 0, 0x7fff_ffff)
    const url = URL.parse(source)
    if (url === null || !/^https?:$/.test(url.protocol)) return refused('url')
    using _ = abortWith(life, signal)
    try {
      const response = await guardedRequest(this.#agentOf(connectMs), {
        url,
        method,
        headers,
        body: call.bytes,
        decide: (to, by) => this.#run.gate.decide({ kind: 'fetch', url: to, method: by }),
        redirectsMax: REDIRECTS_MAX,
        signal: life.signal,
      })
      return { response }
    } catch (error) {
      return failed(error, url.host, life.signal)
    }
  }

  #agentOf(connectMs: number): Agent {
    const seconds =
      connectMs === 0 ? CONNECT_SECONDS_DEFAULT : Math.min(CONNECT_SECONDS_MAX, Math.ceil(connectMs / 1000))
    const known = this.#agents.get(seconds)
    if (known !== undefined) return known
    const agent = createGuardedAgent(this.#run.gate, {
      resolver: this.#components.resolver,
      connections: this.#components.connections,
      connectTimeoutMs: seconds * 1000,
    })
    this.#agents.set(seconds, agent)
    return agent
  }
}

/** How long a request and its response may live: as the run does, and no longer than the guest said. */
interface Life extends Disposable {
  readonly signal: AbortSignal
  abort(reason: unknown): void
}

/** @param places - to which the place of this request is given back, once */
function lifeOf(run: AbortSignal, timeoutMs: number, places: Places): Life {
  const controller = new AbortController()
  const signals = [controller.signal, run, ...(timeoutMs === 0 ? [] : [AbortSignal.timeout(timeoutMs)])]
  let isOver = false
  return {
    signal: AbortSignal.any(signals),
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => {
      if (!isOver) places.give()
      isOver = true
      controller.abort(new Error('The response is closed'))
    },
  }
}

/** While a call lasts, what ends the call ends the response. */
function abortWith(life: Life, signal: AbortSignal): Disposable {
  const abort = (): void => life.abort(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', abort) }
}

/** Reads until `size` bytes are there, so that how the network cut them does not show, or the body ends or breaks. */
async function fill(
  reader: ByteReader,
  size: number,
  signal: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly failure?: unknown }> {
  const chunks: Uint8Array[] = []
  let left = size
  try {
    while (left > 0) {
      const chunk = await reader.read(left, signal)
      if (chunk.length === 0) break
      chunks.push(chunk)
      left -= chunk.length
    }
  } catch (failure) {
    return { bytes: concat(...chunks), failure }
  }
  return { bytes: concat(...chunks) }
}

function factsOf({ status, url, headers }: GuardedResponse): { status: number; url: string; headers: string[] } {
  return { status, url, headers: headers.flat() }
}

function headersField(call: HostCall): HeaderList {
  const value = call.fields['headers']
  const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string')
  if (!isTexts || value.length > HEADER_TEXTS_MAX || value.length % 2 !== 0) {
    throw new TypeError(`Cannot serve "${call.name}": its "headers" is no list of names and values`)
  }
  return Array.from({ length: value.length / 2 }, (_, index) => [
    String(value[index * 2]),
    String(value[index * 2 + 1]),
  ])
}

/** The answer for a request that failed. @throws the error itself if it is a bug of ours */
function failed(error: unknown, host: string, signal: AbortSignal): HostAnswer {
  if (!(error instanceof HttpError)) {
    if (signal.aborted) return refused('timeout', { host })
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    if (code === undefined) throw error
    return refused('failed', { host, why: code })
  }
  const { details } = error
  switch (details.code) {
    case 'ERR_HTTP_DENIED':
      return refused('denied', { missing: details.missing, url: details.url })
    case 'ERR_HTTP_ADDRESS':
      return refused('address', { missing: details.missing, host: details.host })
    case 'ERR_HTTP_URL':
      return refused('url')
    case 'ERR_HTTP_METHOD':
      return refused('method')
    case 'ERR_HTTP_HEADER':
      return refused('header', { name: details.name, why: details.why })
    case 'ERR_HTTP_REDIRECTS':
      return refused('failed', { host, why: 'too many redirects' })
    case 'ERR_HTTP_TIMEOUT':
      return refused('timeout', { host: details.host })
    case 'ERR_HTTP_FAILED':
      return refused('failed', { host: details.host, why: details.why })
  }
}
