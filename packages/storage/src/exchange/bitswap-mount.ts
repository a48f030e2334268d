import { invariant, type Logger } from '@blockless/core'
import { type BitswapOptions, withBitswap } from '@helia/bitswap'
import type { Libp2p } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { findHasher } from '../block/block-hash.ts'
import { BITSWAP_PROTOCOL, EXCHANGE_BLOCK_MAX, EXCHANGE_MESSAGE_MAX, WANTS_MAX } from '../defaults.ts'
import type { BlockStorage } from '../store/block-storage.ts'

/** Asks one peer for one block; rejects if it says that it has none, and waits as long as the signal lets it. */
export type AskPeer = (peer: CID, cid: CID, signal: AbortSignal) => Promise<Uint8Array>

/** Bitswap on a libp2p node: it answers other peers from the store, and asks. */
export interface MountedBitswap {
  readonly ask: AskPeer
  stop(): Promise<void>
}

/** The part of Helia's block broker that is used here. */
interface BlockBroker {
  createSession(options: { providers: CID[]; minProviders: number; maxProviders: number }): {
    retrieve(cid: CID, options: { signal: AbortSignal }): Promise<Uint8Array>
  }
  stop(): Promise<void>
}

/**
 * Mounts Bitswap on a running libp2p node, which stays its owner's.
 *
 * `withBitswap` is the package's only entry and wants a Helia node; this gives it the few things that it takes from
 * one, so that the umbrella with its HTTP, DNS and keychain parts need not be installed.
 */
export async function mountBitswap(libp2p: Libp2p, store: BlockStorage, log: Logger): Promise<MountedBitswap> {
  const brokers: BlockBroker[] = []
  const mixins: { start?: (host: unknown) => Promise<void> }[] = []
  const host = {
    status: 'starting',
    libp2p,
    blockstore: servedBlocks(store, log),
    logger: libp2p.logger,
    metrics: undefined,
    // Whom to ask is decided by the fetch; Bitswap looks for nobody by itself.
    routing: { async *findProviders() {} },
    getHasher: requireHasher,
    addMixin: (mixin: { start?: (host: unknown) => Promise<void> }) => mixins.push(mixin),
    hasBlockBroker: () => brokers.length > 0,
    addBlockBroker: (broker: BlockBroker) => brokers.push(broker),
  }
  withBitswap(host as unknown as Parameters<typeof withBitswap>[0], BITSWAP_OPTIONS)
  for (const mixin of mixins) await mixin.start?.(host)
  const [broker] = brokers
  invariant(broker !== undefined, 'starting Bitswap adds its block broker')
  return {
    ask: async (peer, cid, signal) => {
      // A session of one peer: it is asked directly, and its "don't have" ends the question at once.
      const session = broker.createSession({ providers: [peer], minProviders: 1, maxProviders: 1 })
      return await session.retrieve(cid, { signal })
    },
    stop: () => broker.stop(),
  }
}

// The option is declared as maxWantlistSize and read as maxWantListSize; both are given.
const BITSWAP_OPTIONS: BitswapOptions & { readonly maxWantListSize: number } = {
  protocol: BITSWAP_PROTOCOL,
  maxWantlistSize: WANTS_MAX,
  maxWantListSize: WANTS_MAX,
  maxOutgoingMessageSize: EXCHANGE_MESSAGE_MAX,
  // Kubo sends up to 4 MiB.
  maxIncomingMessageSize: 2 * EXCHANGE_MESSAGE_MAX,
  maxInboundStreams: 64,
  maxOutboundStreams: 64,
}

// What Bitswap may see of the store: reading only, and no block that is too large to be sent. Any other error than
// "not found" makes it drop the whole answer that the block is in, and never answer for those blocks again.
function servedBlocks(store: BlockStorage, log: Logger): Pick<BlockStorage, 'has' | 'get'> {
  return {
    has: (cid) => isStored(store, cid),
    async *get(cid, options) {
      const bytes = await store.getBytes(cid, options).catch((cause: unknown) => {
        log.warn('block not served', { cid: cid.toString(), error: cause instanceof Error ? cause.message : undefined })
        throw new UnservedError('Cannot serve block: it cannot be read', { cause })
      })
      if (bytes.length > EXCHANGE_BLOCK_MAX) throw new UnservedError('Cannot serve block: it is too large to send')
      yield bytes
    },
  }
}

/** By its name Bitswap answers "don't have". */
class UnservedError extends Error {
  override readonly name = 'NotFoundError'
}

// Peers name CIDs as they please: one with a hash that is not stored is simply not here.
function isStored(store: BlockStorage, cid: CID): boolean {
  try {
    return store.has(cid)
  } catch {
    return false
  }
}

function requireHasher(code: number): NonNullable<ReturnType<typeof findHasher>> {
  const hasher = findHasher(code)
  if (hasher === undefined) throw new RangeError(`Cannot hash block: multihash 0x${code.toString(16)} is not supported`)
  return hasher
}
