/** Something that tells when it may have changed. */
export interface Changing {
  /** Calls back at every change. @returns what ends it */
  onChange(listener: () => void): () => void
}

/** Waits until one of `sources` tells of a change. Rejects with the signal's reason. */
export async function nextChange(sources: readonly Changing[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const ends = sources.map((source) => source.onChange(resolve))
  try {
    await promise
  } finally {
    for (const end of ends) end()
    signal.removeEventListener('abort', abort)
  }
}
