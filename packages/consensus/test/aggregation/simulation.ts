import {
  type AggregationEffect,
  type AggregationEvent,
  createAggregation,
  nextTickMs,
  stepAggregation,
} from '@blockless/consensus'
import {
  type Agreement,
  type NodeId,
  type Signer,
  signVote,
  type Vote,
  type VoteContext,
  verifySignature,
  voteDigest,
} from '@blockless/core'
import { InMemoryNetwork, type NetworkFaults, SeededRandom, SeededScheduler, testSigner } from '@blockless/testing'

/** How a simulated worker behaves. Liars all tell the same lie, which is the worst they can do. */
export type Behaviour = 'honest' | 'slow' | 'silent' | 'refusing' | 'lying' | 'equivocating' | 'forging'

export const HONEST_HASH: Uint8Array = new Uint8Array(32).fill(1)
const LIE_HASH = new Uint8Array(32).fill(2)
const ANSWER_TIMEOUT_MS = 200
const TOTAL_TIMEOUT_MS = 1_000
const HEAD = 'head'

type Message =
  | { readonly kind: 'run' }
  | { readonly kind: 'vote'; readonly vote: Vote }
  | { readonly kind: 'refuse'; readonly code: string }

type End = Extract<AggregationEffect, { kind: 'decided' | 'diverged' | 'not-enough' }>

export interface SimulationInit {
  readonly seed: number
  readonly agreement: Agreement
  readonly context: VoteContext
  /** One per node of the order; worker `i` has test signer `i + 1`. */
  readonly behaviours: readonly Behaviour[]
  readonly faults: NetworkFaults
}

export interface SimulationRun {
  readonly order: readonly NodeId[]
  readonly ends: readonly End[]
  /** First valid vote of each node that the head saw. */
  readonly votes: ReadonlyMap<NodeId, Vote>
  readonly effects: readonly AggregationEffect[]
  readonly endedAtMs: number
}

/** One request among a head and workers with real signatures; the same init gives the same run. */
export function simulate(init: SimulationInit): SimulationRun {
  const random = new SeededRandom(init.seed)
  const scheduler = new SeededScheduler({ random })
  const network = new InMemoryNetwork<Message>({ scheduler, random }, init.faults)
  const signers = init.behaviours.map((_, index) => testSigner(index + 1))
  const order = signers.map(({ nodeId }) => nodeId)
  signers.forEach((signer, index) => {
    const behaviour = init.behaviours[index] ?? 'honest'
    network.join(signer.nodeId, () => {
      for (const { delayMs, message } of answersOf(behaviour, signer, init.context, random)) {
        scheduler.schedule(delayMs, () => network.send(signer.nodeId, HEAD, message))
      }
    })
  })

  const effects: AggregationEffect[] = []
  const votes = new Map<NodeId, Vote>()
  let endedAtMs = 0
  let state = createAggregation({
    agreement: init.agreement,
    order,
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
    totalTimeoutMs: TOTAL_TIMEOUT_MS,
    graceMs: 50,
  })
  const apply = (event: AggregationEvent): void => {
    const step = stepAggregation(state, event)
    state = step.state
    effects.push(...step.effects)
    for (const effect of step.effects) {
      if (effect.kind === 'ask') network.send(HEAD, effect.node, { kind: 'run' })
      if ('asked' in effect) endedAtMs = scheduler.nowMs
    }
    const nextMs = nextTickMs(state)
    if (nextMs === undefined) return
    scheduler.schedule(Math.max(0, nextMs - scheduler.nowMs), () => {
      // A timer that a later event made stale does nothing; the state's next tick has one of its own.
      if (nextTickMs(state) === nextMs) apply({ kind: 'tick', nowMs: scheduler.nowMs })
    })
  }
  network.join(HEAD, (from, message) => {
    const nowMs = scheduler.nowMs
    if (message.kind === 'refuse') apply({ kind: 'failure', nowMs, node: from, code: message.code })
    if (message.kind !== 'vote') return
    const { vote } = message
    const isSigned = vote.node === from && verifySignature(from, voteDigest(init.context, vote), vote.signature)
    if (!isSigned) return apply({ kind: 'failure', nowMs, node: from, code: 'ERR_VOTE_INVALID' })
    if (!votes.has(from)) votes.set(from, vote)
    apply({ kind: 'result', nowMs, node: from, resultHash: vote.resultHash })
  })
  apply({ kind: 'start', nowMs: 0 })
  scheduler.run()
  const ends = effects.filter((effect): effect is End => 'asked' in effect)
  return { order, ends, votes, effects, endedAtMs }
}

function answersOf(
  behaviour: Behaviour,
  signer: Signer,
  context: VoteContext,
  random: SeededRandom,
): { delayMs: number; message: Message }[] {
  const delayMs = random.integer(1, 40)
  const vote = (resultHash: Uint8Array): Message => {
    const body = { resultHash, fuel: 100, transcriptHash: new Uint8Array(32) }
    return { kind: 'vote', vote: signVote(signer, context, body) }
  }
  const forged = (): Message => {
    const body = { resultHash: HONEST_HASH, fuel: 100, transcriptHash: new Uint8Array(32) }
    return { kind: 'vote', vote: { ...signVote(testSigner(0), context, body), node: signer.nodeId } }
  }
  switch (behaviour) {
    case 'honest':
      return [{ delayMs, message: vote(HONEST_HASH) }]
    case 'slow':
      return [{ delayMs: ANSWER_TIMEOUT_MS + delayMs, message: vote(HONEST_HASH) }]
    case 'silent':
      return []
    case 'refusing':
      return [{ delayMs, message: { kind: 'refuse', code: 'ERR_BUSY' } }]
    case 'lying':
      return [{ delayMs, message: vote(LIE_HASH) }]
    case 'equivocating':
      return [
        { delayMs, message: vote(HONEST_HASH) },
        { delayMs: delayMs + random.integer(0, 30), message: vote(LIE_HASH) },
      ]
    case 'forging':
      return [{ delayMs, message: forged() }]
  }
}
