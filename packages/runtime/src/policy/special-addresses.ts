import { BlockList, isIP } from 'node:net'

/** IPv4 ranges that are no public host: the registry of RFC 6890, and what clouds put where guests must not reach. */
const SPECIAL_V4: readonly (readonly [address: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's host
  ['169.254.0.0', 16], // link-local, with the metadata services of clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/** Ranges inside 2000::/3, the only public one, that are no public host. Tunnels are among them, as they hide an IPv4. */
const SPECIAL_V6: readonly (readonly [address: string, bits: number])[] = [
  ['2001::', 23], // Teredo and other protocol assignments
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['3fff::', 20],
]

const specialV4 = listOf(SPECIAL_V4, 'ipv4')
const specialV6 = listOf(SPECIAL_V6, 'ipv6')
const publicV6 = listOf([['2000::', 3]], 'ipv6')
const mappedV6 = listOf([['::ffff:0:0', 96]], 'ipv6')
const translatedV6 = listOf([['64:ff9b::', 96]], 'ipv6')

/**
 * The address that a connection would really go to: without a zone, and as IPv4 where it is one in the form of an IPv6
 * address (mapped, or translated by NAT64).
 *
 * @returns undefined if it is no address
 */
export function plainAddress(address: string): string | undefined {
  const [plain = ''] = address.split('%')
  const family = isIP(plain)
  if (family === 0) return undefined
  const isEmbedded = family === 6 && (mappedV6.check(plain, 'ipv6') || translatedV6.check(plain, 'ipv6'))
  return isEmbedded ? lastBytesOf(plain) : plain
}

/** Whether an address of {@link plainAddress} belongs to a host of the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !specialV4.check(address, 'ipv4')
  return publicV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6')
}

/** The last four bytes of an IPv6 address as an IPv4 address. */
function lastBytesOf(address: string): string {
  // the URL parser writes it in groups of 16 bits, the last two of which are all that is left after `::`
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(':')
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16))
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

function listOf(ranges: readonly (readonly [address: string, bits: number])[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const [address, bits] of ranges) list.addSubnet(address, bits, family)
  return list
}
