import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { createExchange, type Exchange, MemoryBlockStore } from '../../src/index.ts'

/** A node on loopback with an exchange over a store of its own. */
export interface Peer extends AsyncDisposable {
  readonly libp2p: Libp2p
  readonly store: MemoryBlockStore
  readonly exchange: Exchange
}

/** A started libp2p node on a free port of loopback. */
export async function createNode(): Promise<Libp2p> {
  return await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
}

/** A started peer. */
export async function createPeer(sizeMax = 1_000_000_000): Promise<Peer> {
  const libp2p = await createNode()
  const store = new MemoryBlockStore({ sizeMax })
  const exchange = createExchange({ libp2p, store })
  await exchange.start()
  return {
    libp2p,
    store,
    exchange,
    async [Symbol.asyncDispose]() {
      await exchange.stop()
      await libp2p.stop()
    },
  }
}
