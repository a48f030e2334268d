import { decodeAnswer, encodeCall, type HostAnswer, type HostCall } from '../../host-call/host-call.ts'
import type { HostLink } from '../../host-call/host-link.ts'
import { createCallHead, EXECUTOR_FRAME, readCallPayload } from '../protocol.ts'

/** What a link needs of its thread. */
export interface ThreadLinkEvents {
  /** A frame for the host; the guest has given up the thread. */
  asked(id: number, frame: Uint8Array<ArrayBuffer>): void
  /** The guest goes on. */
  resumed(id: number): void
}

/** One run's way to the host, from its thread. */
export class ThreadLink implements HostLink {
  readonly #events: ThreadLinkEvents
  #id = 0
  #sequence = 0
  #waiting: PromiseWithResolvers<HostAnswer> | undefined

  constructor(events: ThreadLinkEvents) {
    this.#events = events
  }

  /** Begins a run, or begins it again: its calls are numbered from 0. */
  reset(id: number): void {
    this.#id = id
    this.#sequence = 0
    this.#waiting = undefined
  }

  /** @see HostLink */
  call(call: HostCall): Promise<HostAnswer> {
    const bytes = encodeCall(call)
    const head = createCallHead(EXECUTOR_FRAME.call, this.#id, this.#sequence, bytes.length)
    const frame = new Uint8Array(head.length + bytes.length)
    frame.set(head)
    frame.set(bytes, head.length)
    this.#waiting = Promise.withResolvers<HostAnswer>()
    this.#events.asked(this.#id, frame)
    return this.#waiting.promise
  }

  /** Takes the payload of an answer's frame. */
  answer(payload: Uint8Array): void {
    const { sequence, bytes } = readCallPayload(payload)
    const waiting = this.#waiting
    // an answer that was on its way when the run had to begin again
    if (waiting === undefined || sequence !== this.#sequence) return
    this.#waiting = undefined
    this.#sequence++
    const answer = decodeAnswer(bytes)
    this.#events.resumed(this.#id)
    waiting.resolve(answer)
  }

  /** Unwinds a guest that waits, without running any of its code. @param trap - what no guest can catch */
  drop(trap: unknown): void {
    this.#waiting?.reject(trap)
    this.#waiting = undefined
  }
}
