import { availableParallelism } from 'node:os'

/** How an executor is set up unless its owner says otherwise. */
export const DEFAULTS: Readonly<
  Record<'threads' | 'moduleCacheBytesMax' | 'heapMegabytesMax' | 'threadHeapMegabytesMax' | 'queueMax', number>
> = {
  /** Guests at once: one per core, as guests compute and never wait. */
  threads: availableParallelism(),
  /** 256 MiB of module bytes, about 1 GiB compiled: hundreds of functions. */
  moduleCacheBytesMax: 268_435_456,
  /** JavaScript heap of the executor, in megabytes: it holds frames and modules' bytes for a moment. */
  heapMegabytesMax: 512,
  /** JavaScript heap of each thread, in megabytes: reading a module of 64 MiB takes most of it. */
  threadHeapMegabytesMax: 256,
  /** Runs that wait for a thread; at a millisecond each, the last one waits less than a second. */
  queueMax: 512,
}
