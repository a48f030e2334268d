/** The time, as a component: code that decides never reads a clock of its own, so a seed replays it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, for what other machines will read. */
  now(): number
  /** Milliseconds from an arbitrary start that never goes back, for durations. */
  monotonic(): number
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `task` once after `ms`, unless the returned function is called before. */
  schedule(ms: number, task: () => void): () => void
}

/** Randomness, as a component. */
export interface Random {
  /** A fresh array of `size` uniformly random bytes. */
  bytes(size: number): Uint8Array
}

/** Structured facts that go with a log message; never secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined | readonly string[]>>

/** A constant message with structured fields. error: someone must act; warn: may soon; info: rare change; debug: diagnosis. */
export interface Logger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
}

/** A logger that drops everything. */
export const silentLogger: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, signal),
  schedule: (ms, task) => {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}

/** The machine's source of cryptographic randomness. */
export const systemRandom: Random = { bytes: (size) => crypto.getRandomValues(new Uint8Array(size)) }

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const abort = (): void => reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
