import {
  type CID,
  type FunctionSettings,
  type Logger,
  type NodeId,
  type Subnet,
  settingsOf,
  subnetCidOf,
} from '@blockless/core'
import type { Executor } from '@blockless/runtime'
import { type BlockStorage, type Exchange, readFunction } from '@blockless/storage'
import { peerIdFromString } from '@libp2p/peer-id'
import { DEFAULT_LIMITS, SUBNETS_COUNT_MAX } from '../defaults.ts'

/** Collaborators of {@link ServedFunctions}. */
export interface ServedFunctionsComponents {
  readonly store: BlockStorage
  readonly exchange: Pick<Exchange, 'fetchDag'>
  readonly executor: Pick<Executor, 'prepare' | 'has'>
  readonly log: Logger
}

/** A subnet that this node serves. */
export interface ServedSubnet {
  readonly cid: CID
  readonly subnet: Subnet
  readonly head: NodeId
  readonly settings: FunctionSettings
}

/** What this node has been drawn for, and the functions it has fetched and compiled for that. */
export class ServedFunctions {
  readonly #components: ServedFunctionsComponents
  readonly #subnets = new Map<string, ServedSubnet>()
  /** One installation at a time per function, however many subnets and requests wait for it. */
  readonly #installing = new Map<string, Promise<FunctionSettings>>()

  constructor(components: ServedFunctionsComponents) {
    this.#components = components
  }

  /** The subnet under this CID, if this node was prepared for it. */
  find(subnetCid: CID): ServedSubnet | undefined {
    return this.#subnets.get(subnetCid.toString())
  }

  /**
   * Fetches the subnet's function from the head or any peer, checks it against its CID, compiles it, and remembers
   * the subnet.
   *
   * @throws {CodedError} of storage or runtime, if the function cannot be had or is not usable
   */
  async serve(subnet: Subnet, head: NodeId, signal: AbortSignal): Promise<ServedSubnet> {
    const settings = await this.install(subnet.functionCid, head, signal)
    const served = { cid: subnetCidOf(subnet), subnet, head, settings }
    this.#subnets.set(served.cid.toString(), served)
    const oldest = this.#subnets.size > SUBNETS_COUNT_MAX ? this.#subnets.keys().next() : undefined
    if (oldest?.value !== undefined) this.#subnets.delete(oldest.value)
    return served
  }

  /** Makes sure that the executor holds a function; cheap if it does. */
  async install(functionCid: CID, head: NodeId, signal: AbortSignal): Promise<FunctionSettings> {
    const key = functionCid.toString()
    const underWay = this.#installing.get(key) ?? this.#install(functionCid, head, signal)
    this.#installing.set(key, underWay)
    try {
      return await underWay
    } finally {
      this.#installing.delete(key)
    }
  }

  async #install(functionCid: CID, head: NodeId, signal: AbortSignal): Promise<FunctionSettings> {
    const { store, exchange, executor, log } = this.#components
    await exchange.fetchDag(functionCid, { signal, pin: true, providers: [peerIdFromString(head)] })
    const { manifest, wasm } = await readFunction(store, functionCid, { signal })
    const settings = settingsOf(manifest, DEFAULT_LIMITS)
    await executor.prepare(functionCid.toString(), wasm, signal)
    log.info('function ready', { functionCid: functionCid.toString(), name: settings.name, bytes: wasm.length })
    return settings
  }
}
