import { verifyCandidate } from '@blockless/consensus'
import {
  type Candidate,
  type CID,
  type Clock,
  encodeCanonical,
  type Logger,
  type NodeId,
  type Random,
  toHex,
} from '@blockless/core'
import { ROLL_CALL_MS } from '../defaults.ts'
import type { Host } from '../host/create-host.ts'
import { type RollCall, rollCallTopic } from '../roll-call/roll-call.ts'
import type { Candidacy, Decline, RollCalled } from '../work/messages.ts'

/** Collaborators of a {@link RollCaller}. */
export interface RollCallerComponents {
  readonly host: Host
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Who answered a roll call. */
export interface RollCallAnswers {
  readonly candidates: readonly Candidate[]
  readonly declined: readonly { readonly node: NodeId; readonly code: string; readonly message: string }[]
}

interface OpenCall {
  readonly call: RollCall
  readonly candidates: Map<NodeId, Candidate>
  readonly declined: Map<NodeId, RollCallAnswers['declined'][number]>
  /** Resolves when everyone who is expected has answered. */
  readonly complete: PromiseWithResolvers<void>
  readonly expected: () => readonly NodeId[]
}

/** Asks all workers who stands for a function, and collects their signed answers. */
export class RollCaller {
  readonly #components: RollCallerComponents
  readonly #chainId: string
  readonly #tell: (node: NodeId, message: RollCalled) => void
  readonly #open = new Map<string, OpenCall>()

  /** @param init - `tell` sends a message on a worker's link */
  constructor(
    components: RollCallerComponents,
    init: { readonly chainId: string; readonly tell: (node: NodeId, message: RollCalled) => void },
  ) {
    this.#components = components
    this.#chainId = init.chainId
    this.#tell = init.tell
  }

  /**
   * Publishes a roll call and waits until all expected workers answered, or {@link ROLL_CALL_MS} passed.
   *
   * @param expected - workers known to be there; others may answer too
   */
  async call(
    { functionCid, epoch }: { readonly functionCid: CID; readonly epoch: number },
    expected: () => readonly NodeId[],
    signal: AbortSignal,
  ): Promise<RollCallAnswers> {
    const { host, clock, random, log } = this.#components
    const rollCallId = random.bytes(16)
    const head = host.peerId.toString()
    const call: RollCall = { version: 2, chainId: this.#chainId, rollCallId, functionCid, epoch, head }
    const key = toHex(rollCallId)
    const complete = Promise.withResolvers<void>()
    const open: OpenCall = { call, candidates: new Map(), declined: new Map(), complete, expected }
    this.#open.set(key, open)
    const timer = new AbortController()
    try {
      await this.#publish(call, expected)
      const expiry = clock.sleep(ROLL_CALL_MS, AbortSignal.any([signal, timer.signal]))
      expiry.catch(() => {}) // lost races end here; the signal is looked at below
      await Promise.race([complete.promise, expiry])
      signal.throwIfAborted()
    } finally {
      timer.abort()
      this.#open.delete(key)
    }
    log.debug('roll call ended', { functionCid: functionCid.toString(), epoch, candidates: open.candidates.size })
    return { candidates: [...open.candidates.values()], declined: [...open.declined.values()] }
  }

  /** Takes a worker's answer; answers to no open call are dropped, forged candidacies noted. */
  onStanding(node: NodeId, message: Candidacy | Decline): void {
    const open = this.#open.get(toHex(message.rollCallId))
    if (open === undefined) return
    if (message.kind === 'decline') {
      open.declined.set(node, { node, code: message.code, message: message.message })
    } else {
      const candidate = { node, weight: message.weight, signature: message.signature }
      if (verifyCandidate(open.call, candidate)) {
        open.candidates.set(node, candidate)
      } else {
        this.#components.log.warn('candidacy forged', { node })
        // Counts as an answer: nobody waits for a forger to think better of it.
        const problem = 'its signature does not sign its candidacy'
        open.declined.set(node, { node, code: 'ERR_CANDIDACY_INVALID', message: `Cannot draw ${node}: ${problem}` })
      }
    }
    const isAnswered = (worker: NodeId): boolean => open.candidates.has(worker) || open.declined.has(worker)
    if (open.expected().every(isAnswered)) open.complete.resolve()
  }

  /**
   * Workers that are linked hear it on their links: gossip takes a while to learn of its listeners, and sometimes never
   * does. Published it is all the same, so that whoever listens knows of every draw that a head makes.
   */
  async #publish(call: RollCall, expected: () => readonly NodeId[]): Promise<void> {
    for (const node of expected()) this.#tell(node, { kind: 'roll-call', call })
    await this.#components.host.services.pubsub.publish(rollCallTopic(this.#chainId), encodeCanonical(call))
  }
}
