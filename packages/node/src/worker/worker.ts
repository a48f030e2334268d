import {
  type Clock,
  CodedError,
  candidacyDigest,
  decodeFrame,
  type ExecutionResult,
  isCodedError,
  type Limits,
  type Logger,
  type Network,
  type NodeId,
  type Random,
  randomSeedOf,
  requestIdOf,
  resultHashOf,
  type Signer,
  signVote,
  statementOf,
} from '@blockless/core'
import type {
  Executor,
  HostCallLimits,
  HostFamily,
  OperatorCaps,
  RunHost,
  RunReport,
  RunRequest,
} from '@blockless/runtime'
import type { BlockStorage, Exchange } from '@blockless/storage'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { ROLL_CALL_SIZE_MAX } from '../defaults.ts'
import type { Host } from '../host/create-host.ts'
import { type RollCall, rollCallSchema, rollCallTopic } from '../roll-call/roll-call.ts'
import {
  type Execute,
  type HeadMessage,
  isErrorCode,
  MESSAGE_LENGTH_MAX,
  type Prepare,
  type WorkerMessage,
  type WorkResult,
} from '../work/messages.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { HeadLink, type WorkLink } from './head-link.ts'
import { RunWorlds } from './run-worlds.ts'
import { ServedFunctions, type ServedSubnet } from './served-functions.ts'
import { checkEpoch, checkRequest, checkSubnet, type PolicyFacts, type Refusal } from './work-policy.ts'

/** Collaborators of a {@link Worker}. */
export interface WorkerComponents {
  readonly host: Host
  readonly signer: Signer
  readonly store: BlockStorage
  readonly exchange: Pick<Exchange, 'fetchDag'>
  readonly executor: Pick<Executor, 'prepare' | 'has' | 'run'>
  /** Host calls that this node serves. */
  readonly families: readonly HostFamily[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Whom a worker serves, and how much it gives. */
export interface WorkerInit {
  readonly network: Network
  /** Multiaddrs that end in `/p2p/<head>`: the heads that this worker takes work from, and no others. */
  readonly heads: readonly string[]
  /** The most that any run may use here. */
  readonly caps: Limits
  /** The most that any run may reach from here. */
  readonly operator: OperatorCaps
  /** The most that the host calls of a run may take; what is left out has defaults. */
  readonly hostCallLimits?: Partial<HostCallLimits>
}

/** Where a run belongs. */
interface RunPlace {
  readonly served: ServedSubnet
  /** The world outside as the run sees it. */
  readonly host: RunHost
  readonly head: NodeId
}

/** The chance to be drawn relative to other nodes; equal for all while there is no stake to weigh. */
const WEIGHT = 1

/** Errors of an executor that starts again empty. */
const BROKEN_SANDBOX: ReadonlySet<string> = new Set(['ERR_EXECUTOR_CRASHED', 'ERR_MODULE_NOT_PREPARED'])

/** Runs functions for the heads that its operator allows. */
export class Worker {
  readonly #components: WorkerComponents
  readonly #init: WorkerInit
  readonly #functions: ServedFunctions
  readonly #worlds: RunWorlds
  readonly #links: readonly HeadLink[]
  readonly #calls = new CallsUnderWay()
  readonly #onPubsub = (event: CustomEvent<{ topic: string; data: Uint8Array }>): void => this.#onGossip(event)

  /** @throws {CodedError} ERR_HEAD_ADDRESS if an address does not name the head's id */
  constructor(components: WorkerComponents, init: WorkerInit) {
    this.#components = components
    this.#init = init
    this.#functions = new ServedFunctions(components, init)
    this.#worlds = new RunWorlds(components, { operator: init.operator, hostCallLimits: init.hostCallLimits ?? {} })
    this.#links = groupByHead(init.heads).map(
      ([head, addresses]) =>
        new HeadLink(components, {
          head,
          addresses,
          chainId: init.network.chainId,
          onMessage: (link, message) => this.#onMessage(link, message),
          onDown: (link) => this.#calls.abortLink(link, new CodedError('ERR_LINK_CLOSED', 'Cannot go on: link lost')),
        }),
    )
  }

  /** Heads that this worker is linked to now. */
  get heads(): readonly NodeId[] {
    return this.#links.flatMap(({ current }) => (current === undefined ? [] : [current.node]))
  }

  /** Begins to listen for roll calls and to dial the heads; returns at once. */
  start(): void {
    const { pubsub } = this.#components.host.services
    pubsub.subscribe(rollCallTopic(this.#init.network.chainId))
    pubsub.addEventListener('message', this.#onPubsub)
    for (const link of this.#links) link.start()
  }

  /** Ends all links and aborts all runs; safe after the host has stopped. */
  async stop(): Promise<void> {
    const { pubsub } = this.#components.host.services
    pubsub.removeEventListener('message', this.#onPubsub)
    // A stopped host has no subscriptions, and would throw.
    if (this.#components.host.status === 'started') pubsub.unsubscribe(rollCallTopic(this.#init.network.chainId))
    const reason = new CodedError('ERR_STOPPED', 'Cannot go on: the worker is stopping')
    this.#calls.abortAll(reason)
    this.#functions.stop(reason)
    await Promise.all(this.#links.map(async (link) => await link.stop()))
  }

  #onGossip({ detail }: CustomEvent<{ topic: string; data: Uint8Array; from?: { toString(): string } }>): void {
    if (detail.topic !== rollCallTopic(this.#init.network.chainId) || detail.data.length > ROLL_CALL_SIZE_MAX) return
    try {
      const call = decodeFrame(detail.data, rollCallSchema, 'rollCall')
      // Whoever relays it, the publisher signed it; a roll call in another's name is dropped.
      if (detail.from?.toString() === call.head) this.#onRollCall(call)
    } catch (error) {
      if (!isCodedError(error)) throw error
      this.#components.log.debug('roll call unreadable', { message: error.message })
    }
  }

  #onRollCall({ rollCallId, chainId, functionCid, epoch, head }: RollCall): void {
    const { signer, clock } = this.#components
    const link = this.#links.find(({ current }) => current?.node === head)?.current
    if (link === undefined) return // a head that this operator does not serve
    const refusal = checkEpoch(this.#init.network, epoch, clock.now())
    if (refusal !== undefined) {
      this.#say(link, { kind: 'decline', rollCallId, ...refusal })
      return
    }
    const signature = signer.sign(candidacyDigest({ chainId, functionCid, epoch, weight: WEIGHT }))
    this.#say(link, { kind: 'candidacy', rollCallId, weight: WEIGHT, signature })
  }

  #onMessage(link: WorkLink, message: HeadMessage): void {
    if (message.kind === 'cancel') {
      this.#calls.abort(link, message.id, new CodedError('ERR_CANCELLED', 'Cannot go on: cancelled'))
      return
    }
    if (message.kind === 'roll-call') {
      if (message.call.head === link.node && message.call.chainId === this.#init.network.chainId) {
        this.#onRollCall(message.call)
      }
      return
    }
    void this.#answer(link, message)
  }

  /** Never rejects: whatever goes wrong is told to the head. */
  async #answer(link: WorkLink, message: Prepare | Execute): Promise<void> {
    let isBegun = false
    try {
      const signal = this.#calls.begin(link, message.id)
      isBegun = true
      if (message.kind === 'prepare') {
        await this.#prepare(link, message, signal)
        link.send({ kind: 'prepared', id: message.id })
      } else {
        link.send(await this.#execute(link, message, signal))
      }
    } catch (error) {
      this.#refuse(link, message.id, error)
    } finally {
      if (isBegun) this.#calls.end(link, message.id)
    }
  }

  async #prepare(link: WorkLink, { subnet }: Prepare, signal: AbortSignal): Promise<void> {
    throwIfRefused(checkSubnet(subnet, this.#facts()))
    await this.#functions.serve(subnet, link.node, signal)
  }

  async #execute(link: WorkLink, message: Execute, signal: AbortSignal): Promise<WorkResult> {
    const { clock, signer } = this.#components
    const startedMs = clock.monotonic()
    const served = this.#functions.find(message.subnetCid)
    if (served === undefined) {
      throw new CodedError('ERR_SUBNET_UNKNOWN', 'Cannot run request: this node was not prepared for its subnet')
    }
    const { request, input } = message
    const bounds = { subnet: served.subnet, settings: served.settings, caps: this.#init.caps }
    throwIfRefused(checkRequest(request, input, bounds, this.#facts()))
    const requestId = requestIdOf(request)
    const checkedMs = clock.monotonic()
    const run: RunRequest = {
      functionCid: request.functionCid.toString(),
      entry: request.entry,
      limits: request.limits,
      input,
      timestampMs: request.timestampMs,
      seed: randomSeedOf(requestId),
      name: served.settings.file,
    }
    await using host = this.#worlds.open(request, served.settings)
    const report = await this.#run(run, { served, host, head: link.node }, signal)
    const { exit, stdout, stderr, isPure, memoryPeakBytes, timings } = report
    return {
      kind: 'result',
      id: message.id,
      exit,
      stdout,
      stderr,
      isPure,
      memoryPeakBytes,
      vote: vote(signer, served, requestId, report),
      timings: {
        checkUs: micros(checkedMs - startedMs),
        queueUs: micros(timings.queueMs),
        instantiateUs: micros(timings.instantiateMs),
        runUs: micros(timings.runMs),
        totalUs: micros(clock.monotonic() - startedMs),
      },
    }
  }

  /**
   * Runs in the sandbox, once more if that broke: what a run gives follows from its request and from what the world
   * told it, which the second try is told again; so it is no second answer, and a crash need not cost the caller a node.
   */
  async #run(run: RunRequest, { served, host, head }: RunPlace, signal: AbortSignal): Promise<RunReport> {
    const { executor, log } = this.#components
    const { functionCid } = served.subnet
    for (let isRetry = false; ; isRetry = true) {
      try {
        if (!executor.has(run.functionCid)) await this.#functions.install(functionCid, head, signal)
        return await executor.run(run, signal, host)
      } catch (error) {
        const isBroken = isCodedError(error) && BROKEN_SANDBOX.has(error.code)
        if (isRetry || !isBroken || signal.aborted) throw error
        log.warn('run tried again', { functionCid: run.functionCid, code: error.code })
      }
    }
  }

  #facts(): PolicyFacts {
    return {
      self: this.#components.signer.nodeId,
      network: this.#init.network,
      nowMs: this.#components.clock.now(),
    }
  }

  #refuse(link: WorkLink, id: number, error: unknown): void {
    const isKnown = isCodedError(error)
    const reason = error instanceof Error ? error.message : String(error)
    // What is not ours to explain stays here: a stack or a path is nothing to send to strangers.
    const message = isKnown ? reason.slice(0, MESSAGE_LENGTH_MAX) : 'Cannot run: the worker failed; its log says why'
    if (!isKnown) this.#components.log.error('work failed', { head: link.node, reason })
    const code = isKnown && isErrorCode(error.code) ? error.code : 'ERR_WORKER'
    this.#say(link, { kind: 'refused', id, code, message })
  }

  /** Sends what may be lost: a link that has ended or is full takes nothing, and the head finds out by itself. */
  #say(link: WorkLink, message: WorkerMessage): void {
    try {
      if (!link.isClosed) link.send(message)
    } catch (error) {
      if (!isCodedError(error)) throw error
      this.#components.log.debug('head not told', { head: link.node, kind: message.kind, code: error.code })
    }
  }
}

function vote(
  signer: Signer,
  { cid, subnet }: ServedSubnet,
  requestId: Uint8Array,
  result: ExecutionResult,
): WorkResult['vote'] {
  const { chainId, functionCid, epoch } = subnet
  const context = { chainId, requestId, functionCid, subnetCid: cid, epoch }
  const resultHash = resultHashOf(statementOf(result))
  return signVote(signer, context, { resultHash, fuel: result.fuelUsed, transcriptHash: result.transcriptHash })
}

function throwIfRefused(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw new CodedError(refusal.code, refusal.message)
}

function micros(ms: number): number {
  return Math.max(0, Math.round(ms * 1_000))
}

function groupByHead(addresses: readonly string[]): [NodeId, Multiaddr[]][] {
  const groups = new Map<NodeId, Multiaddr[]>()
  for (const text of addresses) {
    const head = /\/p2p\/([^/]+)$/.exec(text)?.[1]
    if (head === undefined) {
      const message = `Cannot use head address: "${text}" does not end in /p2p/<node id>`
      throw new CodedError('ERR_HEAD_ADDRESS', message, { address: text })
    }
    groups.set(head, [...(groups.get(head) ?? []), multiaddr(text)])
  }
  return [...groups]
}
