/** What a worker runs. */
export interface WorkerTask {
  readonly targetUrl: string
  readonly corpus: string | undefined
  readonly seed: number
  /** cases `[first, end)` */
  readonly first: number
  readonly end: number
  /** three words: the case that runs, 1 to ask for an end, and 1 while the input is made */
  readonly progress: SharedArrayBuffer
}

/** What a worker says. */
export type FromWorker =
  | { readonly kind: 'counts' | 'done'; readonly counts: Readonly<Record<string, number>>; readonly slowestMs: number }
  | { readonly kind: 'failed'; readonly index: number; readonly input: Uint8Array; readonly problem: string }
