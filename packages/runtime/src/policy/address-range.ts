import { BlockList, isIP } from 'node:net'
import { type Schema, SchemaError, text } from '@blockless/core'

/** Addresses below a prefix, on one port or all. */
export interface AddressRange {
  readonly address: string
  readonly family: 4 | 6
  /** Leading bits that count. */
  readonly bits: number
  readonly port: number | '*'
}

const RANGE = /^(?:\[(?<inner>[^\]]+)\]|(?<outer>[^[\]]+?))(?::(?<port>\d{1,5}))?$/

/**
 * Reads `10.0.0.0/8`, `127.0.0.1:11434`, `fd00::/8` or `[::1]:8080`.
 *
 * @param path - where it stands, for the error
 * @throws {SchemaError} if it is none of them
 */
export function parseAddressRange(source: string, path = 'address'): AddressRange {
  const range = isBareV6(source) ? read(source, undefined) : readWithPort(source)
  if (range !== undefined) return range
  throw new SchemaError(path, 'addresses such as "10.0.0.0/8", "127.0.0.1:11434" or "[::1]:8080"', source)
}

/** Schema of a range's text. */
export const addressRangeTextSchema: Schema<string> = {
  ...text(64),
  check: checkText,
  fromJson: checkText,
}

function checkText(value: unknown, path: string): string {
  const source = text(64).check(value, path)
  parseAddressRange(source, path)
  return source
}

function isBareV6(source: string): boolean {
  return isIP(source.split('/')[0] ?? '') === 6
}

function readWithPort(source: string): AddressRange | undefined {
  const groups = RANGE.exec(source)?.groups
  return read(groups?.['inner'] ?? groups?.['outer'] ?? '', groups?.['port'])
}

function read(source: string, portText: string | undefined): AddressRange | undefined {
  const [address = '', bitsText, ...more] = source.split('/')
  const family = isIP(address)
  const bitsMax = family === 4 ? 32 : 128
  const bits = bitsText === undefined ? bitsMax : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1
  const port = portText === undefined ? '*' : Number(portText)
  const isPort = port === '*' || (port >= 1 && port <= 65_535)
  const isRange = more.length === 0 && !address.includes('%') && bits >= 0 && bits <= bitsMax && isPort
  return (family === 4 || family === 6) && isRange ? { address, family, bits, port } : undefined
}

/** Whether an address and port are in one of the ranges. */
export function createRangeCheck(ranges: readonly AddressRange[]): (address: string, port: number) => boolean {
  const lists = new Map<number | '*', BlockList>()
  for (const { address, family, bits, port } of ranges) {
    const known = lists.get(port) ?? new BlockList()
    known.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
    lists.set(port, known)
  }
  return (address, port) => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    return [lists.get('*'), lists.get(port)].some((known) => known?.check(address, family) === true)
  }
}
