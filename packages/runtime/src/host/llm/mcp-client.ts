import type { Readable } from 'node:stream'
import { toUtf8 } from '@blockless/core'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { Agent } from 'undici'
import { waitFor } from '../../executor/wait-for.ts'
import type { Gate } from '../../policy/gate.ts'
import { type GuardedResponse, guardedRequest } from '../http/guarded-request.ts'
import type { HeaderList } from '../http/request-headers.ts'
import { isJsonObject, parseJson } from '../shared/json-text.ts'
import { readAll } from '../shared/read-body.ts'
import { McpError } from './mcp-error.ts'

/** A tool as its server describes it. */
export interface Tool {
  readonly name: string
  readonly description: string
  /** JSON schema of the arguments. */
  readonly inputSchema: unknown
}

/** The version that has this transport: a stream of events, and posts beside it. */
const PROTOCOL_VERSION = '2024-11-05'
/** Tools of one server, and pages that list them; a model cannot tell more apart. */
const TOOLS_MAX = 64
const PAGES_MAX = 8
/** Characters of one event, and bytes of all events of a connection. */
const EVENT_LENGTH_MAX = 1024 * 1024
const STREAM_SIZE_MAX = 8 * 1024 * 1024
/** Bytes of the reply to a post, which says nothing: answers come as events. */
const REPLY_SIZE_MAX = 65_536

type Result = Readonly<Record<string, unknown>>

/**
 * A connection to a server of tools: Model Context Protocol over server-sent events.
 *
 * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports
 */
export class McpClient implements Disposable {
  readonly #agent: Agent
  readonly #gate: Gate
  readonly #url: URL
  readonly #signal: AbortSignal
  readonly #endpoint = Promise.withResolvers<URL>()
  readonly #waiting = new Map<number, PromiseWithResolvers<Result>>()
  #stream: Readable | undefined
  #nextId = 1

  private constructor(agent: Agent, gate: Gate, url: URL, signal: AbortSignal) {
    this.#agent = agent
    this.#gate = gate
    this.#url = url
    this.#signal = signal
    this.#endpoint.promise.catch(() => {})
  }

  /**
   * Connects and shakes hands.
   *
   * @param gate - decides each request
   * @param signal - ends the connection and whatever waits for it
   * @throws {McpError | HttpError} if the server cannot be used
   */
  static async connect(agent: Agent, gate: Gate, url: URL, signal: AbortSignal): Promise<McpClient> {
    const client = new McpClient(agent, gate, url, signal)
    try {
      await client.#open()
      return client
    } catch (error) {
      client[Symbol.dispose]()
      throw error
    }
  }

  /** Who serves the tools. */
  get host(): string {
    return this.#url.host
  }

  /** What the server can do, at most 64 tools. */
  async listTools(): Promise<readonly Tool[]> {
    const tools: Tool[] = []
    let cursor: unknown
    for (let page = 0; page < PAGES_MAX && tools.length < TOOLS_MAX; page++) {
      const result = await this.#request('tools/list', cursor === undefined ? {} : { cursor })
      if (!Array.isArray(result.tools)) throw this.#error('its list of tools is none')
      tools.push(...result.tools.map(toolOf).filter((tool) => tool !== undefined))
      cursor = result.nextCursor
      if (typeof cursor !== 'string') break
    }
    return tools.slice(0, TOOLS_MAX)
  }

  /** Calls a tool. @returns the text of its answer, also where the tool says that it failed */
  async callTool(name: string, input: unknown): Promise<string> {
    const { content } = await this.#request('tools/call', { name, arguments: input })
    if (!Array.isArray(content)) throw this.#error('the answer of its tool has no content')
    const texts = content.map((part: unknown) => (isJsonObject(part) && part.type === 'text' ? part.text : undefined))
    return texts.filter((text) => typeof text === 'string').join('\n')
  }

  [Symbol.dispose](): void {
    this.#stream?.on('error', () => {}).destroy()
    this.#fail(this.#error('the connection was closed'))
  }

  async #open(): Promise<void> {
    const { status, headers, body } = await this.#send(this.#url, 'GET', [['accept', 'text/event-stream']])
    this.#stream = body
    const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
    if (status !== 200 || !type.startsWith('text/event-stream')) throw this.#error(`no events, status ${status}`)
    void this.#receive(body)
    await this.#request('initialize', {
      protocolVersion: PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: 'blockless', version: '0.1.0' },
    })
    await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' })
  }

  /** Reads events until the stream ends, which fails whatever waits. */
  async #receive(body: Readable): Promise<void> {
    const parser = createParser({
      maxBufferSize: EVENT_LENGTH_MAX,
      onEvent: (event) => this.#onEvent(event),
      onError: ({ type }) => void (type === 'max-buffer-size-exceeded' && body.destroy()),
    })
    const decoder = new TextDecoder()
    let size = 0
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        size += chunk.length
        if (size > STREAM_SIZE_MAX) throw this.#error(`it sent more than ${STREAM_SIZE_MAX} bytes`)
        parser.feed(decoder.decode(chunk, { stream: true }))
      }
      this.#fail(this.#error('it ended the connection'))
    } catch (error) {
      this.#fail(error instanceof McpError ? error : this.#error('the connection broke'))
    }
  }

  #onEvent({ event = 'message', data }: EventSourceMessage): void {
    if (event === 'endpoint') {
      const endpoint = URL.parse(data, this.#url)
      // a server must not send this machine, with what it may reach, to another one
      if (endpoint !== null && endpoint.origin === this.#url.origin) this.#endpoint.resolve(endpoint)
      else this.#endpoint.reject(this.#error('it names an endpoint elsewhere'))
      return
    }
    const message = event === 'message' ? parseJson(data) : undefined
    if (!isJsonObject(message) || typeof message.id !== 'number') return
    const waiting = this.#waiting.get(message.id)
    if (isJsonObject(message.result)) waiting?.resolve(message.result)
    else if ('error' in message) waiting?.reject(this.#error('it answered with an error'))
  }

  async #request(method: string, params: Result): Promise<Result> {
    const id = this.#nextId++
    const waiting = Promise.withResolvers<Result>()
    waiting.promise.catch(() => {})
    this.#waiting.set(id, waiting)
    try {
      await this.#post({ jsonrpc: '2.0', id, method, params })
      return await waitFor(waiting.promise, this.#signal)
    } finally {
      this.#waiting.delete(id)
    }
  }

  async #post(message: Result): Promise<void> {
    const endpoint = await waitFor(this.#endpoint.promise, this.#signal)
    const bytes = toUtf8(JSON.stringify(message))
    const { status, body } = await this.#send(endpoint, 'POST', [['content-type', 'application/json']], bytes)
    await readAll(body, REPLY_SIZE_MAX, this.#signal)
    if (status < 200 || status >= 300) throw this.#error(`status ${status}`)
  }

  async #send(url: URL, method: string, headers: HeaderList, body?: Uint8Array): Promise<GuardedResponse> {
    return await guardedRequest(this.#agent, {
      url,
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      decide: (target, verb) => this.#gate.decide({ kind: 'fetch', url: target, method: verb }),
      signal: this.#signal,
    })
  }

  #fail(error: unknown): void {
    this.#endpoint.reject(error)
    for (const { reject } of this.#waiting.values()) reject(error)
  }

  #error(why: string): McpError {
    return new McpError(this.#url.host, why)
  }
}

function toolOf(value: unknown): Tool | undefined {
  if (!isJsonObject(value) || typeof value.name !== 'string') return undefined
  const { name, description, inputSchema = {} } = value
  return { name, description: typeof description === 'string' ? description : '', inputSchema }
}
