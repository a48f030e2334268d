import { createServer, type Server, type Socket } from 'node:net'
import { type HostAnswer, refused } from '../../host-call/host-call.ts'
import { nextChange } from '../shared/next-change.ts'
import type { HostStream, Readiness } from './host-stream.ts'
import { TcpConnection } from './tcp-connection.ts'

/** Connections that wait to be accepted; more are turned away, as a full backlog does. */
const WAITING_MAX = 64

/** A TCP port on which a guest takes connections. */
export class TcpListener implements HostStream {
  readonly #server: Server
  readonly #waiting: Socket[] = []
  readonly #listeners = new Set<() => void>()
  #isClosed = false

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => this.#arrived(socket))
    // a listener that breaks accepts nothing more, which is all that there is to tell
    server.on('error', () => {})
  }

  /**
   * Binds a port and listens on it.
   *
   * @param host - an address of this machine
   * @throws what node:net says; rejects with the signal's reason
   */
  static async open(host: string, port: number, signal: AbortSignal): Promise<TcpListener> {
    signal.throwIfAborted()
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen({ host, port, backlog: WAITING_MAX, exclusive: true }, resolve)
    await promise
    return new TcpListener(server)
  }

  /** Where it listens, for people and tests. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** @see HostStream */
  async accept(signal: AbortSignal): Promise<HostStream | HostAnswer> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#isClosed) return refused('closed')
      const socket = this.#waiting.shift()
      if (socket !== undefined && !socket.destroyed) return new TcpConnection(socket)
      if (socket === undefined) await nextChange([this], signal)
    }
  }

  /** @see HostStream */
  read(): Promise<HostAnswer> {
    return Promise.resolve(refused('not-connected'))
  }

  /** @see HostStream */
  write(): Promise<HostAnswer> {
    return Promise.resolve(refused('not-connected'))
  }

  /** @see HostStream */
  shutdown(): HostAnswer {
    return refused('not-connected')
  }

  /** @see HostStream */
  readable(): Readiness | undefined {
    return this.#waiting.length > 0 || this.#isClosed ? { size: 0, isEnd: false } : undefined
  }

  /** @see HostStream */
  writable(): boolean {
    return false
  }

  /** @see HostStream */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Stops listening and turns away who waits; connections that were accepted stay. */
  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#isClosed = true
    this.#server.close()
    for (const socket of this.#waiting.splice(0)) socket.destroy()
    this.#tell()
    return Promise.resolve()
  }

  #arrived(socket: Socket): void {
    socket.on('error', () => {})
    if (this.#isClosed || this.#waiting.length >= WAITING_MAX) {
      socket.destroy()
      return
    }
    this.#waiting.push(socket)
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
