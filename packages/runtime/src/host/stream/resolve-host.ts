import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { waitFor } from '../../executor/wait-for.ts'
import type { Gate } from '../../policy/gate.ts'
import type { NetworkAddress } from './network-address.ts'

/** Finds the addresses of a name: the machine's resolver, or a test's. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** Addresses of a name that are tried: a client that has seen four fail has seen enough. */
const TRIED_MAX = 4

/** The machine's own resolver, with its hosts file, in the order that it prefers. */
export const systemResolve: Resolve = async (name) => {
  const found = await lookup(name, { all: true, order: 'verbatim' })
  return found.map(({ address }) => address)
}

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
  resolve: Resolve,
  signal: AbortSignal,
): Promise<Resolution> {
  signal.throwIfAborted()
  const found = isIP(host) === 0 ? await waitFor(resolve(host).catch(() => []), signal) : [host]
  const verdicts = found.map((address) => ({ address, verdict: gate.decideAddress(address, port) }))
  const addresses = verdicts.flatMap(({ address, verdict }) => (verdict.isAllowed ? [address] : []))
  if (addresses.length > 0) return { kind: 'found', addresses: addresses.slice(0, TRIED_MAX) }
  const first = verdicts[0]?.verdict
  return first === undefined || first.isAllowed ? { kind: 'unknown' } : { kind: 'denied', missing: first.missing }
}
