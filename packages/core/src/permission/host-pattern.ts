/** Hosts a rule speaks of: one host in canonical form, `*.` and a domain, or `*`. */
export type HostPattern = string

const NAME = /^[^\s/?#@\\:%[\]*]{1,253}$/
const ADDRESS_V6 = /^\[[0-9a-f:.]{2,45}\]$/i
/** An IPv4 address as IPv6, which leads to the same host; the URL standard writes it so. */
const MAPPED_V4 = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/
const LABELS = /^[^.]+(?:\.[^.]+)*$/

/**
 * A host in the one form in which hosts are compared: as the URL standard writes it (lower case, punycode, addresses in
 * their usual notation, IPv6 in brackets unless it holds an IPv4), without the dot that may end a name.
 *
 * @returns undefined if it is no host
 */
export function canonicalHost(host: string): string | undefined {
  const isBare = host.includes(':') && !host.startsWith('[')
  const text = isBare ? `[${host}]` : host
  if (!NAME.test(text) && !ADDRESS_V6.test(text)) return undefined
  const url = URL.parse(`http://${text}/`)
  if (url === null) return undefined
  const name = url.hostname.endsWith('.') ? url.hostname.slice(0, -1) : url.hostname
  return name.startsWith('[') ? unmapped(name) : LABELS.test(name) ? name : undefined
}

function unmapped(address: string): string {
  const match = MAPPED_V4.exec(address)
  if (match === null) return address
  const groups = match.slice(1).map((group) => Number.parseInt(group, 16))
  return groups.flatMap((group) => [group >> 8, group & 0xff]).join('.')
}

/** The canonical form of a host pattern; undefined if it is none. `*.com` is none: a domain has two labels or more. */
export function parseHostPattern(text: string): HostPattern | undefined {
  if (text === '*') return text
  if (!text.startsWith('*.')) return canonicalHost(text)
  const domain = canonicalHost(text.slice(2))
  const isName = domain?.includes('.') === true && !domain.startsWith('[') && !/\d$/.test(domain)
  return isName ? `*.${domain}` : undefined
}

/** Whether a pattern speaks of a host in canonical form; `*.a.example` does not speak of `a.example`. */
export function matchesHost(pattern: HostPattern, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern
}
