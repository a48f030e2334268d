import type { Clock, Logger, NodeId, Random } from '@blockless/core'
import type { Multiaddr } from '@multiformats/multiaddr'
import { DIAL_MS, REDIAL_MS, REDIAL_MS_MAX } from '../defaults.ts'
import type { Host } from '../host/create-host.ts'
import { Link } from '../work/link.ts'
import { type HeadMessage, headMessageSchema, WORK_PROTOCOL, type WorkerMessage } from '../work/messages.ts'

/** Collaborators of a {@link HeadLink}. */
export interface HeadLinkComponents {
  readonly host: Host
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** One head and what to do with its messages. */
export interface HeadLinkInit {
  readonly head: NodeId
  readonly addresses: readonly Multiaddr[]
  readonly chainId: string
  readonly onMessage: (link: WorkLink, message: HeadMessage) => void
  readonly onDown: (link: WorkLink) => void
}

/** The worker's end of a link. */
export type WorkLink = Link<WorkerMessage, HeadMessage>

/** Keeps one link to one head open, and dials again whenever it ends. */
export class HeadLink {
  readonly #components: HeadLinkComponents
  readonly #init: HeadLinkInit
  #link: WorkLink | undefined
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined

  constructor(components: HeadLinkComponents, init: HeadLinkInit) {
    this.#components = components
    this.#init = init
  }

  /** The open link, if there is one now. */
  get current(): WorkLink | undefined {
    return this.#link
  }

  /** Starts dialling; returns at once. */
  start(): void {
    this.#running = this.#run()
  }

  /** Ends the link and dials no more. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('stopped'))
    this.#link?.close()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#components
    const signal = this.#stopped.signal
    let pauseMs = REDIAL_MS
    while (!signal.aborted) {
      try {
        const link = await this.#open(AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS)]))
        const openedMs = clock.monotonic()
        await link.run()
        // A head that takes links only to end them is dialled ever more rarely, as one that takes none.
        if (clock.monotonic() - openedMs > REDIAL_MS_MAX) pauseMs = REDIAL_MS
      } catch (error) {
        if (signal.aborted) return
        const message = error instanceof Error ? error.message : String(error)
        log.warn('head not reached', { head: this.#init.head, message, pauseMs })
      }
      // Some spread, so that the workers of a restarted head do not all come back in the same instant.
      const spread = 0.5 + (this.#components.random.bytes(1)[0] ?? 0) / 255
      await clock.sleep(pauseMs * spread, signal).catch(() => {})
      pauseMs = Math.min(pauseMs * 2, REDIAL_MS_MAX)
    }
  }

  async #open(signal: AbortSignal): Promise<WorkLink> {
    const { host, log } = this.#components
    const { head, addresses, chainId } = this.#init
    const connection = await host.dial([...addresses], { signal })
    if (connection.remotePeer.toString() !== head) throw new Error(`another peer answered: ${connection.remotePeer}`)
    const stream = await connection.newStream(WORK_PROTOCOL, { signal })
    if (this.#stopped.signal.aborted) stream.abort(new Error('stopped'))
    this.#stopped.signal.throwIfAborted()
    const link: WorkLink = new Link(
      { log },
      {
        node: head,
        stream,
        schema: headMessageSchema,
        onMessage: (message) => this.#init.onMessage(link, message),
        onClose: (error) => {
          this.#link = undefined
          log.info('head lost', { head, code: error.code })
          this.#init.onDown(link)
        },
      },
    )
    link.send({ kind: 'hello', version: 2, chainId })
    this.#link = link
    log.info('head linked', { head, address: connection.remoteAddr.toString() })
    return link
  }
}
