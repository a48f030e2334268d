import {
  type CID,
  type Clock,
  CodedError,
  describeExit,
  type ExecutionInput,
  type ExecutionRequest,
  type FunctionSettings,
  inputHashOf,
  invariant,
  type Limits,
  type Logger,
  type Network,
  type NodeId,
  type Random,
  requestIdOf,
  type Signer,
  type Story,
  type Subnet,
  toHex,
} from '@blockless/core'
import { abortable } from '../abortable.ts'
import { REQUESTS_COUNT_MAX } from '../defaults.ts'
import type { Host } from '../host/create-host.ts'
import { checkCall } from './check-call.ts'
import { type Conclusion, conclude } from './conclude.ts'
import { findDivergence } from './divergence.ts'
import { Invocation, type InvocationOutcome } from './invocation.ts'
import { InvocationError } from './invocation-error.ts'
import type { Journal } from './journal.ts'
import { RollCaller } from './roll-caller.ts'
import { type FormedSubnet, Subnets } from './subnets.ts'
import { type StoryFacts, tellStory } from './tell-story.ts'
import { WorkerLinks } from './worker-links.ts'

/** Collaborators of a {@link Head}. */
export interface HeadComponents {
  readonly host: Host
  readonly signer: Signer
  readonly journal: Journal
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** One call of a function. */
export interface InvokeCall {
  readonly functionCid: CID
  readonly settings: FunctionSettings
  readonly input: ExecutionInput
  /** Lower bounds than the manifest's, if the caller wants them. */
  readonly limits?: Limits
}

/** What a caller gets. */
export interface InvokeResult extends Conclusion {
  readonly requestId: string
  readonly story: Story
}

/** Takes requests, has workers run them, and answers with the agreed result and its receipt. */
export class Head {
  readonly #components: HeadComponents
  readonly #network: Network
  readonly #links: WorkerLinks
  readonly #rollCaller: RollCaller
  readonly #subnets: Subnets
  readonly #watchers = new Set<() => void>()
  /** What callers wait for, and how to end it. */
  readonly #entered = new Map<AbortController, Promise<unknown>>()
  #underWay = 0
  #stopReason: CodedError | undefined

  constructor(components: HeadComponents, init: { readonly network: Network }) {
    this.#components = components
    this.#network = init.network
    const workers = new Set(init.network.workers)
    this.#rollCaller = new RollCaller(components, {
      chainId: init.network.chainId,
      tell: (node, message) => this.#links.tell(node, message),
    })
    this.#links = new WorkerLinks(components, {
      chainId: init.network.chainId,
      isAllowed: (node) => workers.has(node),
      onStanding: (node, message) => this.#rollCaller.onStanding(node, message),
      onChange: () => {
        for (const watcher of this.#watchers) watcher()
      },
    })
    const parts = { ...components, links: this.#links, rollCaller: this.#rollCaller }
    // Receipts name their draw, so it is on record before any request runs under it.
    const onFormed = ({ cid, subnet }: FormedSubnet): void => components.journal.recordSubnet(cid.toString(), subnet)
    this.#subnets = new Subnets({ ...parts, onFormed }, init)
  }

  get nodeId(): NodeId {
    return this.#components.signer.nodeId
  }

  /** Workers that are linked now. */
  get workers(): readonly NodeId[] {
    return this.#links.nodes
  }

  /** Requests under way now. */
  get underWay(): number {
    return this.#underWay
  }

  /** Begins to accept workers. */
  async start(): Promise<void> {
    await this.#links.start()
  }

  /** Ends requests under way with ERR_STOPPED, then all links; takes no requests any more. */
  async stop(): Promise<void> {
    this.#stopReason ??= new CodedError('ERR_STOPPED', 'Cannot go on: the head is stopping')
    this.#subnets.stop(this.#stopReason)
    for (const controller of this.#entered.keys()) controller.abort(this.#stopReason)
    await Promise.allSettled(this.#entered.values())
    await this.#links.stop()
  }

  /** Resolves when at least `count` workers are linked. @throws the signal's reason */
  async waitForWorkers(count: number, signal: AbortSignal): Promise<void> {
    const arrived = Promise.withResolvers<void>()
    const watcher = (): void => {
      if (this.workers.length >= count) arrived.resolve()
    }
    this.#watchers.add(watcher)
    try {
      watcher()
      await abortable(arrived.promise, signal)
    } finally {
      this.#watchers.delete(watcher)
    }
  }

  /**
   * Forms a function's subnet now, so that its first request does not wait for that.
   *
   * @throws {CodedError} ERR_SUBNET_TOO_SMALL, ERR_SUBNET_UNPREPARED, or the error that all nodes report of the function
   */
  async deploy(functionCid: CID, settings: FunctionSettings, signal: AbortSignal): Promise<Subnet> {
    const get = async (ended: AbortSignal): Promise<Subnet> =>
      (await this.#subnets.get(functionCid, settings, ended)).subnet
    return await this.#enter(signal, get)
  }

  /**
   * Runs a function on its subnet.
   *
   * @returns the agreed result, however the function itself ended
   * @throws {InvocationError} if the nodes did not agree, or too many requests are under way
   * @throws {SchemaError} or {CallError} if the call is not one that workers could take
   * @throws {CodedError} if no subnet can be formed, ERR_STOPPED if the head stops
   * @throws the signal's reason
   */
  async invoke(call: InvokeCall, signal: AbortSignal): Promise<InvokeResult> {
    if (this.#underWay >= REQUESTS_COUNT_MAX) {
      throw new InvocationError({ code: 'ERR_HEAD_BUSY', countMax: REQUESTS_COUNT_MAX })
    }
    checkCall(call)
    this.#underWay++
    try {
      return await this.#enter(signal, async (ended) => await this.#invoke(call, ended))
    } finally {
      this.#underWay--
    }
  }

  /** Does what a caller waits for until its signal aborts or the head stops. */
  async #enter<T>(signal: AbortSignal, work: (ended: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    if (this.#stopReason !== undefined) throw this.#stopReason
    // Not AbortSignal.any: the head's own signal would collect one dependent per request.
    const controller = new AbortController()
    const abort = (): void => controller.abort(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const working = work(controller.signal)
    this.#entered.set(controller, working)
    try {
      return await working
    } finally {
      signal.removeEventListener('abort', abort)
      this.#entered.delete(controller)
    }
  }

  async #invoke(call: InvokeCall, signal: AbortSignal): Promise<InvokeResult> {
    const { clock, signer, journal } = this.#components
    const startedMs = clock.monotonic()
    const formed = await this.#subnets.get(call.functionCid, call.settings, signal)
    const subnetMs = clock.monotonic() - startedMs
    const request = this.#createRequest(call)
    const requestId = requestIdOf(request)
    const facts = { requestId, request, formed, functionName: call.settings.name, startedMs, subnetMs }
    const invocation = new Invocation(
      { ...this.#components, links: this.#links },
      { requestId, request, input: call.input, formed, startedMs },
    )
    const run = await this.#run(facts, invocation, signal)
    if (run.ending.kind !== 'decided') throw this.#fail(facts, run)
    const conclusion = conclude(signer, { requestId, request, formed }, run)
    const receiptCid = conclusion.receiptCid.toString()
    const { events } = run
    const detail = describeExit(conclusion.result.exit)
    const end = { outcome: 'decided' as const, detail, endedMs: clock.monotonic(), events, run, receiptCid }
    const divergence = findDivergence(conclusion.groups)
    const story = tellStory(facts, divergence === undefined ? end : { ...end, divergence })
    journal.record(story, { cid: receiptCid, receipt: conclusion.receipt })
    return { ...conclusion, requestId: toHex(requestId), story }
  }

  async #run(facts: StoryFacts, invocation: Invocation, signal: AbortSignal): Promise<InvocationOutcome> {
    const { clock, journal } = this.#components
    try {
      return await invocation.run(signal)
    } catch (error) {
      const detail = error === this.#stopReason ? 'The head was stopped' : 'The caller went away'
      const { events } = invocation
      journal.record(tellStory(facts, { outcome: 'cancelled', detail, endedMs: clock.monotonic(), events }))
      throw error
    }
  }

  /** Notes why there is no result, and makes the error that says so. */
  #fail(facts: StoryFacts, run: InvocationOutcome): InvocationError {
    const { clock, journal } = this.#components
    const { ending, answers, failures, events } = run
    invariant(ending.kind !== 'decided', 'a decision is no failure')
    const groups = ending.groups.flatMap(({ nodes }) => {
      const result = nodes[0] === undefined ? undefined : answers.get(nodes[0])?.result
      return result === undefined ? [] : [{ nodes, result }]
    })
    const divergence = findDivergence(groups)
    const detail = ending.reason
    const end = { outcome: ending.kind, detail, endedMs: clock.monotonic(), events, run }
    journal.record(tellStory(facts, divergence === undefined ? end : { ...end, divergence }))
    // Too few can answer: draw anew for the next request, in case those that are gone stay gone. Nodes that answer
    // differently will do so again, and whoever calls such a function must not cost a roll call each time.
    if (ending.kind === 'not-enough') this.#subnets.forget(facts.request.functionCid)
    const requestId = toHex(facts.requestId)
    if (ending.kind === 'diverged') return new InvocationError({ code: 'ERR_DIVERGED', requestId, detail })
    const failed = [...failures].map(([node, { code, message }]) => ({ node, code, message }))
    return new InvocationError({ code: 'ERR_NOT_ENOUGH_ANSWERS', requestId, detail, failed })
  }

  #createRequest({ functionCid, settings, input, limits }: InvokeCall): ExecutionRequest {
    const { clock, random } = this.#components
    return {
      version: 1,
      chainId: this.#network.chainId,
      functionCid,
      entry: settings.entry,
      inputHash: inputHashOf(input),
      limits: limits ?? settings.limits,
      permissions: settings.permissions,
      agreement: settings.agreement,
      timestampMs: clock.now(),
      nonce: random.bytes(16),
    }
  }
}
