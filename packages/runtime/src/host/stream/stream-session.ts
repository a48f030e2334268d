import { isIP } from 'node:net'
import { answered, type HostAnswer, type HostCall, refused } from '../../host-call/host-call.ts'
import type { HostRun, HostSession } from '../../host-call/host-family.ts'
import type { Verdict } from '../../policy/gate.ts'
import type { Resolver } from '../http/resolver.ts'
import { flagField, integerField, integersField, textField } from '../shared/call-fields.ts'
import { HandleTable } from '../shared/handle-table.ts'
import type { Places } from '../shared/places.ts'
import { type HostStream, isStream } from './host-stream.ts'
import { ADDRESS_LENGTH_MAX, type NetworkAddress, parseAddress } from './network-address.ts'
import { networkFailure } from './network-failure.ts'
import { pollStreams } from './poll-streams.ts'
import { resolveHost } from './resolve-host.ts'
import { TcpConnection } from './tcp-connection.ts'
import { TcpListener } from './tcp-listener.ts'

const HANDLE_MAX = 0xffff_ffff
/** Characters of a driver's URL. */
const URL_LENGTH_MAX = 8192
const READ_SIZE_MAX = 1024 * 1024
/** A handle is readable or writable, so a poll of `SUBSCRIPTIONS_MAX` names at most as many. */
const POLLED_MAX = 1024
const TCP_SCHEME = 'tcp:'

/** Drivers as one run sees them. */
export interface DriverSession {
  /** Opens a URL that `tcp` does not serve. @returns the stream, or why not */
  open(url: URL, options: Uint8Array, signal: AbortSignal): Promise<HostStream | HostAnswer>
  close(): Promise<void>
}

/** Nothing but what is built in. */
export const NO_DRIVERS: DriverSession = {
  open: async () => refused('unknown-driver'),
  close: async () => {},
}

/** Collaborators of a {@link StreamSession}. */
export interface StreamComponents {
  readonly resolver: Resolver
  readonly drivers: DriverSession
  /** Connections of the whole node. */
  readonly connections: Places
}

/**
 * The streams of one run: connections, listeners and drivers' handles, numbered together so that one poll covers all.
 *
 * `stream.connect`, `stream.listen` and `stream.open` make one; `stream.accept`, `stream.read`, `stream.write`,
 * `stream.shutdown`, `stream.poll` and `stream.close` use it.
 */
export class StreamSession implements HostSession {
  readonly #run: HostRun
  readonly #components: StreamComponents
  readonly #streams: HandleTable<HostStream>
  #isClosed = false

  constructor(run: HostRun, components: StreamComponents) {
    this.#run = run
    this.#components = components
    this.#streams = new HandleTable(run.limits.handlesMax)
  }

  /** @see HostSession */
  async call(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    switch (call.name) {
      case 'stream.connect':
        return await this.#take(() => this.#connect(textField(call, 'address', ADDRESS_LENGTH_MAX), signal))
      case 'stream.listen':
        return await this.#take(() => this.#listen(textField(call, 'address', ADDRESS_LENGTH_MAX), signal))
      case 'stream.open':
        return await this.#take(() => this.#open(textField(call, 'url', URL_LENGTH_MAX), call.bytes, signal))
      case 'stream.poll':
        return await this.#poll(call, signal)
      default:
        return await this.#use(call, signal)
    }
  }

  /** @see HostSession */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#streams.takeAll().map(async (stream) => await stream.close()))
    await this.#components.drivers.close()
  }

  async #use(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    const handle = integerField(call, 'handle', 0, HANDLE_MAX)
    const stream = this.#streams.get(handle)
    if (stream === undefined) return refused('bad-handle')
    switch (call.name) {
      case 'stream.read': {
        const size = integerField(call, 'size', 0, HANDLE_MAX)
        return await stream.read(Math.min(size, READ_SIZE_MAX, this.#run.limits.bytesMax), signal)
      }
      case 'stream.write':
        return await stream.write(call.bytes, signal)
      case 'stream.accept':
        return await this.#take(() => stream.accept(signal))
      case 'stream.shutdown':
        return stream.shutdown(flagField(call, 'read'), flagField(call, 'write'))
      case 'stream.close':
        this.#streams.take(handle)
        await stream.close()
        return answered()
      default:
        throw new TypeError(`Cannot serve "${call.name}": streams have no such call`)
    }
  }

  /** Numbers what was opened; there is room for it before it is opened. */
  async #take(open: () => Promise<HostStream | HostAnswer>): Promise<HostAnswer> {
    if (this.#streams.isFull) return refused('limit', { name: 'handlesMax', max: this.#run.limits.handlesMax })
    const opened = await open()
    if (!isStream(opened)) return opened
    if (this.#isClosed) {
      await opened.close()
      return refused('closed')
    }
    return answered({ handle: this.#streams.add(opened) })
  }

  async #connect(text: string, signal: AbortSignal): Promise<HostStream | HostAnswer> {
    const address = parseAddress(text)
    return address === undefined || address.port === 0 ? refused('parameter') : await this.#reach(address, signal)
  }

  async #reach(address: NetworkAddress, signal: AbortSignal): Promise<HostStream | HostAnswer> {
    const verdict = this.#run.gate.decide({ kind: 'connect', ...address })
    if (!verdict.isAllowed) return denied(verdict)
    const resolution = await resolveHost(address, this.#run.gate, this.#components.resolver, signal)
    if (resolution.kind === 'denied') return refused('denied', { missing: resolution.missing })
    if (resolution.kind === 'unknown') return refused('unknown-host')
    const { connections } = this.#components
    if (!connections.take()) return refused('limit', { name: 'connectionsMax', max: connections.countMax })
    using begun = new DisposableStack()
    begun.defer(() => connections.give())
    const opened = await openFirst(resolution.addresses, address.port, signal)
    if (opened instanceof TcpConnection) {
      const owned = begun.move()
      opened.onGone(() => owned.dispose())
    }
    return opened
  }

  /** Listening is on an address of this machine; `localhost` is the only name that means one everywhere. */
  async #listen(text: string, signal: AbortSignal): Promise<HostStream | HostAnswer> {
    const address = parseAddress(text)
    if (address === undefined) return refused('parameter')
    const host = address.host === 'localhost' ? '127.0.0.1' : address.host
    if (isIP(host) === 0) return refused('parameter')
    const verdict = this.#run.gate.decide({ kind: 'listen', ...address })
    if (!verdict.isAllowed) return denied(verdict)
    try {
      return await TcpListener.open(host, address.port, signal)
    } catch (error) {
      signal.throwIfAborted()
      return networkFailure(error)
    }
  }

  async #open(text: string, options: Uint8Array, signal: AbortSignal): Promise<HostStream | HostAnswer> {
    const url = URL.parse(text)
    if (url === null) return refused('parameter')
    if (url.protocol !== TCP_SCHEME) {
      const verdict = this.#run.gate.decide({ kind: 'driver', url })
      return verdict.isAllowed ? await this.#components.drivers.open(url, options, signal) : denied(verdict)
    }
    const isBare = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
    return isBare && /^\/?$/.test(url.pathname) ? await this.#connect(url.host, signal) : refused('parameter')
  }

  async #poll(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    const { limits, clock } = this.#run
    // the answer comes before the call's own deadline, which would be an error
    const timeoutMs = Math.min(integerField(call, 'timeoutMs', 0, HANDLE_MAX), Math.floor(limits.deadlineMs / 2))
    const reads = this.#named(integersField(call, 'reads', POLLED_MAX))
    const writes = this.#named(integersField(call, 'writes', POLLED_MAX))
    if (reads === undefined || writes === undefined) return refused('bad-handle')
    return await pollStreams({ reads, writes, timeoutMs }, clock, signal)
  }

  #named(handles: readonly number[]): ReadonlyMap<number, HostStream> | undefined {
    const named = new Map<number, HostStream>()
    for (const handle of handles) {
      const stream = this.#streams.get(handle)
      if (stream === undefined) return undefined
      named.set(handle, stream)
    }
    return named
  }
}

async function openFirst(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<TcpConnection | HostAnswer> {
  let failure: HostAnswer = refused('failed')
  for (const address of addresses) {
    try {
      return await TcpConnection.open(address, port, signal)
    } catch (error) {
      signal.throwIfAborted()
      failure = networkFailure(error)
    }
  }
  return failure
}

function denied(verdict: Verdict): HostAnswer {
  return refused('denied', verdict.isAllowed ? {} : { missing: verdict.missing })
}
