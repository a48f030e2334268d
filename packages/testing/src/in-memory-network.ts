import type { SeededRandom } from './seeded-random.ts'
import type { SeededScheduler } from './seeded-scheduler.ts'

/** What a network does to messages. Different delays reorder them. */
export interface NetworkFaults {
  readonly delayMsMin: number
  readonly delayMsMax: number
  /** Chance that a message is lost, 0 to 1. */
  readonly dropRate: number
  /** Chance that a message arrives twice, 0 to 1. */
  readonly duplicateRate: number
}

/** Collaborators of an {@link InMemoryNetwork}. */
export interface InMemoryNetworkComponents {
  readonly scheduler: SeededScheduler
  readonly random: SeededRandom
}

/** What became of the messages so far. */
export interface NetworkCounts {
  readonly sent: number
  readonly delivered: number
  readonly dropped: number
  readonly duplicated: number
}

/** Called when a message arrives. */
export type Receive<Message> = (from: string, message: Message) => void

/** A network that delivers at once, once, and in order within a millisecond. */
export const FAULTLESS: NetworkFaults = { delayMsMin: 1, delayMsMax: 1, dropRate: 0, duplicateRate: 0 }

/**
 * Named nodes that send each other messages, through faults that a seed decides.
 *
 * @example
 * ```ts
 * import { InMemoryNetwork, SeededRandom, SeededScheduler } from '@blockless/testing'
 * const random = new SeededRandom(1)
 * const scheduler = new SeededScheduler({ random })
 * const network = new InMemoryNetwork<string>({ scheduler, random })
 * const heard: string[] = []
 * network.join('b', (from, message) => heard.push(`${from}: ${message}`))
 * network.send('a', 'b', 'hello')
 * scheduler.run()
 * assert.deepEqual(heard, ['a: hello'])
 * ```
 */
export class InMemoryNetwork<Message> {
  readonly #components: InMemoryNetworkComponents
  readonly #faults: NetworkFaults
  readonly #receivers = new Map<string, Receive<Message>>()
  #islands = new Map<string, number>()
  #counts = { sent: 0, delivered: 0, dropped: 0, duplicated: 0 }

  constructor(components: InMemoryNetworkComponents, faults: NetworkFaults = FAULTLESS) {
    this.#components = components
    this.#faults = faults
  }

  /** Lets a node receive; joining again replaces its receiver. */
  join(node: string, receive: Receive<Message>): void {
    this.#receivers.set(node, receive)
  }

  /** Takes a node away: messages under way to it are lost. */
  leave(node: string): void {
    this.#receivers.delete(node)
  }

  /** Cuts the network into groups that do not hear each other; nodes in no group form one more. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#islands = new Map(groups.flatMap((group, index) => group.map((node) => [node, index] as const)))
  }

  /** Ends the partition. */
  heal(): void {
    this.#islands = new Map()
  }

  /** Sends a message, as it is: sender and receiver share the object, so it must not change. */
  send(from: string, to: string, message: Message): void {
    const { random } = this.#components
    this.#counts.sent++
    if (random.chance(this.#faults.dropRate)) {
      this.#counts.dropped++
      return
    }
    this.#deliver(from, to, message)
    if (random.chance(this.#faults.duplicateRate)) {
      this.#counts.duplicated++
      this.#deliver(from, to, message)
    }
  }

  get counts(): NetworkCounts {
    return { ...this.#counts }
  }

  #deliver(from: string, to: string, message: Message): void {
    const { scheduler, random } = this.#components
    const { delayMsMin, delayMsMax } = this.#faults
    scheduler.schedule(random.integer(delayMsMin, delayMsMax), () => {
      const receive = this.#receivers.get(to)
      if (receive === undefined || this.#islands.get(from) !== this.#islands.get(to)) {
        this.#counts.dropped++
        return
      }
      this.#counts.delivered++
      receive(from, message)
    })
  }
}
