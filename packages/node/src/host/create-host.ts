import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { type KadDHT, kadDHT } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

/** What every node's host offers. */
export type HostServices = { identify: Identify; ping: Ping; pubsub: GossipSub; dht: KadDHT }
/** A libp2p host as our nodes run it. */
export type Host = Libp2p<HostServices>

/** Where a host listens and who it is. */
export interface HostInit {
  /** secp256k1 key, 32 bytes: the node's one key. */
  readonly privateKey: Uint8Array
  /** Multiaddrs, such as `/ip4/127.0.0.1/tcp/0`. */
  readonly listen: readonly string[]
}

/** Streams of one protocol that one peer may have open: a link each way, and room for a reconnect. */
const STREAMS_PER_PEER_MAX = 4

/**
 * Creates and starts a node's libp2p host: TCP, TLS or noise, yamux, identify, gossipsub and the DHT.
 *
 * @throws {Error} of libp2p if an address cannot be listened on
 */
export async function createHost(init: HostInit): Promise<Host> {
  return await createLibp2p({
    privateKey: privateKeyFromRaw(init.privateKey),
    addresses: { listen: [...init.listen] },
    transports: [tcp()],
    connectionEncrypters: [noise(), tls()],
    streamMuxers: [yamux()], // its keep-alive, every 30 s, also keeps idle links open
    connectionManager: { maxConnections: 1_024, inboundConnectionThreshold: 64 },
    services: {
      identify: identify(),
      ping: ping(),
      // Roll calls go to every peer that listens: one hop, no waiting for the mesh, and there are few of them.
      // Peers that share an address are a data centre, an office or a developer's machine, not an attack: by default
      // the fifteenth is ignored and hears no roll call. Who counts is decided by the network's list.
      pubsub: gossipsub({
        floodPublish: true,
        allowPublishToZeroTopicPeers: true,
        emitSelf: false,
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
      dht: kadDHT({ protocol: '/blockless/kad/1.0.0', clientMode: false }),
    },
  })
}

/** Options of every stream handler of ours. */
export const STREAM_OPTIONS: { readonly maxInboundStreams: number; readonly maxOutboundStreams: number } = {
  maxInboundStreams: STREAMS_PER_PEER_MAX,
  maxOutboundStreams: STREAMS_PER_PEER_MAX,
}
