import { answered, type HostAnswer, refused } from '../../host-call/host-call.ts'
import { DRIVER_ERRORS } from '../../imports/driver-errors.ts'
import type { HostStream, Readiness } from '../stream/host-stream.ts'
import { DriverGone, type DriverWorker } from './driver-worker.ts'
import type { DriverReply, DriverRequest } from './worker/messages.ts'

/** Milliseconds a driver has to close a handle that its guest did not close. */
const CLOSE_MS = 1000
const NEVER_CHANGES = (): void => {}

/** A driver's handle; whether it has bytes is only known by reading, so it always counts as ready. */
export class DriverStream implements HostStream {
  readonly #worker: DriverWorker
  readonly #handle: number
  #isClosed = false

  /** @param handle - the driver's own number */
  constructor(worker: DriverWorker, handle: number) {
    this.#worker = worker
    this.#handle = handle
  }

  /** @see HostStream */
  async read(size: number, signal: AbortSignal): Promise<HostAnswer> {
    const told = await ask(this.#worker, { verb: 'read', handle: this.#handle, size }, signal)
    if ('status' in told) return told.fields['error'] === DRIVER_ERRORS.eof ? answered() : told
    return told.bytes.length <= size ? answered({}, told.bytes) : refused('failed')
  }

  /** @see HostStream */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<HostAnswer> {
    let size = 0
    while (size < bytes.length) {
      const piece = bytes.subarray(size)
      const told = await ask(this.#worker, { verb: 'write', handle: this.#handle, bytes: piece }, signal)
      // what went before an error is told first; the error comes again with the next write
      if ('status' in told) return size > 0 ? answered({ size }) : told
      if (told.value === 0) return size > 0 ? answered({ size }) : refused('failed')
      size += Math.min(told.value, piece.length)
    }
    return answered({ size })
  }

  /** @see HostStream */
  accept(): Promise<HostAnswer> {
    return Promise.resolve(refused('not-listening'))
  }

  /** @see HostStream */
  shutdown(): HostAnswer {
    return refused('not-connected')
  }

  /** @see HostStream */
  readable(): Readiness {
    return { size: 0, isEnd: false }
  }

  /** @see HostStream */
  writable(): boolean {
    return true
  }

  /** @see HostStream */
  onChange(): () => void {
    return NEVER_CHANGES
  }

  /** @see HostStream */
  async close(): Promise<void> {
    if (this.#isClosed || !this.#worker.isAlive) return
    this.#isClosed = true
    const signal = AbortSignal.timeout(CLOSE_MS)
    // a driver that does not close is ended, and then nothing is open any more
    await this.#worker.request({ verb: 'close', handle: this.#handle }, signal).catch(() => {})
  }
}

/** A driver's reply, or its refusal in the words of streams. Rejects with the signal's reason. */
export async function ask(
  worker: DriverWorker,
  request: DriverRequest,
  signal: AbortSignal,
): Promise<DriverReply | HostAnswer> {
  try {
    const reply = await worker.request(request, signal)
    return reply.error === DRIVER_ERRORS.success ? reply : refused('driver', { error: reply.error })
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof DriverGone)) throw error
    return refused('driver', { error: DRIVER_ERRORS.unknown })
  }
}
