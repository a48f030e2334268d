import {
  canonicalHost,
  canonicalUrlPath,
  isBelowPath,
  lenientUrlPath,
  matchesHost,
  type Permission,
  type PortPattern,
  type UrlPattern,
} from '@blockless/core'
import type { Action } from './gate.ts'

/**
 * Whether a rule speaks of an action.
 *
 * Where a server may read an action in two ways, a rule that allows must speak of both, one that denies of either. And a
 * rule that denies hosts or URLs speaks of every kind of connection to them.
 */
export type RuleUse = 'allow' | 'deny'

/** Where an action leads on the network. */
interface Endpoint {
  readonly host: string
  /** Undefined if the action does not say. */
  readonly port: number | undefined
}

/** @see RuleUse */
export function matchesRule(rule: Permission, action: Action, use: RuleUse): boolean {
  switch (rule.kind) {
    case 'all':
      return true
    case 'url': {
      const url = action.kind === 'fetch' ? action.url : use === 'deny' ? bucketUrl(action) : undefined
      return url !== undefined && matchesUrl(rule.pattern, url, use)
    }
    case 'net':
      return (use === 'deny' || action.kind === 'fetch' || action.kind === 'connect') && isAt(rule, endpointOf(action))
    case 'tcp':
      return action.kind === 'connect' && isAt(rule, endpointOf(action))
    case 'listen':
      return action.kind === 'listen' && isAt(rule, hostAndPort(action))
    case 'read':
    case 'write':
      return action.kind === rule.kind && isAtPath(rule.path, action.path, use)
    case 'file':
      return (action.kind === 'read' || action.kind === 'write') && isAtPath(rule.path, action.path, use)
    case 'ipfs':
      return action.kind === 'ipfs' && matchesApi(rule.api, action.api)
    case 's3': {
      const isAccess = action.kind === 's3' && (rule.access === 'any' || rule.access === action.access)
      const url = isAccess ? bucketUrl(action) : undefined
      return url !== undefined && (rule.pattern === '*' || matchesUrl(rule.pattern, url, use))
    }
    case 'exec':
      return action.kind === 'exec' && isNamed(rule.name, action.extension)
    case 'driver':
      return action.kind === 'driver' && isNamed(rule.name, action.url.protocol.slice(0, -1))
    case 'model':
      return action.kind === 'model' && isNamed(rule.name, action.model)
  }
}

/** Where a bucket is: its endpoint's URL with the bucket below it. */
export function bucketUrl(action: Action): URL | undefined {
  if (action.kind !== 's3') return undefined
  const { endpoint, bucket } = action
  return (
    URL.parse(`${endpoint.origin}${endpoint.pathname.replace(/\/$/, '')}/${encodeURIComponent(bucket)}`) ?? undefined
  )
}

/** The port of a URL, also where it is the scheme's own. */
function portOf(url: URL): number | undefined {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : url.protocol === 'http:' ? 80 : undefined
}

function matchesUrl(pattern: UrlPattern, url: URL, use: RuleUse): boolean {
  const host = canonicalHost(url.hostname)
  const isPlace =
    url.protocol === `${pattern.scheme}:` &&
    host !== undefined &&
    matchesHost(pattern.host, host) &&
    matchesPort(pattern.port, portOf(url))
  if (!isPlace || pattern.path === '/') return isPlace
  const matches = [
    isBelowPath(pattern.path, canonicalUrlPath(url.pathname)),
    isBelowPath(lenientUrlPath(pattern.path), lenientUrlPath(url.pathname)),
  ]
  return use === 'allow' ? matches.every(Boolean) : matches.some(Boolean)
}

function endpointOf(action: Action): Endpoint | undefined {
  switch (action.kind) {
    case 'fetch':
    case 'driver':
      return hostAndPort({ host: action.url.hostname, port: portOf(action.url) })
    case 's3':
      return hostAndPort({ host: action.endpoint.hostname, port: portOf(action.endpoint) })
    case 'connect':
      return hostAndPort(action)
    default:
      return undefined
  }
}

function hostAndPort({
  host,
  port,
}: {
  readonly host: string
  readonly port: number | undefined
}): Endpoint | undefined {
  const canonical = canonicalHost(host)
  return canonical === undefined ? undefined : { host: canonical, port }
}

function isAt(rule: { readonly host: string; readonly port: PortPattern }, endpoint: Endpoint | undefined): boolean {
  return endpoint !== undefined && matchesHost(rule.host, endpoint.host) && matchesPort(rule.port, endpoint.port)
}

function matchesPort(pattern: PortPattern, port: number | undefined): boolean {
  return pattern === '*' || pattern === port
}

/** Paths with `..` have no meaning here: whoever asks has resolved them, so nothing allows and everything denies them. */
function isAtPath(prefix: string, path: string, use: RuleUse): boolean {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (!path.startsWith('/') || segments.includes('..')) return use === 'deny'
  return prefix === '/' || isBelowPath(prefix, `/${segments.join('/')}`)
}

function matchesApi(pattern: string, api: string): boolean {
  if (pattern === '*') return true
  return pattern.endsWith('/*') ? api.startsWith(pattern.slice(0, -1)) : api === pattern
}

function isNamed(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name
}
