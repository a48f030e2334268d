import { candidacyDigest, encodeCanonical, silentLogger } from '@blockless/core'
import type { Stream } from '@libp2p/interface'
import type { RollCall } from '../../src/roll-call/roll-call.ts'
import { Link } from '../../src/work/link.ts'
import {
  type Candidacy,
  type Execute,
  type HeadMessage,
  headMessageSchema,
  WORK_PROTOCOL,
  type WorkerMessage,
} from '../../src/work/messages.ts'
import type { TestNetwork, TestNode } from './test-network.ts'

/** A worker that says what the test wants, over a real link. */
export class RawWorker {
  readonly node: TestNode
  readonly stream: Stream
  readonly link: Link<WorkerMessage, HeadMessage>
  readonly received: HeadMessage[] = []
  /** Resolves when the link has ended, however it did. */
  readonly ended: Promise<void>
  onExecute: (message: Execute) => void = () => {}
  standing: (candidacy: Candidacy) => WorkerMessage | undefined = (candidacy) => candidacy

  private constructor(node: TestNode, stream: Stream) {
    this.node = node
    this.stream = stream
    this.link = new Link<WorkerMessage, HeadMessage>(
      { log: silentLogger },
      {
        node: 'head',
        stream,
        schema: headMessageSchema,
        onMessage: (message) => this.#onMessage(message),
        onClose: () => {},
      },
    )
    this.ended = this.link.run()
  }

  /** Dials the network's head as the test identity `index`; greets unless `chainId` is undefined. */
  static async dial(
    network: TestNetwork,
    index: number,
    chainId: string | undefined = network.network.chainId,
  ): Promise<RawWorker> {
    const node = await network.createNode(index)
    const connection = await node.host.dial(network.headNode.host.getMultiaddrs())
    const raw = new RawWorker(node, await connection.newStream(WORK_PROTOCOL))
    if (chainId !== '') raw.link.send({ kind: 'hello', version: 2, chainId })
    return raw
  }

  #stand({ functionCid, epoch, rollCallId, chainId }: RollCall): void {
    const signature = this.node.signer.sign(candidacyDigest({ chainId, functionCid, epoch, weight: 1 }))
    const answer = this.standing({ kind: 'candidacy', rollCallId, weight: 1, signature })
    if (answer !== undefined) this.link.send(answer)
  }

  #onMessage(message: HeadMessage): void {
    this.received.push(message)
    if (message.kind === 'roll-call') this.#stand(message.call)
    if (message.kind === 'prepare') this.link.send({ kind: 'prepared', id: message.id })
    if (message.kind === 'execute') this.onExecute(message)
  }
}

/** A frame as it is on the wire. */
export function wire(payload: Uint8Array): Uint8Array {
  const length: number[] = []
  let rest = payload.length
  while (rest >= 0x80) {
    length.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return Uint8Array.of(...length, rest, ...payload)
}

/** Canonical bytes on the wire. */
export function wireOf(value: unknown): Uint8Array {
  return wire(encodeCanonical(value))
}
