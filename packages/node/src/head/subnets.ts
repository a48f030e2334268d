import { formSubnet } from '@blockless/consensus'
import {
  beaconOf,
  type CID,
  type Clock,
  CodedError,
  encodeCanonical,
  epochAt,
  type FunctionSettings,
  isCodedError,
  type Logger,
  type Network,
  type NodeId,
  type Subnet,
  subnetCidOf,
} from '@blockless/core'
import { abortable } from '../abortable.ts'
import { PREPARE_MS } from '../defaults.ts'
import { DrawTurns } from './draw-turns.ts'
import type { RollCallAnswers, RollCaller } from './roll-caller.ts'
import type { WorkerLinks } from './worker-links.ts'

/** Collaborators of {@link Subnets}. */
export interface SubnetsComponents {
  readonly links: Pick<WorkerLinks, 'nodes' | 'nextId' | 'call'>
  readonly rollCaller: Pick<RollCaller, 'call'>
  /** Told of every draw before its subnet serves. */
  readonly onFormed: (formed: FormedSubnet) => void
  readonly clock: Clock
  readonly log: Logger
}

/** A subnet that stands ready, and how it came to be. */
export interface FormedSubnet {
  readonly cid: CID
  readonly subnet: Subnet
  /** Drawn nodes that could not be prepared, and why; they are asked all the same, and replaced when they refuse. */
  readonly unprepared: ReadonlyMap<NodeId, { readonly code: string; readonly message: string }>
  readonly declined: RollCallAnswers['declined']
  readonly formedInMs: number
}

/** A subnet that could not be formed. */
export class SubnetError extends CodedError<
  'ERR_SUBNET_UNPREPARED',
  { readonly failed: Readonly<Record<NodeId, string>> }
> {}

/** Forms one subnet per function and epoch, and keeps it: nothing is drawn or gossiped on a request's path. */
export class Subnets {
  readonly #components: SubnetsComponents
  readonly #network: Network
  readonly #formed = new Map<string, FormedSubnet>()
  readonly #forming = new Map<string, Promise<FormedSubnet>>()
  readonly #turns = new DrawTurns()
  readonly #stopped = new AbortController()

  constructor(components: SubnetsComponents, init: { readonly network: Network }) {
    this.#components = components
    this.#network = init.network
  }

  /**
   * The subnet that serves a function now; formed if there is none yet.
   *
   * When an epoch has turned, the last epoch's subnet serves on while the new one forms beside the requests.
   *
   * @throws {SelectionError} ERR_SUBNET_TOO_SMALL if too few workers stand
   * @throws {SubnetError} if too few of those drawn can fetch and compile the function
   */
  async get(functionCid: CID, settings: FunctionSettings, signal: AbortSignal): Promise<FormedSubnet> {
    signal.throwIfAborted()
    this.#stopped.signal.throwIfAborted()
    const epoch = epochAt(this.#network, this.#components.clock.now())
    const size = settings.agreement.nodes
    const current = this.#formed.get(keyOf(functionCid, size, epoch))
    if (current !== undefined) return current
    const forming = this.#form(functionCid, settings, epoch)
    const last = this.#formed.get(keyOf(functionCid, size, epoch - 1))
    if (last === undefined) return await abortable(forming, signal)
    forming.catch(() => {}) // the draw itself logs why
    return last
  }

  /** Ends draws under way with this reason, and begins no more. */
  stop(reason: Error): void {
    this.#stopped.abort(reason)
  }

  /** Forgets a function's subnets, so that the next request draws anew. */
  forget(functionCid: CID): void {
    for (const [key, { subnet }] of this.#formed) {
      if (subnet.functionCid.toString() === functionCid.toString()) this.#formed.delete(key)
    }
  }

  #form(functionCid: CID, settings: FunctionSettings, epoch: number): Promise<FormedSubnet> {
    const key = keyOf(functionCid, settings.agreement.nodes, epoch)
    const known = this.#forming.get(key)
    if (known !== undefined) return known
    // No caller's signal here: others wait for the same subnet, and the next request will want it anyway.
    const forming = this.#turns
      .run(this.#stopped.signal, () => this.#draw(functionCid, settings, epoch))
      .then((formed) => {
        this.#keep(key, formed)
        return formed
      })
      .catch((error: unknown) => {
        this.#components.log.warn('subnet not formed', { functionCid: functionCid.toString(), reason: String(error) })
        throw error
      })
      .finally(() => this.#forming.delete(key))
    this.#forming.set(key, forming)
    return forming
  }

  #keep(key: string, formed: FormedSubnet): void {
    this.#components.onFormed(formed)
    this.#formed.set(key, formed)
    // Whatever was last used two epochs ago goes, also of functions that nobody calls any more.
    const epoch = epochAt(this.#network, this.#components.clock.now())
    for (const [other, { subnet }] of this.#formed) if (subnet.epoch < epoch - 1) this.#formed.delete(other)
  }

  async #draw(functionCid: CID, settings: FunctionSettings, epoch: number): Promise<FormedSubnet> {
    const { links, rollCaller, clock, log } = this.#components
    const startedMs = clock.monotonic()
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(PREPARE_MS * 2)])
    const { candidates, declined } = await rollCaller.call({ functionCid, epoch }, () => links.nodes, signal)
    const { chainId } = this.#network
    const beacon = beaconOf(this.#network)
    const subnet = formSubnet({ chainId, functionCid, epoch, beacon, size: settings.agreement.nodes, candidates })
    const unprepared = await this.#prepare(subnet, signal)
    this.#stopped.signal.throwIfAborted()
    const { threshold } = settings.agreement
    const ready = subnet.order.length - unprepared.size
    if (ready < threshold) throw describeUnprepared(functionCid, unprepared, threshold)
    const formedInMs = clock.monotonic() - startedMs
    const cid = subnetCidOf(subnet)
    log.info('subnet formed', { functionCid: functionCid.toString(), epoch, subnet: cid.toString(), ready, formedInMs })
    return { cid, subnet, unprepared, declined, formedInMs }
  }

  async #prepare(subnet: Subnet, signal: AbortSignal): Promise<Map<NodeId, { code: string; message: string }>> {
    const { links } = this.#components
    const id = links.nextId()
    const frame = encodeCanonical({ kind: 'prepare', id, subnet })
    const unprepared = new Map<NodeId, { code: string; message: string }>()
    const prepareOne = async (node: NodeId): Promise<void> => {
      try {
        const reply = await links.call(node, id, frame, signal)
        if (reply.kind === 'refused') unprepared.set(node, { code: reply.code, message: reply.message })
      } catch (error) {
        const code = isCodedError(error) ? error.code : 'ERR_PREPARE_TIMEOUT'
        unprepared.set(node, { code, message: error instanceof Error ? error.message : String(error) })
      }
    }
    await Promise.all(subnet.order.map(prepareOne)) // at most members and spares: bounded by the order's length
    return unprepared
  }
}

function describeUnprepared(
  functionCid: CID,
  unprepared: ReadonlyMap<NodeId, { code: string; message: string }>,
  threshold: number,
): CodedError {
  const reasons = [...unprepared.values()]
  const [first] = reasons
  const same = reasons.every(({ code }) => code === first?.code)
  const failed = Object.fromEntries([...unprepared].map(([node, { code }]) => [node, code]))
  // When all nodes say the same, it is the function: its own error is what the developer needs to read.
  if (first !== undefined && same) return new CodedError(first.code, first.message, { failed })
  const message = `Cannot serve ${functionCid.toString()}: fewer than ${threshold} nodes could prepare it`
  return new SubnetError('ERR_SUBNET_UNPREPARED', message, { failed })
}

function keyOf(functionCid: CID, size: number, epoch: number): string {
  return `${functionCid.toString()}/${size}/${epoch}`
}
