import {
  isBelowPath,
  lenientUrlPath,
  matchesHost,
  type Permission,
  type PortPattern,
  type UrlPattern,
} from '@blockless/core'
import type { AskedAction, AskedUrl, Endpoint } from './asked-action.ts'

/**
 * Whether a rule speaks of an action.
 *
 * Where a server may read an action in two ways, a rule that allows must speak of both, one that denies of either. And a
 * rule that denies hosts or URLs speaks of every kind of connection to them.
 */
export type RuleUse = 'allow' | 'deny'

/** @see RuleUse */
export function matchesRule(rule: Permission, asked: AskedAction, use: RuleUse): boolean {
  const { action, endpoint } = asked
  switch (rule.kind) {
    case 'all':
      return true
    case 'url':
      if (use === 'deny' && action.kind === 's3') return isBucketAt(rule.pattern, asked.url, use)
      return action.kind === 'fetch' && asked.url !== undefined && matchesUrl(rule.pattern, asked.url, use)
    case 'net': {
      const isConnection = action.kind === 'fetch' || action.kind === 'connect'
      return (isConnection || (use === 'deny' && action.kind !== 'listen')) && isAt(rule, endpoint, use)
    }
    case 'tcp':
      return action.kind === 'connect' && isAt(rule, endpoint, use)
    case 'listen':
      return action.kind === 'listen' && isAt(rule, endpoint, use)
    case 'read':
    case 'write':
      return action.kind === rule.kind && isAtPath(rule.path, action.path, use)
    case 'file':
      return (action.kind === 'read' || action.kind === 'write') && isAtPath(rule.path, action.path, use)
    case 'ipfs':
      return action.kind === 'ipfs' && matchesApi(rule.api, action.api)
    case 's3': {
      const isAccess = action.kind === 's3' && (rule.access === 'any' || rule.access === action.access)
      return isAccess && (rule.pattern === '*' || isBucketAt(rule.pattern, asked.url, use))
    }
    case 'exec':
      return action.kind === 'exec' && isNamed(rule.name, action.extension)
    case 'driver':
      return action.kind === 'driver' && isNamed(rule.name, action.url.protocol.slice(0, -1))
    case 'model':
      return action.kind === 'model' && isNamed(rule.name, action.model)
  }
}

function matchesUrl(pattern: UrlPattern, url: AskedUrl, use: RuleUse): boolean {
  if (url.protocol !== `${pattern.scheme}:` || !isAt(pattern, url.endpoint, use)) return false
  if (pattern.path === '/') return true
  const isCanonical = isBelowPath(pattern.path, url.path.canonical)
  const isLenient = isBelowPath(lenientUrlPath(pattern.path), url.path.lenient)
  return use === 'allow' ? isCanonical && isLenient : isCanonical || isLenient
}

/** A rule that denies what is inside of a bucket denies the bucket, as keys are not decided one by one. */
function isBucketAt(pattern: UrlPattern, url: AskedUrl | undefined, use: RuleUse): boolean {
  if (url === undefined) return use === 'deny'
  if (matchesUrl(pattern, url, use)) return true
  if (use === 'allow' || !matchesUrl({ ...pattern, path: '/' }, url, use)) return false
  return isBelowPath(url.path.canonical, pattern.path) || isBelowPath(url.path.lenient, lenientUrlPath(pattern.path))
}

/** A host that no rule can name is denied by all of them: what it would lead to is not known. */
function isAt(
  rule: { readonly host: string; readonly port: PortPattern },
  endpoint: Endpoint | undefined,
  use: RuleUse,
): boolean {
  if (endpoint === undefined) return false
  const { host, port } = endpoint
  const isHost = host === undefined ? use === 'deny' : matchesHost(rule.host, host)
  return isHost && (rule.port === '*' || rule.port === port)
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
