import { hashCanonical } from '../hash.ts'
import { type NodeId, nodeIdSchema } from '../identity/node-id.ts'
import { CANDIDATES_COUNT_MAX } from '../limits.ts'
import { list, struct } from '../schema/compounds.ts'
import { integer, literal } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { chainIdSchema } from './request.ts'

/** What all members of a network know from the start: how epochs are counted and whose word counts. */
export interface Network {
  readonly version: 1
  readonly chainId: string
  /** Start of epoch 0. */
  readonly genesisTimeMs: number
  /** Length of an epoch. */
  readonly epochMs: number
  readonly heads: readonly NodeId[]
  readonly workers: readonly NodeId[]
}

/** Schema of {@link Network}. */
export const networkSchema: Schema<Network> = struct({
  version: literal(1),
  chainId: chainIdSchema,
  genesisTimeMs: integer(0, 8_640_000_000_000_000),
  epochMs: integer(1_000, 31_536_000_000),
  heads: list(nodeIdSchema, CANDIDATES_COUNT_MAX),
  workers: list(nodeIdSchema, CANDIDATES_COUNT_MAX),
})

/** The epoch that a time falls into; negative times before genesis give epoch 0. */
export function epochAt(network: Network, timeMs: number): number {
  return Math.max(0, Math.floor((timeMs - network.genesisTimeMs) / network.epochMs))
}

/** Public seed of a network's draws; a chain's block hash takes its place once there is a chain. */
export function beaconOf(network: Network): Uint8Array {
  const { chainId, genesisTimeMs, epochMs } = network
  return hashCanonical('blockless/beacon/1', { chainId, genesisTimeMs, epochMs })
}
