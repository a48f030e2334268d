/** What an executor process is told on its command line, as JSON. */
export interface ExecutorProcessInit {
  /** Guests that run at once, `>= 1`. */
  readonly threads: number
  /** Memory of guests that wait for host calls, in bytes: while it is more, no run begins that could wait too. */
  readonly parkedBytesMax: number
  /** JavaScript heap of each thread; guests' memories are not in it. */
  readonly threadHeapMegabytesMax: number
  /**
   * What the thread that reads modules loads under these names, as file URLs: `@blockless/wasm`, and of
   * `@blockless/core` only its errors, as the rest has dependencies that a sandbox should not hold.
   */
  readonly packages: Readonly<Record<'@blockless/wasm' | '@blockless/core', string>>
}
