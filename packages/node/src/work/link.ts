import { CodedError, decodeFrame, encodeCanonical, type Logger, type NodeId, type Schema } from '@blockless/core'
import type { Stream } from '@libp2p/interface'
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils'
import { LINK_BACKLOG_BYTES_MAX } from '../defaults.ts'
import { FrameLengthError, frameLength } from './frame-length.ts'
import { LinkError } from './link-error.ts'
import { FRAME_SIZE_MAX } from './messages.ts'

/** Collaborators of a {@link Link}. */
export interface LinkComponents {
  readonly log: Logger
}

/** What a {@link Link} reads, and whom it tells. */
export interface LinkInit<Incoming> {
  readonly node: NodeId
  readonly stream: Stream
  readonly schema: Schema<Incoming>
  readonly onMessage: (message: Incoming) => void
  /** Called once, when the link has ended for whatever reason. */
  readonly onClose: (error: LinkError) => void
}

/**
 * A long-lived stream of frames to one node: varint length, then DAG-CBOR of at most {@link FRAME_SIZE_MAX} bytes.
 *
 * The connection below authenticates the node, so frames carry no signature. A frame that is too large or not well
 * formed ends the link: a node that sends one is broken or hostile, and nothing after it can be trusted.
 */
export class Link<Outgoing extends object, Incoming> {
  readonly node: NodeId
  readonly #frames: LengthPrefixedStream<Stream>
  readonly #stream: Stream
  readonly #init: LinkInit<Incoming>
  readonly #log: Logger
  readonly #over = Promise.withResolvers<void>()
  #backlogBytes = 0
  #closed: LinkError | undefined

  constructor(components: LinkComponents, init: LinkInit<Incoming>) {
    this.node = init.node
    this.#init = init
    this.#log = components.log
    this.#stream = init.stream
    this.#frames = lpStream(init.stream, {
      maxDataLength: FRAME_SIZE_MAX,
      maxBufferSize: FRAME_SIZE_MAX * 2,
      lengthDecoder: frameLength,
    })
  }

  /** Whether the link has ended. */
  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  /** Reads frames until the link ends; returns after `onClose` was called. */
  async run(): Promise<void> {
    // Whoever ends the link does not wait for the other side to notice.
    await Promise.race([this.#readAll(), this.#over.promise])
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#closed === undefined) {
        const message = await this.#read()
        if (this.#closed === undefined) this.#init.onMessage(message)
      }
    } catch (error) {
      this.#end(this.#toLinkError(error))
    }
  }

  /**
   * Queues one frame.
   *
   * @throws {LinkError} ERR_LINK_CLOSED if the link has ended, ERR_LINK_BUSY if too much already waits
   */
  send(message: Outgoing): void {
    this.sendEncoded(encodeCanonical(message))
  }

  /** Queues a frame that is already encoded, so that one message to many nodes is encoded once. */
  sendEncoded(frame: Uint8Array): void {
    if (this.#closed !== undefined) throw this.#closed
    if (this.#backlogBytes + frame.length > LINK_BACKLOG_BYTES_MAX) {
      throw new LinkError({ code: 'ERR_LINK_BUSY', node: this.node, backlogBytes: this.#backlogBytes })
    }
    this.#backlogBytes += frame.length
    this.#frames
      .write(frame)
      .then(() => {
        this.#backlogBytes -= frame.length
      })
      .catch((error: unknown) => this.#end(this.#toLinkError(error)))
  }

  /** Ends the link; pending frames may be lost. */
  close(): void {
    this.#end(new LinkError({ code: 'ERR_LINK_CLOSED', node: this.node }))
  }

  async #read(): Promise<Incoming> {
    const frame = (await this.#frames.read()).subarray()
    try {
      return decodeFrame(frame, this.#init.schema, 'frame')
    } catch (cause) {
      if (!(cause instanceof CodedError)) throw cause
      throw new LinkError({ code: 'ERR_FRAME_INVALID', node: this.node, problem: cause.message }, { cause })
    }
  }

  #toLinkError(error: unknown): LinkError {
    if (error instanceof LinkError) return error
    const name = error instanceof Error ? error.name : ''
    if (name === 'InvalidDataLengthError' || error instanceof FrameLengthError) {
      return new LinkError({ code: 'ERR_FRAME_SIZE', node: this.node, sizeMax: FRAME_SIZE_MAX }, { cause: error })
    }
    if (error instanceof TypeError || error instanceof RangeError) throw error // a bug of ours, not the link's end
    return new LinkError({ code: 'ERR_LINK_CLOSED', node: this.node }, { cause: error })
  }

  #end(error: LinkError): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    const isFault = error.code !== 'ERR_LINK_CLOSED'
    this.#log[isFault ? 'warn' : 'debug']('link ended', { node: this.node, code: error.code, message: error.message })
    // A reset frees both ends at once; closing gracefully would wait for a reader that may never read.
    this.#stream.abort(error)
    this.#over.resolve()
    this.#init.onClose(error)
  }
}
