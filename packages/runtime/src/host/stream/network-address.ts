import { isIP } from 'node:net'

/** Where a guest wants to go: a host, a name or an address without brackets, and a port. */
export interface NetworkAddress {
  readonly host: string
  readonly port: number
}

/** Characters of an address: a name of DNS has at most 253. */
export const ADDRESS_LENGTH_MAX = 300
const NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/
const BRACKETED = /^\[([0-9A-Fa-f:.]+)\]:(\d{1,5})$/
const PLAIN = /^([^:[\]]+):(\d{1,5})$/

/** Reads `host:port` or `[IPv6]:port`; undefined if the text is neither. Zones of IPv6 belong to this machine and are refused. */
export function parseAddress(text: string): NetworkAddress | undefined {
  const bracketed = BRACKETED.exec(text)
  const [, host = '', digits = ''] = bracketed ?? PLAIN.exec(text) ?? []
  const isHost = bracketed === null ? isIP(host) === 4 || NAME.test(host) : isIP(host) === 6
  const port = Number(digits)
  return isHost && port <= 65_535 ? { host, port } : undefined
}
