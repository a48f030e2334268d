import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import type { Gate } from '../../policy/gate.ts'
import type { Places } from '../shared/places.ts'
import { HttpError } from './http-error.ts'
import { type ResolvedAddress, type Resolver, systemResolver } from './resolver.ts'

/** Configures {@link createGuardedAgent}. */
export interface GuardedAgentOptions {
  readonly resolver?: Resolver
  /** Milliseconds for the lookup of a name, and again for the connection to its addresses. */
  readonly connectTimeoutMs?: number
  /** Bytes of a response's headers. */
  readonly headersSizeMax?: number
  /**
   * Origins that the operator configured, such as `http://127.0.0.1:5001`: they may have any address. Never put one here
   * that came from a guest or a manifest.
   */
  readonly operatorEndpoints?: readonly URL[]
  /** Connections of the whole node; each takes a place until it is closed, also while it is kept for a next request. */
  readonly connections?: Places
}

/** 10 s: beyond it a server is down. */
const CONNECT_TIMEOUT_MS = 10_000
/** 64 KiB: servers send a few, and four times what Node itself takes. */
const HEADERS_SIZE_MAX = 65_536
/** 4 s that a connection is kept for a next request, whatever its server asks for: a run has seconds. */
const KEPT_MS = 4000

/**
 * Connections that go only to addresses the gate allows. Names are resolved here, each address is decided, and the
 * connection is made to an address that was decided, so a name that changes its address in between changes nothing.
 *
 * It decides no URL: whoever makes a request asks `gate.decide` first, and again for each redirect. It works as
 * `dispatcher` of undici's `fetch` (with `redirect: 'manual'`), and never goes through a proxy of the environment.
 *
 * @returns for its owner to `destroy()`
 */
export function createGuardedAgent(gate: Pick<Gate, 'decideAddress'>, options: GuardedAgentOptions = {}): Agent {
  const { headersSizeMax = HEADERS_SIZE_MAX } = options
  return new Agent({
    connect: guardedConnector(gate, options),
    maxHeaderSize: headersSizeMax,
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: KEPT_MS,
    keepAliveMaxTimeout: KEPT_MS,
    // whoever makes a request has a deadline for it
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

function guardedConnector(gate: Pick<Gate, 'decideAddress'>, options: GuardedAgentOptions): buildConnector.connector {
  const {
    resolver = systemResolver,
    connectTimeoutMs = CONNECT_TIMEOUT_MS,
    operatorEndpoints = [],
    connections,
  } = options
  const trusted = new Set(operatorEndpoints.map(({ origin }) => origin))
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '')
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80)
    const isTrusted = trusted.has(URL.parse(`${target.protocol}//${target.host ?? target.hostname}`)?.origin ?? '')
    const decide = (address: string): string | undefined => {
      const verdict = isTrusted ? undefined : gate.decideAddress(address, port)
      return verdict === undefined || verdict.isAllowed ? undefined : verdict.missing
    }
    if (connections?.take() === false) {
      callback(new HttpError({ code: 'ERR_HTTP_FAILED', host, why: 'ERR_TOO_MANY_CONNECTIONS' }), null)
      return
    }
    const connected: buildConnector.Callback = (...result) => {
      const [error, socket] = result
      if (error !== null || socket === null) connections?.give()
      else socket.once('close', () => connections?.give())
      callback(...result)
    }
    resolveAllowed(host, { resolver, decide, timeoutMs: connectTimeoutMs }).then(
      (addresses) => {
        const lookup = pinnedLookup(addresses)
        buildConnector({ lookup, timeout: connectTimeoutMs, allowH2: false, autoSelectFamily: true })(target, connected)
      },
      (error: unknown) => connected(toError(error, host), null),
    )
  }
}

/** The addresses of a host that may be connected to. @throws {HttpError} if there are none */
async function resolveAllowed(
  host: string,
  how: {
    readonly resolver: Resolver
    readonly decide: (address: string) => string | undefined
    readonly timeoutMs: number
  },
): Promise<readonly ResolvedAddress[]> {
  const family = isIP(host)
  const found: readonly ResolvedAddress[] =
    family === 0
      ? await how.resolver.resolve(host, AbortSignal.timeout(how.timeoutMs))
      : [{ address: host, family: family === 6 ? 6 : 4 }]
  const allowed = found.filter(({ address }) => how.decide(address) === undefined)
  const [first] = found
  if (first === undefined) throw new HttpError({ code: 'ERR_HTTP_FAILED', host, why: 'ENOTFOUND' })
  const missing = how.decide(first.address)
  if (allowed.length === 0 && missing !== undefined) throw new HttpError({ code: 'ERR_HTTP_ADDRESS', host, missing })
  return allowed
}

/** Answers every lookup of one connection with the addresses that were decided for it. */
function pinnedLookup(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses
    if (options.all === true) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family ?? 4)
  }
}

function toError(error: unknown, host: string): Error {
  if (error instanceof HttpError) return error
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError'
  if (isTimeout) return new HttpError({ code: 'ERR_HTTP_TIMEOUT', host }, { cause: error })
  const why = error instanceof Error && 'code' in error ? String(error.code) : 'ENOTFOUND'
  return new HttpError({ code: 'ERR_HTTP_FAILED', host, why }, { cause: error })
}
