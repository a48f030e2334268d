import { CodedError, isCodedError, type Schema } from '@blockless/core'
import { ClientError, GatewayError } from '../client-error.ts'
import { ANSWER_SIZE_MAX, ANSWER_TIMEOUT_MS, ERROR_SIZE_MAX, MESSAGE_LENGTH_MAX } from '../defaults.ts'
import { BodyTooLargeError, readBody } from './read-body.ts'

/** Where a gateway is, and how to get there. */
export interface GatewayHttpInit {
  /** Base URL; a path is kept, so a gateway may live below one. */
  readonly url: string
  readonly fetch: typeof globalThis.fetch
  readonly signal: AbortSignal | undefined
}

/** One call. */
export interface HttpCall {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** Relative to the gateway, already encoded, without a leading slash. */
  readonly path: string
  readonly contentType?: string
  readonly body?: Uint8Array | string
  readonly accept?: string
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
}

/** Speaks HTTP with one gateway: bounded in size and time, each failure with its code. */
export class GatewayHttp {
  readonly #base: URL
  readonly #init: GatewayHttpInit

  /** @throws {TypeError} if the URL is none, or not of HTTP */
  constructor(init: GatewayHttpInit) {
    const base = URL.canParse(init.url) ? new URL(init.url) : undefined
    if (base === undefined || !/^https?:$/.test(base.protocol)) {
      throw new TypeError(`Cannot use "${init.url}" as a gateway: an http or https URL is needed`)
    }
    if (!base.pathname.endsWith('/')) base.pathname += '/'
    base.search = ''
    base.hash = ''
    this.#base = base
    this.#init = init
  }

  /**
   * Calls and reads a JSON answer through its schema.
   *
   * @throws {GatewayError} if the gateway refuses
   * @throws {ClientError} if there is no gateway, or its answer does not fit
   */
  async json<T>(call: HttpCall, schema: Schema<T>): Promise<T> {
    const { url, status, body } = await this.#exchange({ accept: 'application/json', ...call })
    const json = parseJson(body)
    if (json === undefined) throw this.#answer(url, status, `it is not JSON: ${excerpt(body)}`)
    try {
      return schema.fromJson(json, '')
    } catch (cause) {
      if (!isCodedError(cause)) throw cause
      throw this.#answer(url, status, cause.message, cause)
    }
  }

  /** Calls and returns the body's bytes. @throws as {@link json} */
  async bytes(call: HttpCall): Promise<Uint8Array> {
    return (await this.#exchange(call)).body
  }

  async #exchange(call: HttpCall): Promise<{ url: string; status: number; body: Uint8Array }> {
    const url = new URL(call.path, this.#base).href
    const timeoutMs = call.timeoutMs ?? ANSWER_TIMEOUT_MS
    const deadline = AbortSignal.timeout(timeoutMs)
    const callers = [this.#init.signal, call.signal].filter((signal) => signal !== undefined)
    const signal = AbortSignal.any([...callers, deadline])
    try {
      const response = await this.#init.fetch(url, toRequestInit(call, signal))
      const body = await readBody(response, response.ok ? ANSWER_SIZE_MAX : ERROR_SIZE_MAX).catch((cause: unknown) => {
        if (cause instanceof BodyTooLargeError) throw this.#answer(url, response.status, cause.message, cause)
        throw cause
      })
      if (!response.ok) throw this.#refusal(url, response, body)
      return { url, status: response.status, body }
    } catch (cause) {
      for (const caller of callers) caller.throwIfAborted()
      if (cause instanceof CodedError) throw cause
      if (deadline.aborted) throw new ClientError({ code: 'ERR_GATEWAY_TIMEOUT', url, timeoutMs }, { cause })
      throw this.#unreachable(cause)
    }
  }

  #refusal(url: string, { status, headers }: Response, body: Uint8Array): CodedError {
    const error = readErrorBody(parseJson(body))
    if (error === undefined) return this.#answer(url, status, `its error has no code: ${excerpt(body)}`)
    const retryAfter = Number(headers.get('retry-after') ?? Number.NaN)
    const retryAfterMs = Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter * 1_000 : undefined
    return new GatewayError(error, { status, retryAfterMs })
  }

  #answer(url: string, status: number, problem: string, cause?: unknown): ClientError {
    return new ClientError({ code: 'ERR_GATEWAY_ANSWER', url, status, problem }, { cause })
  }

  #unreachable(cause: unknown): ClientError {
    const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(this.#base.hostname)
    const hint = isLocal ? 'is `bls up` running?' : 'is the address right, and is the gateway running there?'
    const url = this.#base.href.replace(/\/$/, '')
    return new ClientError({ code: 'ERR_GATEWAY_UNREACHABLE', url, problem: describeCause(cause), hint }, { cause })
  }
}

function toRequestInit({ method = 'GET', contentType, body, accept }: HttpCall, signal: AbortSignal): RequestInit {
  const headers = {
    ...(accept === undefined ? {} : { accept }),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  }
  // Fetch wants a body that nobody shares with another thread; ours are never shared.
  return { method, headers, signal, ...(body === undefined ? {} : { body: body as BodyInit }) }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown
  } catch {
    return undefined // JSON never means undefined
  }
}

function readErrorBody(json: unknown): { code: string; message: string; details: object } | undefined {
  const error = isObject(json) ? json['error'] : undefined
  if (!isObject(error)) return undefined
  const { code, message, details } = error
  if (typeof code !== 'string' || !/^ERR_[A-Z0-9_]{1,60}$/.test(code) || typeof message !== 'string') return undefined
  return { code, message: message.slice(0, MESSAGE_LENGTH_MAX), details: isObject(details) ? details : {} }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function excerpt(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, 256)).replaceAll(/\s+/g, ' ').trim()
  return text === '' ? 'empty' : JSON.stringify(text.slice(0, 60))
}

/** Fetch says "fetch failed"; what failed is in its cause. */
function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof AggregateError && cause.errors.length > 0) return describeCause(cause.errors[0])
  return cause instanceof Error ? describeCause(cause) : error.message
}
