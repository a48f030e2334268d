import { canonicalHost, canonicalUrlPath, lenientUrlPath } from '@blockless/core'
import type { Action } from './gate.ts'

/** Where an action leads on the network. */
export interface Endpoint {
  /** In canonical form; undefined if it has none, so that no rule can name it. */
  readonly host: string | undefined
  /** Undefined if the action does not say. */
  readonly port: number | undefined
}

/** The two readings of a URL's path that rules compare. */
export interface PathReadings {
  /** As the URL standard has it. */
  readonly canonical: string
  /** As a careless server might. */
  readonly lenient: string
}

/** A URL as rules compare it. */
export interface AskedUrl {
  readonly protocol: string
  readonly endpoint: Endpoint
  readonly path: PathReadings
}

/** An action with what rules compare of it, taken apart once however many rules there are. */
export interface AskedAction {
  readonly action: Action
  /** The URL that a request or a bucket has. */
  readonly url: AskedUrl | undefined
  /** Undefined if it leads nowhere that the action names. */
  readonly endpoint: Endpoint | undefined
}

/** Takes an action apart. */
export function askAbout(action: Action): AskedAction {
  const url = action.kind === 'fetch' ? action.url : bucketUrl(action)
  if (url === undefined) return { action, url, endpoint: endpointOf(action) }
  const endpoint = { host: canonicalHost(url.hostname), port: portOf(url) }
  const path = { canonical: canonicalUrlPath(url.pathname), lenient: lenientUrlPath(url.pathname) }
  return { action, url: { protocol: url.protocol, endpoint, path }, endpoint }
}

/** Where a bucket is: its endpoint's URL with the bucket below it. */
export function bucketUrl(action: Action): URL | undefined {
  if (action.kind !== 's3') return undefined
  const { endpoint, bucket } = action
  return (
    URL.parse(`${endpoint.origin}${endpoint.pathname.replace(/\/$/, '')}/${encodeURIComponent(bucket)}`) ?? undefined
  )
}

function endpointOf(action: Action): Endpoint | undefined {
  switch (action.kind) {
    case 's3':
      return { host: canonicalHost(action.endpoint.hostname), port: portOf(action.endpoint) }
    case 'connect':
    case 'listen':
      return { host: canonicalHost(action.host), port: action.port }
    case 'driver': {
      const { hostname } = action.url
      return hostname === '' ? undefined : { host: canonicalHost(decoded(hostname)), port: portOf(action.url) }
    }
    default:
      return undefined
  }
}

/** The host of a scheme that the URL standard does not know stays escaped in a URL; drivers undo that. */
function decoded(hostname: string): string {
  try {
    return decodeURIComponent(hostname)
  } catch {
    return hostname
  }
}

/** The port of a URL, also where it is the scheme's own. */
function portOf(url: URL): number | undefined {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : url.protocol === 'http:' ? 80 : undefined
}
