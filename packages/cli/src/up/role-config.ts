import {
  integer,
  type Limits,
  limitsSchema,
  list,
  type Network,
  networkSchema,
  type Schema,
  struct,
  text,
} from '@blockless/core'
import { type OperatorConfig, operatorConfigSchema } from '@blockless/runtime'

/** What a head's process is started with. */
export interface HeadConfig {
  readonly network: Network
  /** Where it keeps its key, blocks, journal and registry. */
  readonly folder: string
  /** Multiaddrs for other nodes. */
  readonly listen: readonly string[]
  /** Address of the HTTP API. */
  readonly httpHost: string
  readonly httpPort: number
  readonly domain: string
  /** Bytes of blocks on disk. */
  readonly storeSizeMax: number
  readonly version: string
}

/** What a worker's process is started with. */
export interface WorkerConfig {
  readonly network: Network
  readonly folder: string
  readonly listen: readonly string[]
  /** Multiaddrs of the heads that it serves. */
  readonly heads: readonly string[]
  readonly caps: Limits
  /** What functions may reach from here, and what is offered to them. */
  readonly operator: OperatorConfig
  /** Guests that run at once. */
  readonly threads: number
  readonly storeSizeMax: number
}

const path = text(4_096)
const addresses = list(text(512), 16)

/** Schema of {@link HeadConfig}. */
export const headConfigSchema: Schema<HeadConfig> = struct({
  network: networkSchema,
  folder: path,
  listen: addresses,
  httpHost: text(256),
  httpPort: integer(0, 65_535),
  domain: text(256),
  storeSizeMax: integer(1, Number.MAX_SAFE_INTEGER),
  version: text(64),
})

/** Schema of {@link WorkerConfig}. */
export const workerConfigSchema: Schema<WorkerConfig> = struct({
  network: networkSchema,
  folder: path,
  listen: addresses,
  heads: addresses,
  caps: limitsSchema,
  operator: operatorConfigSchema,
  threads: integer(1, 1_024),
  storeSizeMax: integer(1, Number.MAX_SAFE_INTEGER),
})
