import type { Logger, NodeId } from '@blockless/core'
import type { Connection, Stream } from '@libp2p/interface'
import { type Host, STREAM_OPTIONS } from '../host/create-host.ts'
import { Link } from '../work/link.ts'
import { LinkError } from '../work/link-error.ts'
import {
  type Candidacy,
  type Decline,
  type HeadMessage,
  type Prepared,
  type Refused,
  WORK_PROTOCOL,
  type WorkerMessage,
  type WorkResult,
  workerMessageSchema,
} from '../work/messages.ts'

/** Collaborators of {@link WorkerLinks}. */
export interface WorkerLinksComponents {
  readonly host: Host
  readonly log: Logger
}

/** Who may link, and who hears what workers say of roll calls. */
export interface WorkerLinksInit {
  readonly chainId: string
  readonly isAllowed: (node: NodeId) => boolean
  readonly onStanding: (node: NodeId, message: Candidacy | Decline) => void
  readonly onChange: () => void
}

/** A worker's answer to one call. */
export type WorkerReply = Prepared | WorkResult | Refused

interface WorkerLink {
  readonly link: Link<HeadMessage, WorkerMessage>
  readonly pending: Map<number, PromiseWithResolvers<WorkerReply>>
  isGreeted: boolean
}

/** The head's ends of all links: one per worker, calls matched to answers by id. */
export class WorkerLinks {
  readonly #components: WorkerLinksComponents
  readonly #init: WorkerLinksInit
  readonly #links = new Map<NodeId, WorkerLink>()
  #lastId = 0

  constructor(components: WorkerLinksComponents, init: WorkerLinksInit) {
    this.#components = components
    this.#init = init
  }

  /** Begins to accept links. */
  async start(): Promise<void> {
    await this.#components.host.handle(
      WORK_PROTOCOL,
      (stream, connection) => this.#accept(stream, connection),
      STREAM_OPTIONS,
    )
  }

  /** Ends all links; calls under way reject. */
  async stop(): Promise<void> {
    await this.#components.host.unhandle(WORK_PROTOCOL)
    for (const { link } of this.#links.values()) link.close()
  }

  /** Workers that are linked now. */
  get nodes(): readonly NodeId[] {
    return [...this.#links].filter(([, { isGreeted }]) => isGreeted).map(([node]) => node)
  }

  /** An id for calls that go to several workers as one encoded frame. */
  nextId(): number {
    this.#lastId = (this.#lastId + 1) % 2 ** 32
    return this.#lastId
  }

  /**
   * Sends one frame and waits for the worker's answer to its id.
   *
   * @param frame - an encoded {@link HeadMessage} with this `id`
   * @throws {LinkError} if the worker is not linked, its link ends first, or too much already waits
   * @throws the signal's reason, after the worker was told that nobody waits any more
   */
  async call(node: NodeId, id: number, frame: Uint8Array, signal: AbortSignal): Promise<WorkerReply> {
    signal.throwIfAborted()
    const worker = this.#links.get(node)
    if (worker?.isGreeted !== true) throw new LinkError({ code: 'ERR_LINK_CLOSED', node })
    const answer = Promise.withResolvers<WorkerReply>()
    const abort = (): void => {
      answer.reject(signal.reason)
      this.#tell(worker, { kind: 'cancel', id })
    }
    worker.pending.set(id, answer)
    signal.addEventListener('abort', abort, { once: true })
    try {
      worker.link.sendEncoded(frame)
      return await answer.promise
    } finally {
      signal.removeEventListener('abort', abort)
      worker.pending.delete(id)
    }
  }

  /** Tells a worker something that awaits no answer by id; a worker that is not linked or busy is not told. */
  tell(node: NodeId, message: HeadMessage): void {
    const worker = this.#links.get(node)
    if (worker?.isGreeted === true) this.#tell(worker, message)
  }

  /** Never throws: an abort's listener has nobody to catch it, and who cannot be told finds out by what follows. */
  #tell({ link }: WorkerLink, message: HeadMessage): void {
    try {
      if (!link.isClosed) link.send(message)
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      this.#components.log.debug('worker not told', { node: link.node, kind: message.kind, code: error.code })
    }
  }

  #accept(stream: Stream, connection: Connection): void {
    const { log } = this.#components
    const node = connection.remotePeer.toString()
    if (!this.#init.isAllowed(node)) {
      log.warn('worker refused', { node, address: connection.remoteAddr.toString() })
      stream.abort(new Error('this node is not a worker of this network'))
      return
    }
    const pending = new Map<number, PromiseWithResolvers<WorkerReply>>()
    const link = new Link<HeadMessage, WorkerMessage>(
      { log },
      {
        node,
        stream,
        schema: workerMessageSchema,
        onMessage: (message) => this.#onMessage(worker, message),
        onClose: (error) => this.#onClose(worker, error),
      },
    )
    const worker: WorkerLink = { link, pending, isGreeted: false }
    this.#links.get(node)?.link.close() // a worker that links again has lost its old link, even if we do not know yet
    this.#links.set(node, worker)
    void link.run()
  }

  #onMessage(worker: WorkerLink, message: WorkerMessage): void {
    const { node } = worker.link
    if (!worker.isGreeted && message.kind !== 'hello') {
      this.#components.log.warn('worker did not greet', { node, kind: message.kind })
      worker.link.close()
    } else if (message.kind === 'hello') {
      if (message.chainId !== this.#init.chainId) {
        this.#components.log.warn('worker of another chain', { node, chainId: message.chainId })
        worker.link.close()
        return
      }
      worker.isGreeted = true
      this.#components.log.info('worker linked', { node })
      this.#init.onChange()
    } else if (message.kind === 'candidacy' || message.kind === 'decline') {
      this.#init.onStanding(node, message)
    } else {
      const pending = worker.pending.get(message.id)
      // Late answers to cancelled calls are normal; nothing is lost by dropping an answer that nobody awaits.
      if (pending === undefined) this.#components.log.debug('answer to no call', { node, id: message.id })
      else pending.resolve(message)
    }
  }

  #onClose(worker: WorkerLink, error: LinkError): void {
    const { node } = worker.link
    if (this.#links.get(node) === worker) this.#links.delete(node)
    for (const { reject } of worker.pending.values()) reject(error)
    this.#components.log.info('worker lost', { node, code: error.code })
    this.#init.onChange()
  }
}
