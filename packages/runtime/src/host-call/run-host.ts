import { type Clock, equalBytes, type Logger, sha256, type Transcript, type TranscriptEntry } from '@blockless/core'
import type { Awaitable } from '../awaitable.ts'
import { HOST_CALL_DEFAULTS } from '../defaults.ts'
import type { Gate } from '../policy/gate.ts'
import { RuntimeError } from '../runtime-error.ts'
import { CALLS_LIMIT, decodeCall, encodeAnswer, type HostAnswer, type HostCall, refused } from './host-call.ts'
import type { HostCallLimits, HostFamily, HostSession } from './host-family.ts'

/** Collaborators of a {@link RunHost}. */
export interface RunHostComponents {
  /** Host calls that this node serves. */
  readonly families: readonly HostFamily[]
  readonly clock: Clock
  readonly log: Logger
}

/** Configures a {@link RunHost}. */
export interface RunHostInit {
  readonly functionCid: string
  /** What the run may reach. */
  readonly gate: Gate
  /** What is left out is in `HOST_CALL_DEFAULTS`. */
  readonly limits?: Partial<HostCallLimits>
  /** Answers all calls from this record instead of the world; a call that is not in it ends the run with an error. */
  readonly replay?: Transcript
}

/**
 * The world outside as one run sees it: performs its calls, one after the other, and keeps what came back.
 *
 * A run may be begun again: after a trap to count its fuel exactly, when its thread had to be replaced, or by its owner
 * when the executor broke. It then makes the same calls, and is given the same answers without anything being done twice.
 * Whoever makes it closes it.
 */
export class RunHost implements AsyncDisposable {
  readonly #components: RunHostComponents
  readonly #init: RunHostInit
  readonly #limits: HostCallLimits
  readonly #entries: TranscriptEntry[] = []
  readonly #sessions = new Map<string, HostSession>()
  readonly #over = new AbortController()
  /** The answer when there is no room for one; the same bytes each time, as a run may go on asking. */
  readonly #full: Uint8Array
  #sentBytes = 0
  #answeredBytes = 0
  #current:
    | { readonly sequence: number; readonly callHash: Uint8Array; readonly answer: Promise<Uint8Array> }
    | undefined

  constructor(components: RunHostComponents, init: RunHostInit) {
    this.#components = components
    this.#init = init
    this.#limits = { ...HOST_CALL_DEFAULTS, ...init.limits }
    this.#full = encodeAnswer(refused('limit', { name: 'totalBytesMax', max: this.#limits.totalBytesMax }))
  }

  /** Whether the guest waits for an answer, and so needs no thread. */
  get isAsked(): boolean {
    return this.#current !== undefined
  }

  /** Bytes of the calls that were performed. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** What the world has told this run so far. */
  get transcript(): Transcript {
    return [...this.#entries]
  }

  /**
   * Answers the run's call number `sequence`.
   *
   * @param call - as the executor sent it
   * @returns the answer's bytes
   * @throws {RuntimeError} `ERR_REPLAY_DIVERGED` if a replayed run asks what its record does not have
   * `ERR_HOST_CALL` if the node cannot serve the call
   * `ERR_ABORTED` after `close()`
   * @throws {TypeError | RangeError | SyntaxError} if no honest executor would send this
   */
  async answer(sequence: number, call: Uint8Array): Promise<Uint8Array> {
    // whatever a family opened now, nobody would close
    if (this.#over.signal.aborted) throw new RuntimeError({ code: 'ERR_ABORTED' })
    const callHash = sha256(call)
    const known = this.#known(sequence)
    if (known !== undefined) {
      if (!equalBytes(known.callHash, callHash)) this.#diverged(sequence, call, 'it is not the call that was made then')
      return await known.answer
    }
    if (this.#init.replay !== undefined) this.#diverged(sequence, call, 'the record ends before it')
    // a guest that was told that it may make no more calls has ended
    const isPossible = sequence === this.#entries.length && sequence <= this.#limits.callsMax
    if (!isPossible || this.#current !== undefined) {
      throw new RangeError(`Cannot answer host call ${sequence}: the run is at ${this.#entries.length}`)
    }
    const answer = this.#perform(decodeCall(call), call.length).then((outcome) => {
      const bytes = this.#bounded(outcome)
      this.#entries.push({ callHash, answer: bytes })
      this.#current = undefined
      return bytes
    })
    this.#current = { sequence, callHash, answer }
    return await answer
  }

  /** Ends what the run still has open. */
  async close(): Promise<void> {
    this.#over.abort()
    const sessions = [...this.#sessions.values()]
    this.#sessions.clear()
    for (const result of await Promise.allSettled(sessions.map(async (session) => await session.close()))) {
      if (result.status === 'rejected') {
        this.#components.log.error('host session did not close', { why: String(result.reason) })
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #known(sequence: number): { callHash: Uint8Array; answer: Awaitable<Uint8Array> } | undefined {
    if (this.#current?.sequence === sequence) return this.#current
    const recorded = this.#init.replay?.[sequence]
    if (recorded !== undefined && sequence === this.#entries.length) this.#entries.push(recorded)
    return this.#entries[sequence]
  }

  #diverged(sequence: number, call: Uint8Array, why: string): never {
    throw new RuntimeError({ code: 'ERR_REPLAY_DIVERGED', sequence, name: decodeCall(call).name, why })
  }

  async #perform(call: HostCall, size: number): Promise<HostAnswer> {
    const { callsMax, bytesMax, sentBytesMax, deadlineMs } = this.#limits
    if (this.#entries.length >= callsMax) return refused('limit', { name: CALLS_LIMIT, max: callsMax })
    if (size > bytesMax) return refused('limit', { name: 'bytesMax', max: bytesMax })
    this.#sentBytes += size
    if (this.#sentBytes > sentBytesMax) return refused('limit', { name: 'sentBytesMax', max: sentBytesMax })
    const session = this.#openSession(call.name)
    if (session === undefined) return refused('unavailable', { missing: `the operator offers no ${call.name}` })
    const deadline = new AbortController()
    const cancelTimer = this.#components.clock.schedule(deadlineMs, () => deadline.abort(new Error('deadline')))
    const signal = AbortSignal.any([deadline.signal, this.#over.signal])
    try {
      return await session.call(call, signal)
    } catch (error) {
      if (deadline.signal.aborted && !this.#over.signal.aborted) return refused('timeout', { deadlineMs })
      throw unserved(call.name, error)
    } finally {
      cancelTimer()
    }
  }

  /** The bytes of an answer, fields and all: names and headers are kept until the run ends as bodies are. */
  #bounded(answer: HostAnswer): Uint8Array {
    const { bytesMax, totalBytesMax } = this.#limits
    const isTooLarge = answer.bytes.length > bytesMax
    const bytes = encodeAnswer(isTooLarge ? refused('limit', { name: 'bytesMax', max: bytesMax }) : answer)
    if (this.#answeredBytes + bytes.length > totalBytesMax) return this.#full
    this.#answeredBytes += bytes.length
    return bytes
  }

  #openSession(name: string): HostSession | undefined {
    try {
      return this.#sessionOf(name)
    } catch (error) {
      throw unserved(name, error)
    }
  }

  #sessionOf(name: string): HostSession | undefined {
    const family = name.slice(0, Math.max(0, name.indexOf('.')))
    const open = this.#sessions.get(family)
    if (open !== undefined) return open
    const { gate, functionCid } = this.#init
    const { clock, log, families } = this.#components
    const run = { functionCid, gate, limits: this.#limits, clock, log, signal: this.#over.signal }
    const session = families.find((other) => other.name === family)?.open(run)
    if (session !== undefined) this.#sessions.set(family, session)
    return session
  }
}

function unserved(name: string, error: unknown): RuntimeError {
  const why = error instanceof Error ? error.message : String(error)
  return new RuntimeError({ code: 'ERR_HOST_CALL', name, why }, { cause: error })
}
