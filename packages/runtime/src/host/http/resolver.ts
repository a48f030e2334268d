import { lookup } from 'node:dns/promises'

/** An address that a name leads to. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** Turns names into addresses; a component, so that tests need no name server. */
export interface Resolver {
  /** All addresses of a host name, in the order in which to try them. Rejects with the signal's reason. */
  resolve(host: string, signal: AbortSignal): Promise<readonly ResolvedAddress[]>
}

/** The machine's resolver, with its hosts file. A lookup goes on in the background when its signal aborts. */
export const systemResolver: Resolver = {
  async resolve(host, signal) {
    signal.throwIfAborted()
    const { promise, reject } = Promise.withResolvers<never>()
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      const found = await Promise.race([promise, lookup(host, { all: true })])
      return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
    } finally {
      signal.removeEventListener('abort', abort)
    }
  },
}
