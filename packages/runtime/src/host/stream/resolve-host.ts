import { isIP } from 'node:net'
import type { Gate } from '../../policy/gate.ts'
import type { Resolver } from '../http/resolver.ts'
import type { NetworkAddress } from './network-address.ts'

/** Addresses of a name that are tried: a client that has seen four fail has seen enough. */
const TRIED_MAX = 4

/** Addresses to connect to, or why there are none. */
export type Resolution =
  | { readonly kind: 'found'; readonly addresses: readonly string[] }
  | { readonly kind: 'denied'; readonly missing: string }
  | { readonly kind: 'unknown' }

/**
 * The addresses behind a host that the gate lets through; the connection is then made to one of them and not to the
 * name, so that a second answer of the resolver cannot lead elsewhere.
 */
export async function resolveHost(
  { host, port }: NetworkAddress,
  gate: Gate,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<Resolution> {
  signal.throwIfAborted()
  const found = isIP(host) === 0 ? await lookUp(host, resolver, signal) : [host]
  const verdicts = found.map((address) => ({ address, verdict: gate.decideAddress(address, port) }))
  const addresses = verdicts.flatMap(({ address, verdict }) => (verdict.isAllowed ? [address] : []))
  if (addresses.length > 0) return { kind: 'found', addresses: addresses.slice(0, TRIED_MAX) }
  const first = verdicts[0]?.verdict
  return first === undefined || first.isAllowed ? { kind: 'unknown' } : { kind: 'denied', missing: first.missing }
}

async function lookUp(host: string, resolver: Resolver, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return (await resolver.resolve(host, signal)).map(({ address }) => address)
  } catch {
    signal.throwIfAborted()
    return []
  }
}
