import {
  type CID,
  type Clock,
  CodedError,
  DEFAULT_LIMITS,
  type FunctionSettings,
  type Logger,
  type Network,
  type NodeId,
  type Subnet,
  settingsOf,
  subnetCidOf,
} from '@blockless/core'
import type { Executor } from '@blockless/runtime'
import { type BlockStorage, type Exchange, readFunction } from '@blockless/storage'
import { peerIdFromString } from '@libp2p/peer-id'
import { abortable } from '../abortable.ts'
import { PREPARE_MS, SUBNETS_COUNT_MAX } from '../defaults.ts'
import { checkEpoch } from './work-policy.ts'

/** Collaborators of {@link ServedFunctions}. */
export interface ServedFunctionsComponents {
  /** The worker's own: whatever is pinned in it and not served is unpinned. */
  readonly store: BlockStorage
  readonly exchange: Pick<Exchange, 'fetchDag'>
  readonly executor: Pick<Executor, 'prepare' | 'has'>
  readonly clock: Clock
  readonly log: Logger
}

/** A subnet that this node serves. */
export interface ServedSubnet {
  readonly cid: CID
  readonly subnet: Subnet
  readonly settings: FunctionSettings
}

/** What this node has been drawn for, and the functions it has fetched and compiled for that. */
export class ServedFunctions {
  readonly #components: ServedFunctionsComponents
  readonly #subnets = new Map<string, ServedSubnet>()
  /** One installation at a time per function, however many subnets and requests wait for it. */
  readonly #installing = new Map<string, Promise<FunctionSettings>>()

  readonly #network: Network
  readonly #stopped = new AbortController()

  constructor(components: ServedFunctionsComponents, init: { readonly network: Network }) {
    this.#components = components
    this.#network = init.network
  }

  /** Ends installations under way with this reason. */
  stop(reason: Error): void {
    this.#stopped.abort(reason)
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
    const served = { cid: subnetCidOf(subnet), subnet, settings }
    const key = served.cid.toString()
    this.#subnets.delete(key) // so that it becomes the newest
    this.#subnets.set(key, served)
    await this.#prune()
    return served
  }

  /** Makes sure that the executor holds a function; cheap if it does. */
  async install(functionCid: CID, head: NodeId, signal: AbortSignal): Promise<FunctionSettings> {
    const key = functionCid.toString()
    const known = this.#installing.get(key)
    if (known !== undefined) return await abortable(known, signal)
    // Its own time, not the first caller's signal: whoever else waits for it has not cancelled.
    const timeout = AbortSignal.timeout(PREPARE_MS)
    const installing = this.#install(functionCid, head, AbortSignal.any([this.#stopped.signal, timeout]))
      .catch((error: unknown) => {
        if (!timeout.aborted || error !== timeout.reason) throw error
        const message = `Cannot prepare ${key}: not fetched and compiled within ${PREPARE_MS} ms`
        throw new CodedError('ERR_PREPARE_TIMEOUT', message, { waitedMs: PREPARE_MS })
      })
      .finally(() => this.#installing.delete(key))
    this.#installing.set(key, installing)
    return await abortable(installing, signal)
  }

  /** Forgets subnets of past epochs, and gives back the blocks of functions that no subnet is left for. */
  async #prune(): Promise<void> {
    const { store, clock, log } = this.#components
    const excess = this.#subnets.size - SUBNETS_COUNT_MAX
    for (const [index, [key, { subnet }]] of [...this.#subnets].entries()) {
      const isPast = checkEpoch(this.#network, subnet.epoch, clock.now()) !== undefined
      if (isPast || index < excess) this.#subnets.delete(key)
    }
    const needed = new Set([...this.#subnets.values()].map(({ subnet }) => subnet.functionCid.toString()))
    for (const root of store.pinnedRoots()) {
      // Looked at anew each time: an installation may have begun meanwhile.
      if (needed.has(root.toString()) || this.#installing.has(root.toString())) continue
      await store.unpin(root)
      log.debug('function let go', { functionCid: root.toString() })
    }
  }

  async #install(functionCid: CID, head: NodeId, signal: AbortSignal): Promise<FunctionSettings> {
    const { store, exchange, executor, log } = this.#components
    await exchange.fetchDag(functionCid, { signal, pin: true, providers: [peerIdFromString(head)] })
    const { manifest, wasm, modules } = await readFunction(store, functionCid, { signal })
    const settings = settingsOf(manifest, DEFAULT_LIMITS)
    const threads = settings.features.includes('threads')
    await executor.prepare(functionCid.toString(), { entry: wasm, modules, threads }, signal)
    log.info('function ready', { functionCid: functionCid.toString(), name: settings.name, bytes: wasm.length })
    return settings
  }
}
