import { connect, type Socket } from 'node:net'
import { answered, type HostAnswer, refused } from '../../host-call/host-call.ts'
import { ByteReader } from '../shared/byte-reader.ts'
import { ByteWriter } from '../shared/byte-writer.ts'
import type { HostStream, Readiness } from './host-stream.ts'
import { networkFailure } from './network-failure.ts'

/** A TCP connection: what the guest does not read stays in one bounded buffer, and then with the peer. */
export class TcpConnection implements HostStream {
  readonly #socket: Socket
  readonly #reader: ByteReader
  readonly #writer: ByteWriter
  #isReadShut = false
  #isWriteShut = false

  /** @param socket - connected, `allowHalfOpen`, and from now on this object's */
  constructor(socket: Socket) {
    this.#socket = socket
    this.#reader = new ByteReader(socket)
    this.#writer = new ByteWriter(socket)
  }

  /**
   * Connects to an address, not to a name.
   *
   * @throws what node:net says; rejects with the signal's reason
   */
  static async open(address: string, port: number, signal: AbortSignal): Promise<TcpConnection> {
    signal.throwIfAborted()
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    socket.once('connect', resolve).once('error', reject)
    try {
      await promise
      return new TcpConnection(socket)
    } catch (error) {
      socket.on('error', () => {}).destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** Calls back once, when the connection is gone on both sides. */
  onGone(listener: () => void): void {
    if (this.#socket.closed) listener()
    else this.#socket.once('close', listener)
  }

  /** @see HostStream */
  async read(size: number, signal: AbortSignal): Promise<HostAnswer> {
    if (this.#isReadShut) return answered()
    try {
      return answered({}, await this.#reader.read(size, signal))
    } catch (error) {
      signal.throwIfAborted()
      return networkFailure(error)
    }
  }

  /** @see HostStream */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<HostAnswer> {
    if (this.#isWriteShut) return refused('closed')
    try {
      await this.#writer.write(bytes, signal)
      return answered({ size: bytes.length })
    } catch (error) {
      signal.throwIfAborted()
      return networkFailure(error)
    }
  }

  /** @see HostStream */
  accept(): Promise<HostAnswer> {
    return Promise.resolve(refused('not-listening'))
  }

  /** @see HostStream */
  shutdown(read: boolean, write: boolean): HostAnswer {
    if (read) this.#isReadShut = true
    if (write && !this.#isWriteShut) {
      this.#isWriteShut = true
      this.#writer.end()
    }
    return answered()
  }

  /** @see HostStream */
  readable(): Readiness | undefined {
    const isEnd = this.#isReadShut || this.#reader.isEnd
    return isEnd || this.#reader.size > 0 ? { size: isEnd ? 0 : this.#reader.size, isEnd } : undefined
  }

  /** @see HostStream */
  writable(): boolean {
    return !this.#writer.isBusy
  }

  /** @see HostStream */
  onChange(listener: () => void): () => void {
    const forget = this.#reader.onChange(listener)
    this.#socket.on('drain', listener)
    return () => {
      forget()
      this.#socket.off('drain', listener)
    }
  }

  /** Sends what is on its way if the peer takes it at once, and lets go. */
  close(): Promise<void> {
    if (this.#writer.isBusy) this.#socket.destroy()
    else this.#socket.destroySoon()
    return Promise.resolve()
  }
}
