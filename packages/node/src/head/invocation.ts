import {
  type AggregationEffect,
  type AggregationEvent,
  type AggregationState,
  createAggregation,
  nextTickMs,
  stepAggregation,
} from '@blockless/consensus'
import {
  type Clock,
  CodedError,
  type ExecutionInput,
  type ExecutionRequest,
  encodeCanonical,
  equalBytes,
  isCodedError,
  type Logger,
  type NodeId,
  type StoryEvent,
  toHex,
  type VoteContext,
} from '@blockless/core'
import { answerTimeoutMs, PREPARE_MS, STRAGGLER_FACTOR, STRAGGLER_MS, totalTimeoutMs } from '../defaults.ts'
import { type CheckedAnswer, checkAnswer } from './answer.ts'
import type { FormedSubnet } from './subnets.ts'
import type { WorkerLinks } from './worker-links.ts'

/** Collaborators of an {@link Invocation}. */
export interface InvocationComponents {
  readonly links: Pick<WorkerLinks, 'call' | 'nextId'>
  readonly clock: Clock
  readonly log: Logger
}

/** One request and the subnet that runs it. */
export interface InvocationInit {
  readonly requestId: Uint8Array
  readonly request: ExecutionRequest
  readonly input: ExecutionInput
  readonly formed: FormedSubnet
  /** `clock.monotonic()` when the head took the request; the story's zero. */
  readonly startedMs: number
}

type Ending = Extract<AggregationEffect, { kind: 'decided' | 'diverged' | 'not-enough' }>

/** How an invocation ended, and all that was heard on the way. */
export interface InvocationOutcome {
  readonly ending: Ending
  readonly answers: ReadonlyMap<NodeId, CheckedAnswer>
  readonly failures: ReadonlyMap<NodeId, { readonly code: string; readonly message: string }>
  readonly events: readonly StoryEvent[]
  readonly measures: InvocationMeasures
}

/** Times on the head's clock, in milliseconds. */
export interface InvocationMeasures {
  readonly encodeMs: number
  readonly verifyMs: number
  /** When the threshold was reached; NaN if it never was. */
  readonly agreedAtMs: number
  /** The answer that reached it. */
  readonly decisive: { readonly node: NodeId; readonly roundTripMs: number } | undefined
}

/** Performs one aggregation: sends what it asks for, tells it what comes back, until it ends. */
export class Invocation {
  readonly #components: InvocationComponents
  readonly #init: InvocationInit
  readonly #context: VoteContext
  readonly #answers = new Map<NodeId, CheckedAnswer>()
  readonly #failures = new Map<NodeId, { code: string; message: string }>()
  readonly #events: StoryEvent[] = []
  readonly #ended = Promise.withResolvers<Ending>()
  readonly #cancel = new AbortController()
  #state: AggregationState
  #frame: { id: number; bytes: Uint8Array } | undefined
  #cancelTick: (() => void) | undefined
  #encodeMs = 0
  #verifyMs = 0
  #agreedAtMs = Number.NaN
  #decisive: InvocationMeasures['decisive']

  constructor(components: InvocationComponents, init: InvocationInit) {
    this.#components = components
    this.#init = init
    const { request, requestId, formed } = init
    const { chainId, functionCid, agreement, limits } = request
    this.#context = { chainId, requestId, functionCid, subnetCid: formed.cid, epoch: formed.subnet.epoch }
    this.#state = createAggregation({
      agreement,
      order: formed.subnet.order,
      answerTimeoutMs: answerTimeoutMs(limits),
      totalTimeoutMs: totalTimeoutMs(limits),
      graceMs: STRAGGLER_MS,
      graceFactor: STRAGGLER_FACTOR,
    })
  }

  /** Runs to the end. @throws the signal's reason, after all workers were told to stop */
  async run(signal: AbortSignal): Promise<InvocationOutcome> {
    signal.throwIfAborted()
    const abort = (): void => this.#ended.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      this.#encode()
      this.#step({ kind: 'start', nowMs: this.#components.clock.monotonic() })
      const ending = await this.#ended.promise
      const measures = {
        encodeMs: this.#encodeMs,
        verifyMs: this.#verifyMs,
        agreedAtMs: this.#agreedAtMs,
        decisive: this.#decisive,
      }
      return { ending, answers: this.#answers, failures: this.#failures, events: this.#events, measures }
    } finally {
      signal.removeEventListener('abort', abort)
      this.#cancelTick?.()
      this.#cancel.abort(new Error('the invocation has ended'))
    }
  }

  /** What happened so far, for the story of an invocation that was cancelled. */
  get events(): readonly StoryEvent[] {
    return this.#events
  }

  #encode(): void {
    const { clock, links } = this.#components
    const startedMs = clock.monotonic()
    const { request, input, formed } = this.#init
    const id = links.nextId()
    this.#frame = { id, bytes: encodeCanonical({ kind: 'execute', id, subnetCid: formed.cid, request, input }) }
    this.#encodeMs = clock.monotonic() - startedMs
  }

  #step(event: AggregationEvent): void {
    const { state, effects } = stepAggregation(this.#state, event)
    this.#state = state
    for (const effect of effects) this.#perform(effect)
    this.#schedule()
  }

  #perform(effect: AggregationEffect): void {
    switch (effect.kind) {
      case 'ask':
        this.#events.push({ atMs: this.#atMs(), kind: 'asked', node: effect.node })
        void this.#ask(effect.node)
        return
      case 'ignored':
        this.#components.log.debug('vote ignored', { node: effect.node, why: effect.why })
        return
      case 'equivocated':
        this.#components.log.warn('node equivocated', { node: effect.node })
        this.#events.push({ atMs: this.#atMs(), kind: 'equivocated', node: effect.node })
        return
      default:
        for (const { node, code } of effect.failed) this.#noteFailure(node, code, `no vote: ${code}`)
        this.#ended.resolve(effect)
    }
  }

  /** Asks one node and tells the state machine what came of it; never rejects. */
  async #ask(node: NodeId): Promise<void> {
    const { clock } = this.#components
    const askedMs = clock.monotonic()
    try {
      const message = await this.#call(node)
      const receivedMs = clock.monotonic()
      const answer = checkAnswer(node, this.#context, this.#init.request.limits.fuel, message)
      const nowMs = clock.monotonic()
      this.#verifyMs += nowMs - receivedMs
      this.#answers.set(node, answer)
      this.#events.push(votedEvent(node, answer, this.#atMs(), receivedMs - askedMs))
      this.#noteDecisive(node, answer, receivedMs - askedMs)
      this.#step({ kind: 'result', nowMs, node, resultHash: answer.vote.resultHash })
    } catch (error) {
      if (this.#cancel.signal.aborted) return
      const code = isCodedError(error) ? error.code : 'ERR_HEAD'
      const reason = error instanceof Error ? error.message : String(error)
      if (!isCodedError(error)) this.#components.log.error('answer not taken', { node, reason })
      this.#noteFailure(node, code, reason)
      this.#step({ kind: 'failure', nowMs: clock.monotonic(), node, code })
    }
  }

  async #call(node: NodeId): Promise<WorkMessage> {
    const frame = this.#frame
    if (frame === undefined) throw new Error('the frame is encoded before anyone is asked')
    const { links } = this.#components
    const reply = await links.call(node, frame.id, frame.bytes, this.#cancel.signal)
    if (reply.kind === 'result') return reply
    if (reply.kind === 'refused' && reply.code === 'ERR_SUBNET_UNKNOWN') {
      // It restarted since the subnet was formed: remind it once, then ask again.
      await this.#remind(node)
      const second = await links.call(node, frame.id, frame.bytes, this.#cancel.signal)
      if (second.kind === 'result') return second
      throw refusal(second)
    }
    throw refusal(reply)
  }

  async #remind(node: NodeId): Promise<void> {
    const { links } = this.#components
    const id = links.nextId()
    const frame = encodeCanonical({ kind: 'prepare', id, subnet: this.#init.formed.subnet })
    const timeout = AbortSignal.timeout(PREPARE_MS)
    const reply = await links.call(node, id, frame, AbortSignal.any([this.#cancel.signal, timeout])).catch((error) => {
      if (error !== timeout.reason || !timeout.aborted) throw error
      throw new CodedError('ERR_PREPARE_TIMEOUT', `Cannot run request: not prepared within ${PREPARE_MS} ms`)
    })
    if (reply.kind !== 'prepared') throw refusal(reply)
  }

  #noteFailure(node: NodeId, code: string, message: string): void {
    if (this.#failures.has(node)) return
    this.#failures.set(node, { code, message })
    this.#events.push({ atMs: this.#atMs(), kind: 'failed', node, code, message })
  }

  #noteDecisive(node: NodeId, { vote }: CheckedAnswer, roundTripMs: number): void {
    if (this.#decisive !== undefined) return
    const equal = [...this.#answers.values()].filter((other) => equalBytes(other.vote.resultHash, vote.resultHash))
    if (equal.length < this.#init.request.agreement.threshold) return
    this.#decisive = { node, roundTripMs }
    this.#agreedAtMs = this.#components.clock.monotonic()
  }

  #schedule(): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
    const atMs = nextTickMs(this.#state)
    if (atMs === undefined) return
    const { clock } = this.#components
    const delayMs = Math.max(0, Math.ceil(atMs - clock.monotonic()))
    this.#cancelTick = clock.schedule(delayMs, () => this.#step({ kind: 'tick', nowMs: clock.monotonic() }))
  }

  #atMs(): number {
    return this.#components.clock.monotonic() - this.#init.startedMs
  }
}

type WorkMessage = CheckedAnswer['message']

function refusal(reply: { readonly kind: string; readonly code?: string; readonly message?: string }): Error {
  return reply.kind === 'refused' && reply.code !== undefined
    ? new CodedError(reply.code, reply.message ?? '')
    : new CodedError('ERR_ANSWER_KIND', `Cannot take answer: "${reply.kind}" is none to a request`)
}

function votedEvent(node: NodeId, { vote, message }: CheckedAnswer, atMs: number, roundTripMs: number): StoryEvent {
  const { exit, memoryPeakBytes, timings } = message
  return {
    atMs,
    kind: 'voted',
    node,
    resultHash: toHex(vote.resultHash),
    exit: exit.kind === 'exit' ? `exit ${exit.code}` : exit.kind,
    fuel: vote.fuel,
    memoryPeakBytes,
    roundTripMs,
    timings,
  }
}
