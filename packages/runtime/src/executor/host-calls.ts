import type { RunHost } from '../host-call/run-host.ts'
import { RuntimeError } from '../runtime-error.ts'
import { createCallHead, HOST_FRAME, readCallPayload } from './protocol.ts'

/** What becomes of a host call's frame. */
export interface HostCallEvents {
  /** The parts of a frame for the executor. */
  answered(parts: readonly Uint8Array[]): void
  /** The run cannot go on. */
  failed(id: number, error: RuntimeError): void
  /** No honest executor would have sent this. */
  misbehaved(error: unknown): void
}

/** The runs of an executor and the world as each sees it, by the number of the run. */
export class HostCalls {
  readonly #events: HostCallEvents
  readonly #hosts = new Map<number, RunHost>()

  constructor(events: HostCallEvents) {
    this.#events = events
  }

  /** Runs that wait for an answer and so need no thread. */
  get askedCount(): number {
    let count = 0
    for (const host of this.#hosts.values()) if (host.isAsked) count++
    return count
  }

  /** Whether a run waits for an answer: then it cannot be done. */
  isAsked(id: number): boolean {
    return this.#hosts.get(id)?.isAsked === true
  }

  /** Lets a run make calls. */
  begin(id: number, host: RunHost): void {
    this.#hosts.set(id, host)
  }

  /** Calls that are still under way are answered to nobody. */
  end(id: number): void {
    this.#hosts.delete(id)
  }

  /** Serves the frame of a host call; runs that are over get no answer. */
  async serve(id: number, payload: Uint8Array): Promise<void> {
    const host = this.#hosts.get(id)
    if (host === undefined) return
    try {
      const { sequence, bytes } = readCallPayload(payload)
      // the payload is a view into a buffer that is gone by the time of the answer
      const answer = await host.answer(sequence, bytes.slice())
      if (this.#hosts.get(id) !== host) return
      this.#events.answered([createCallHead(HOST_FRAME.answer, id, sequence, answer.length), answer])
    } catch (error) {
      if (this.#hosts.get(id) !== host) return
      if (error instanceof RuntimeError) this.#events.failed(id, error)
      else this.#events.misbehaved(error)
    }
  }
}
