import { text } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { SchemaError } from '../schema/schema-error.ts'
import { type HostPattern, parseHostPattern } from './host-pattern.ts'
import { canonicalUrlPath } from './url-path.ts'

/** A port number, or all of them. */
export type PortPattern = number | '*'

/** URLs of one scheme, at hosts and ports, below a path. */
export interface UrlPattern {
  readonly scheme: 'http' | 'https'
  readonly host: HostPattern
  readonly port: PortPattern
  /** In the form of `canonicalUrlPath`. */
  readonly path: string
}

/**
 * Something a run may do, or must not do: one entry of a manifest's `permissions`, or of an operator's lists.
 *
 * @see docs/spec/permissions.md
 */
export type Permission =
  /** Everything; for operators only. */
  | { readonly kind: 'all' }
  | { readonly kind: 'url'; readonly pattern: UrlPattern }
  /** `net`: any connection; `tcp`: a bare one; `listen`: taking connections. */
  | { readonly kind: 'net' | 'tcp' | 'listen'; readonly host: HostPattern; readonly port: PortPattern }
  /** Files at or below a path of the guest; `file` is both. */
  | { readonly kind: 'read' | 'write' | 'file'; readonly path: string }
  /** A command of IPFS, `files/*` for all below it, `*` for all. */
  | { readonly kind: 'ipfs'; readonly api: string }
  /** Buckets at or below a URL, or all. */
  | { readonly kind: 's3'; readonly access: 'read' | 'write' | 'any'; readonly pattern: UrlPattern | '*' }
  | { readonly kind: 'exec' | 'driver' | 'model'; readonly name: string }

/** Characters of a permission. */
const PERMISSION_LENGTH_MAX = 2048

const URL_TEXT = /^(https?):\/\/(?<authority>[^/?#\\]*)(?<path>\/[^?#]*)?(?<rest>[?#].*)?$/is
const AUTHORITY = /^(?<host>\[[^\]]*\]|[^:[\]]+)(?::(?<port>\d{1,5}|\*))?$/
/** Among them those that turn the direction of what follows, and ends of lines, so that another text is seen. */
const CONTROL = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u
const API = /^(?:\*|[a-z0-9-]+(?:\/[a-z0-9-]+)*(?:\/\*)?)$/
const NAMES: Readonly<Record<'exec' | 'driver' | 'model', { readonly pattern: RegExp; readonly what: string }>> = {
  exec: { pattern: /^[^\s/\\]{1,256}$/, what: 'the alias of an extension, or "*"' },
  driver: { pattern: /^(?:\*|[a-z][a-z0-9+.-]{0,63})$/, what: 'a URL scheme in lower case, or "*"' },
  model: { pattern: /^\S.{0,511}$/, what: 'the name of a model, or "*"' },
}

/**
 * Reads the text of a permission.
 *
 * @param path - where it stands, for the error
 * @throws {SchemaError} saying what is wrong with it
 * @example
 * ```ts
 * import { formatPermission, parsePermission } from '@blockless/core'
 * const permission = parsePermission('HTTPS://API.example.com:443/v1')
 * assert.equal(formatPermission(permission), 'https://api.example.com/v1')
 * ```
 */
export function parsePermission(source: string, path = 'permission'): Permission {
  const result = source.length > PERMISSION_LENGTH_MAX ? 'at most 2048 characters' : read(source)
  if (typeof result !== 'string') return result
  throw new SchemaError(path, `a permission: ${result}`, source)
}

/** The canonical text of a permission, from which `parsePermission` makes an equal one. */
export function formatPermission(permission: Permission): string {
  switch (permission.kind) {
    case 'all':
      return '*'
    case 'url':
      return formatUrl(permission.pattern)
    case 'net':
    case 'tcp':
    case 'listen':
      return `${permission.kind}:${permission.host}${permission.port === '*' ? '' : `:${permission.port}`}`
    case 'read':
    case 'write':
      return `${permission.kind}:${permission.path}`
    case 'file':
      return `file://${permission.path.split('/').map(encodeURIComponent).join('/')}`
    case 'ipfs':
      return `ipfs:${permission.api}`
    case 's3': {
      const access = permission.access === 'any' ? '' : `${permission.access}:`
      return `s3:${access}${permission.pattern === '*' ? '*' : formatUrl(permission.pattern)}`
    }
    default:
      return `${permission.kind}:${permission.name}`
  }
}

/** Schema of a permission's text in a manifest, where nobody may ask for everything. */
export const permissionTextSchema: Schema<string> = textSchema(false)
/** Schema of a permission's text in an operator's lists. */
export const operatorPermissionTextSchema: Schema<string> = textSchema(true)

function textSchema(mayBeAll: boolean): Schema<string> {
  const plain = text(PERMISSION_LENGTH_MAX)
  const check = (value: unknown, path: string): string => {
    const source = plain.check(value, path)
    const { kind } = parsePermission(source, path)
    if (kind === 'all' && !mayBeAll) throw new SchemaError(path, 'a permission: "*" is for operators', source)
    return source
  }
  return { check, fromJson: check, toJson: (value) => value, jsonSchema: plain.jsonSchema }
}

/** The permission, or what a reader must change. */
function read(source: string): Permission | string {
  if (source === '*') return { kind: 'all' }
  // the URL standard drops some of them, so a reader would see another URL than the parser
  if (CONTROL.test(source) || !source.isWellFormed()) return 'text without control characters'
  if (/^https?:\/\//i.test(source)) {
    const pattern = readUrl(source)
    return typeof pattern === 'string' ? pattern : { kind: 'url', pattern }
  }
  const at = source.indexOf(':')
  const kind = source.slice(0, Math.max(0, at))
  const rest = source.slice(at + 1)
  switch (kind) {
    case 'net':
    case 'tcp':
    case 'listen':
      return readEndpoint(kind, rest)
    case 'read':
    case 'write':
      return readPath(kind, rest)
    case 'file':
      return readFileUrl(rest)
    case 'ipfs':
      return API.test(rest) ? { kind, api: rest } : 'after "ipfs:" a command such as "files/read", "files/*" or "*"'
    case 's3':
      return readS3(rest)
    case 'exec':
    case 'driver':
    case 'model':
      return NAMES[kind].pattern.test(rest) ? { kind, name: rest } : `after "${kind}:" ${NAMES[kind].what}`
    default:
      return 'it begins with https://, http://, net:, tcp:, listen:, read:, write:, ipfs:, s3:, exec:, driver: or model:'
  }
}

function readUrl(source: string): UrlPattern | string {
  const match = URL_TEXT.exec(source)
  if (match === null) return 'a URL without backslashes'
  const { authority = '', path = '/', rest } = match.groups ?? {}
  if (rest !== undefined) return 'a URL without a query or fragment, as it ends with a path'
  if (authority.includes('@')) return 'a URL without a user'
  if (path.includes('*')) return 'a URL without "*" in its path, as all below a path is meant anyway'
  const scheme = match[1]?.toLowerCase() === 'https' ? 'https' : 'http'
  // "https://" alone stood for every such URL
  const endpoint = splitAuthority(authority === '' && path === '/' ? '*' : authority)
  if (endpoint === undefined) return 'a URL with a host such as "api.example.com", "*.example.com" or "*"'
  const url = URL.parse(`${scheme}://host${path}`)
  if (url === null) return 'a URL with a path'
  const port = endpoint.port ?? (scheme === 'https' ? 443 : 80)
  return { scheme, host: endpoint.host, port, path: canonicalUrlPath(url.pathname) }
}

function formatUrl({ scheme, host, port, path }: UrlPattern): string {
  const isDefault = port === (scheme === 'https' ? 443 : 80)
  return `${scheme}://${host}${isDefault ? '' : `:${port}`}${path}`
}

function splitAuthority(source: string): { host: HostPattern; port: PortPattern | undefined } | undefined {
  const groups = AUTHORITY.exec(source)?.groups
  const host = parseHostPattern(groups?.['host'] ?? '')
  const digits = groups?.['port']
  const port = digits === undefined || digits === '*' ? digits : Number(digits)
  const isPort = port === undefined || port === '*' || (port >= 1 && port <= 65_535)
  return host !== undefined && isPort ? { host, port } : undefined
}

function readEndpoint(kind: 'net' | 'tcp' | 'listen', source: string): Permission | string {
  const endpoint = splitAuthority(source)
  if (endpoint === undefined)
    return `after "${kind}:" a host and port, such as "db.example.com:5432", "[::1]:80" or "*"`
  return { kind, host: endpoint.host, port: endpoint.port ?? '*' }
}

function readPath(kind: 'read' | 'write' | 'file', source: string): Permission | string {
  const segments = source.split('/').filter((segment) => segment !== '' && segment !== '.')
  const isPath = source.startsWith('/') && !segments.includes('..') && !CONTROL.test(source)
  return isPath ? { kind, path: `/${segments.join('/')}` } : `after "${kind}:" an absolute path without ".."`
}

/** `file:///path` of old manifests: to read and to write what is there. */
function readFileUrl(rest: string): Permission | string {
  const expected = 'after "file:" three slashes and a path without ".."; "read:" and "write:" say it better'
  if (!/^\/\/\/[^?#]*$/.test(rest)) return expected
  try {
    const permission = readPath('file', decodeURIComponent(rest.slice(2)))
    return typeof permission === 'string' ? expected : permission
  } catch {
    return expected
  }
}

function readS3(source: string): Permission | string {
  const groups = /^(?:(?<access>read|write):)?(?<place>.*)$/s.exec(source)?.groups
  const access = groups?.['access'] === 'read' || groups?.['access'] === 'write' ? groups['access'] : 'any'
  const place = groups?.['place'] ?? ''
  const pattern = place === '*' ? place : /^https?:\/\//i.test(place) ? readUrl(place) : 'no URL'
  if (pattern === '*' || typeof pattern !== 'string') return { kind: 's3', access, pattern }
  return 'after "s3:", "s3:read:" or "s3:write:" a URL such as "https://s3.example.com/bucket", or "*"'
}
