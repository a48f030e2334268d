import { CodedError, type Logger } from '@blockless/core'
import Fastify, { type FastifyInstance } from 'fastify'
import { replyError } from './http/error-reply.ts'
import { openApiDocument } from './openapi/openapi.ts'
import type { RouteContext } from './routes/context.ts'
import { registerExecuteRoutes } from './routes/execute-routes.ts'
import { registerFunctionRoutes } from './routes/function-routes.ts'
import { FUNCTION_PREFIX, registerHttpFunctionRoutes } from './routes/http-function-routes.ts'
import { registerInvokeRoutes } from './routes/invoke-routes.ts'
import { registerReceiptRoutes } from './routes/receipt-routes.ts'
import { registerStatusRoutes } from './routes/status-routes.ts'

/** Where a gateway listens. */
export interface GatewayInit {
  /** Address, such as `127.0.0.1`. */
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Functions answer at `<name>.<domain>`; the API answers at `domain` and at addresses of this machine. */
  readonly domain: string
}

/** Collaborators of a {@link Gateway}; the gateway itself knows the URLs. */
export type GatewayComponents = Omit<RouteContext, 'urlOf'>

/** The gateway cannot listen. */
export class ListenError extends CodedError<
  'ERR_PORT_TAKEN' | 'ERR_LISTEN',
  { readonly host: string; readonly port: number }
> {}

/** How long an idle connection stays: longer than the common proxies keep theirs. */
const KEEP_ALIVE_MS = 72_000
/** How long a request may take to arrive: the largest package over a slow link; without it, nobody ends half requests. */
const RECEIVE_MS = 300_000

/** The network's HTTP side. */
export class Gateway {
  readonly #init: GatewayInit
  readonly #app: FastifyInstance
  readonly #log: Logger
  #port: number

  constructor(components: GatewayComponents, init: GatewayInit) {
    this.#init = init
    this.#port = init.port
    this.#log = components.log
    this.#app = createApp({ ...components, urlOf: (name) => this.urlOf(name) }, init)
  }

  /** The API's address. */
  get url(): string {
    return `http://${this.#init.domain}:${this.#port}`
  }

  /** A function's address. */
  urlOf(name: string): string {
    return `http://${name}.${this.#init.domain}:${this.#port}/`
  }

  /** @throws {ListenError} if the port is taken, or the address is not this machine's */
  async start(): Promise<void> {
    const { host, port } = this.#init
    try {
      const address = await this.#app.listen({ host, port })
      this.#port = Number(new URL(address).port)
      this.#log.info('gateway listens', { url: this.url })
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
      const isTaken = code === 'EADDRINUSE'
      const reason = isTaken
        ? 'the port is taken; stop what uses it, or choose another with --port'
        : `${cause instanceof Error ? cause.message : String(cause)}`
      const message = `Cannot listen on ${host}:${port}: ${reason}`
      throw new ListenError(isTaken ? 'ERR_PORT_TAKEN' : 'ERR_LISTEN', message, { host, port }, { cause })
    }
  }

  /** Answers what is under way, then closes all connections. */
  async stop(): Promise<void> {
    await this.#app.close()
  }
}

/** The HTTP application without a port, for tests and for {@link Gateway}. */
export function createApp(context: RouteContext, { domain }: Pick<GatewayInit, 'domain'>): FastifyInstance {
  const app = Fastify({
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    requestTimeout: RECEIVE_MS,
    routerOptions: { maxParamLength: 256 },
    rewriteUrl: (request) => {
      const name = functionOf(request.headers.host, domain)
      const url = targetOf(request.url ?? '/')
      return name === undefined ? url : `${FUNCTION_PREFIX}${name}${url}`
    },
    // Errors from before a route is known, such as an address that does not decode.
    frameworkErrors: (error, _request, reply) => void replyError(reply, toCoded(error), context.log),
  })
  app.setErrorHandler(async (error, _request, reply) => await replyError(reply, toCoded(error), context.log))
  app.setNotFoundHandler(async (request, reply) => {
    const message = `Cannot ${request.method} ${request.url}: no such route; /openapi.json lists them`
    return await replyError(reply, new CodedError('ERR_ROUTE_UNKNOWN', message), context.log)
  })
  guard(app, domain)
  registerStatusRoutes(app, context)
  registerFunctionRoutes(app, context)
  registerInvokeRoutes(app, context)
  registerExecuteRoutes(app, context)
  registerReceiptRoutes(app, context)
  registerHttpFunctionRoutes(app, context, (host) => functionOf(host, domain) !== undefined)
  app.get('/openapi.json', async () => openApiDocument(context.version))
  return app
}

/**
 * Keeps web pages that a developer happens to visit away from the API: a page of another origin, or one whose host
 * name was pointed at this machine (DNS rebinding), could deploy and invoke otherwise. Functions are public anyway.
 */
function guard(app: FastifyInstance, domain: string): void {
  app.addHook('onRequest', async (request) => {
    if (request.url.startsWith(FUNCTION_PREFIX)) return
    const host = hostName(request.headers.host)
    if (host !== domain && !isAddress(host)) {
      throw new CodedError('ERR_HOST', `Cannot answer for host "${host}": this gateway is "${domain}"`, { host })
    }
    const { origin } = request.headers
    if (origin !== undefined && origin !== `http://${request.headers.host}`) {
      throw new CodedError('ERR_ORIGIN', `Cannot answer pages of "${origin}": the API is for this origin`, { origin })
    }
  })
}

function functionOf(host: string | undefined, domain: string): string | undefined {
  const name = hostName(host)
  if (!name.endsWith(`.${domain}`)) return undefined
  const label = name.slice(0, -domain.length - 1)
  return /^[a-z0-9-]{1,63}$/.test(label) ? label : undefined
}

/** The path and query; requests to proxies spell the whole address, `OPTIONS *` none. */
function targetOf(url: string): string {
  const path = url.replace(/^https?:\/\/[^/?]*/i, '')
  return path.startsWith('/') ? path : `/${path === '*' ? '' : path}`
}

function hostName(host: string | undefined): string {
  return (host ?? '').replace(/:\d+$/, '').toLowerCase()
}

function isAddress(host: string): boolean {
  return host === 'localhost' || /^\d+\.\d+\.\d+\.\d+$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host)
}

/** Fastify's own errors in our words, so that all errors have one form. */
function toCoded(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  if (!error.code.startsWith('FST_')) return error
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new CodedError('ERR_BODY_TOO_LARGE', 'Cannot take request: its body is larger than this route allows')
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new CodedError('ERR_CONTENT_TYPE', `Cannot take request: ${error.message}; use application/json`)
  }
  const isInput = 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500
  return isInput ? new CodedError('ERR_REQUEST', `Cannot take request: ${error.message}`) : error
}
