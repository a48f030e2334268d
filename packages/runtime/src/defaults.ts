import { availableParallelism, totalmem } from 'node:os'
import type { HostCallLimits } from './host-call/host-family.ts'
import { HOST_CALL_SIZE_MAX } from './limits.ts'

/** How an executor is set up unless its owner says otherwise. */
export const DEFAULTS: Readonly<
  Record<
    | 'threads'
    | 'moduleCacheBytesMax'
    | 'heapMegabytesMax'
    | 'threadHeapMegabytesMax'
    | 'queueMax'
    | 'guestsMax'
    | 'memoryBytesMax'
    | 'cpusMax',
    number
  >
> = {
  /** Guests that compute at once: one per core. */
  threads: availableParallelism(),
  /** 256 MiB of module bytes, about 1 GiB compiled: hundreds of functions. */
  moduleCacheBytesMax: 268_435_456,
  /** JavaScript heap of the executor, in megabytes: it holds frames and modules' bytes for a moment. */
  heapMegabytesMax: 512,
  /** JavaScript heap of each thread, in megabytes: reading a module of 64 MiB takes most of it. */
  threadHeapMegabytesMax: 256,
  /** Runs that wait for a thread; at a millisecond each, the last one waits less than a second. */
  queueMax: 512,
  /** Runs at once, with those that wait for a host call and need no thread: each takes at least its instance's memory. */
  guestsMax: 4096,
  /** Three quarters of the machine: beyond that the kernel would end something else. */
  memoryBytesMax: Math.floor(totalmem() * 0.75),
  cpusMax: availableParallelism(),
}

/** What host calls of a run may use unless its owner says otherwise. */
export const HOST_CALL_DEFAULTS: HostCallLimits = {
  /** At 0.1 ms each, a second of a node's time. */
  callsMax: 10_000,
  bytesMax: HOST_CALL_SIZE_MAX,
  /** As much as may come in. */
  sentBytesMax: 134_217_728,
  /** 128 MiB: the memory that a run has unless it says otherwise. */
  totalBytesMax: 134_217_728,
  /** 30 s, the usual patience of HTTP clients. */
  deadlineMs: 30_000,
  /** Connections of a run in one family: what a browser has open, several times over. */
  handlesMax: 256,
}
