import {
  type CID,
  type Clock,
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
  type Subnet,
  toHex,
} from '@blockless/core'
import { REQUESTS_COUNT_MAX } from '../defaults.ts'
import type { Host } from '../host/create-host.ts'
import { type Conclusion, conclude } from './conclude.ts'
import { findDivergence } from './divergence.ts'
import { Invocation, type InvocationOutcome } from './invocation.ts'
import { InvocationError } from './invocation-error.ts'
import type { Journal } from './journal.ts'
import { RollCaller } from './roll-caller.ts'
import type { Story } from './story.ts'
import { Subnets } from './subnets.ts'
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
  #underWay = 0

  constructor(components: HeadComponents, init: { readonly network: Network }) {
    this.#components = components
    this.#network = init.network
    const workers = new Set(init.network.workers)
    this.#rollCaller = new RollCaller(components, { chainId: init.network.chainId })
    this.#links = new WorkerLinks(components, {
      chainId: init.network.chainId,
      isAllowed: (node) => workers.has(node),
      onStanding: (node, message) => this.#rollCaller.onStanding(node, message),
      onChange: () => {
        for (const watcher of this.#watchers) watcher()
      },
    })
    this.#subnets = new Subnets({ ...components, links: this.#links, rollCaller: this.#rollCaller }, init)
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

  /** Ends all links; requests under way fail. */
  async stop(): Promise<void> {
    await this.#links.stop()
  }

  /** Resolves when at least `count` workers are linked. @throws the signal's reason */
  async waitForWorkers(count: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const arrived = Promise.withResolvers<void>()
    const watcher = (): void => {
      if (this.workers.length >= count) arrived.resolve()
    }
    const abort = (): void => arrived.reject(signal.reason)
    this.#watchers.add(watcher)
    signal.addEventListener('abort', abort, { once: true })
    try {
      watcher()
      await arrived.promise
    } finally {
      this.#watchers.delete(watcher)
      signal.removeEventListener('abort', abort)
    }
  }

  /**
   * Forms a function's subnet now, so that its first request does not wait for that.
   *
   * @throws {CodedError} ERR_SUBNET_TOO_SMALL, ERR_SUBNET_UNPREPARED, or the error that all nodes report of the function
   */
  async deploy(functionCid: CID, settings: FunctionSettings, signal: AbortSignal): Promise<Subnet> {
    const formed = await this.#subnets.get(functionCid, settings, signal)
    this.#components.journal.recordSubnet(formed.cid.toString(), formed.subnet)
    return formed.subnet
  }

  /**
   * Runs a function on its subnet.
   *
   * @returns the agreed result, however the function itself ended
   * @throws {InvocationError} if the nodes did not agree, or too many requests are under way
   * @throws {CodedError} if no subnet can be formed
   * @throws the signal's reason
   */
  async invoke(call: InvokeCall, signal: AbortSignal): Promise<InvokeResult> {
    if (this.#underWay >= REQUESTS_COUNT_MAX) {
      throw new InvocationError({ code: 'ERR_HEAD_BUSY', countMax: REQUESTS_COUNT_MAX })
    }
    this.#underWay++
    try {
      return await this.#invoke(call, signal)
    } finally {
      this.#underWay--
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
    const story = tellStory(facts, { outcome: 'decided', detail, endedMs: clock.monotonic(), events, run, receiptCid })
    journal.record(story, { cid: receiptCid, receipt: conclusion.receipt })
    return { ...conclusion, requestId: toHex(requestId), story }
  }

  async #run(facts: StoryFacts, invocation: Invocation, signal: AbortSignal): Promise<InvocationOutcome> {
    const { clock, journal } = this.#components
    try {
      return await invocation.run(signal)
    } catch (error) {
      const detail = 'The caller went away'
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
    // Too few can answer: draw anew for the next request, in case those that are gone stay gone.
    this.#subnets.forget(facts.request.functionCid)
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
