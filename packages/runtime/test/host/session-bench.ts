import { type Clock, silentLogger, systemClock } from '@blockless/core'
import { HOST_CALL_DEFAULTS } from '../../src/defaults.ts'
import type { Fields, HostAnswer } from '../../src/host-call/host-call.ts'
import type { HostCallLimits, HostFamily } from '../../src/host-call/host-family.ts'
import type { Action, Gate, Verdict } from '../../src/policy/gate.ts'

/** A gate that lets pass what `isAllowed` says, and remembers what it was asked. */
export class RecordingGate implements Gate {
  readonly actions: Action[] = []
  readonly #isAllowed: (action: Action) => boolean
  readonly #isLoopbackAllowed: boolean

  constructor(isAllowed: (action: Action) => boolean = () => true, isLoopbackAllowed = true) {
    this.#isAllowed = isAllowed
    this.#isLoopbackAllowed = isLoopbackAllowed
  }

  decide(action: Action): Verdict {
    this.actions.push(action)
    return this.#isAllowed(action) ? { isAllowed: true } : { isAllowed: false, missing: `a rule for ${action.kind}` }
  }

  decideAddress(address: string): Verdict {
    if (this.#isLoopbackAllowed && address === '127.0.0.1') return { isAllowed: true }
    return { isAllowed: false, missing: 'the address' }
  }
}

/** What a test says of a session. */
export interface BenchOptions {
  readonly gate?: Gate
  readonly functionCid?: string
  readonly limits?: Partial<HostCallLimits>
  readonly clock?: Clock
}

/** One run's session in a family, with what a test does to it. */
export interface SessionBench extends AsyncDisposable {
  readonly call: (name: string, fields?: Fields, bytes?: Uint8Array, signal?: AbortSignal) => Promise<HostAnswer>
  /** Everything behind a handle, read in pieces of `size`. */
  readonly readAll: (name: string, handle: unknown, size?: number) => Promise<Uint8Array>
  /** Ends the run. */
  readonly abort: () => void
}

/** Opens a session as a run would. */
export function openSession(family: HostFamily, options: BenchOptions = {}): SessionBench {
  const { gate = new RecordingGate(), functionCid = 'bafyfunction', clock = systemClock } = options
  const over = new AbortController()
  const limits = { ...HOST_CALL_DEFAULTS, ...options.limits }
  const session = family.open({ functionCid, gate, limits, clock, log: silentLogger, signal: over.signal })
  const call: SessionBench['call'] = (name, fields = {}, bytes = new Uint8Array(), signal = over.signal) =>
    session.call({ name, fields, bytes }, AbortSignal.any([over.signal, signal]))
  return {
    call,
    abort: () => over.abort(new Error('the run is over')),
    readAll: async (name, handle, size = 4096) => {
      const parts: Uint8Array[] = []
      for (;;) {
        const answer = await call(name, { handle: Number(handle), size })
        if (answer.status !== 'ok') throw new Error(`reading ended with "${answer.status}"`)
        if (answer.bytes.length === 0) return Buffer.concat(parts)
        parts.push(answer.bytes)
      }
    },
    async [Symbol.asyncDispose]() {
      over.abort()
      await session.close()
    },
  }
}
