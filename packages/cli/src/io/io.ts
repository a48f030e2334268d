/** A stream that a command writes to. */
export interface Sink {
  readonly isTty: boolean
  /** Width in characters; 80 if it is not known. */
  readonly columns: number
  /** The stream itself, for what draws on a terminal. */
  readonly stream?: NodeJS.WritableStream
  write(chunk: string | Uint8Array): void
}

/** Everything that a command sees of the world; tests pass their own and run commands without a process. */
export interface Io {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTty: boolean }
  /** Whether a person watches: stdout and stderr are terminals. */
  readonly isTty: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute. */
  readonly cwd: string
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal
  /** Milliseconds since the Unix epoch. */
  now(): number
}
