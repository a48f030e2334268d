import type { Mount } from '../fs/mount.ts'
import { decodeMounts, encodeMounts } from '../fs/mount-bytes.ts'
import type { TextTable } from '../guest/text-table.ts'
import { createFrame, EXECUTOR_FRAME, FRAME_HEAD_SIZE, HOST_FRAME } from './protocol.ts'

/** A run as it travels to the executor; the clock, randomness and inputs are those of the request. */
export interface RunOrder {
  readonly module: number
  readonly memoryPages: number
  readonly deadlineMs: number
  /** Whether its host functions may wait for the world outside, so that it runs on a stack of its own. */
  readonly waits: boolean
  /** Whether clocks tell the machine's time, which the host is asked for, and sleeping takes it. */
  readonly hasRealClock: boolean
  /** Whether to tell where its fuel went. */
  readonly isProfiled: boolean
  readonly outputBytes: number
  readonly fuel: number
  readonly timestampMs: number
  readonly seed: Uint8Array
  readonly args: TextTable
  readonly env: TextTable
  readonly entry: string
  readonly stdin: Uint8Array
  readonly mounts: readonly Mount[]
}

const ORDER_HEAD_SIZE = 96
const SEED_SIZE = 32
/** Bits of the word of flags. */
const WAITS = 1
const HAS_REAL_CLOCK = 2
const IS_PROFILED = 4

/** The frame of a run: numbers at fixed places, then arguments, environment, entry, stdin and mounts. */
export function encodeRunOrder(id: number, order: RunOrder): Uint8Array<ArrayBuffer> {
  const entry = new TextEncoder().encode(order.entry)
  const mounts = encodeMounts(order.mounts)
  const parts = [order.args.bytes, order.env.bytes, entry, order.stdin, mounts]
  const size = parts.reduce((sum, part) => sum + part.length, ORDER_HEAD_SIZE)
  const frame = createFrame(HOST_FRAME.run, id, size)
  const view = new DataView(frame.buffer, FRAME_HEAD_SIZE)
  view.setUint32(0, order.module, true)
  view.setUint32(4, order.memoryPages, true)
  view.setUint32(8, order.deadlineMs, true)
  view.setUint32(12, order.outputBytes, true)
  view.setFloat64(16, order.fuel, true)
  view.setFloat64(24, order.timestampMs, true)
  frame.set(order.seed, FRAME_HEAD_SIZE + 32)
  view.setUint32(64, order.args.count, true)
  view.setUint32(68, order.args.bytes.length, true)
  view.setUint32(72, order.env.count, true)
  view.setUint32(76, order.env.bytes.length, true)
  view.setUint32(80, entry.length, true)
  view.setUint32(84, order.stdin.length, true)
  view.setUint32(88, flagsOf(order), true)
  view.setUint32(92, mounts.length, true)
  let at = FRAME_HEAD_SIZE + ORDER_HEAD_SIZE
  for (const part of parts) {
    frame.set(part, at)
    at += part.length
  }
  return frame
}

function flagsOf({ waits, hasRealClock, isProfiled }: RunOrder): number {
  return (waits ? WAITS : 0) | (hasRealClock ? HAS_REAL_CLOCK : 0) | (isProfiled ? IS_PROFILED : 0)
}

/** What the executor's main thread needs of a run; the rest is for the guest's thread. */
export function readOrderHead(
  payload: Uint8Array,
): Pick<RunOrder, 'module' | 'memoryPages' | 'deadlineMs' | 'waits' | 'isProfiled'> {
  const view = new DataView(payload.buffer, payload.byteOffset, ORDER_HEAD_SIZE)
  return {
    module: view.getUint32(0, true),
    memoryPages: view.getUint32(4, true),
    deadlineMs: view.getUint32(8, true),
    waits: (view.getUint32(88, true) & WAITS) !== 0,
    isProfiled: (view.getUint32(88, true) & IS_PROFILED) !== 0,
  }
}

/** The run of a frame's payload; its arrays are views into it. */
export function decodeRunOrder(payload: Uint8Array): RunOrder {
  const view = new DataView(payload.buffer, payload.byteOffset, ORDER_HEAD_SIZE)
  let at = ORDER_HEAD_SIZE
  const take = (sizeAt: number): Uint8Array => {
    const part = payload.subarray(at, at + view.getUint32(sizeAt, true))
    at += part.length
    return part
  }
  const args = { count: view.getUint32(64, true), bytes: take(68) }
  const env = { count: view.getUint32(72, true), bytes: take(76) }
  const entry = new TextDecoder('utf-8', { ignoreBOM: true }).decode(take(80))
  return {
    ...readOrderHead(payload),
    hasRealClock: (view.getUint32(88, true) & HAS_REAL_CLOCK) !== 0,
    outputBytes: view.getUint32(12, true),
    fuel: view.getFloat64(16, true),
    timestampMs: view.getFloat64(24, true),
    seed: payload.subarray(32, 32 + SEED_SIZE),
    args,
    env,
    entry,
    stdin: take(84),
    mounts: decodeMounts(take(92)),
  }
}

/** What a guest's thread reports; milliseconds of wall time. */
export interface RunOutcome {
  /** Index into `EXIT_KIND_CODES`. */
  readonly exitKind: number
  readonly exitCode: number
  readonly fuelUsed: number
  readonly memoryPeakBytes: number
  readonly queueMs: number
  readonly instantiateMs: number
  readonly runMs: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** Bytes of `encodeProfile`; none if it was not wanted. */
  readonly profile: Uint8Array
}

/** Bytes of an outcome's payload without the output. */
const OUTCOME_HEAD_SIZE = 60
/** Where the queue's time stands in a frame: the main thread knows it, the guest's thread does not. */
const QUEUE_MS_AT: number = FRAME_HEAD_SIZE + 24

/** The frame of an outcome. */
export function encodeOutcome(id: number, outcome: RunOutcome): Uint8Array<ArrayBuffer> {
  const parts = [outcome.stdout, outcome.stderr, outcome.profile]
  const size = parts.reduce((sum, part) => sum + part.length, OUTCOME_HEAD_SIZE)
  const frame = createFrame(EXECUTOR_FRAME.done, id, size)
  const view = new DataView(frame.buffer, FRAME_HEAD_SIZE)
  view.setUint32(0, outcome.exitKind, true)
  view.setUint32(4, outcome.exitCode, true)
  view.setFloat64(8, outcome.fuelUsed, true)
  view.setFloat64(16, outcome.memoryPeakBytes, true)
  view.setFloat64(24, outcome.queueMs, true)
  view.setFloat64(32, outcome.instantiateMs, true)
  view.setFloat64(40, outcome.runMs, true)
  let at = OUTCOME_HEAD_SIZE
  for (const [index, part] of parts.entries()) {
    view.setUint32(48 + index * 4, part.length, true)
    frame.set(part, FRAME_HEAD_SIZE + at)
    at += part.length
  }
  return frame
}

/** Writes the time a run waited into its outcome's frame. */
export function setQueueMs(frame: Uint8Array, queueMs: number): void {
  new DataView(frame.buffer, frame.byteOffset).setFloat64(QUEUE_MS_AT, queueMs, true)
}

/**
 * The outcome in a frame's payload, its output copied, as the payload is a view of a larger buffer.
 *
 * @throws {RangeError} if the sizes do not add up
 */
export function decodeOutcome(payload: Uint8Array): RunOutcome {
  if (payload.length < OUTCOME_HEAD_SIZE) throw new RangeError(`Cannot read outcome: it has ${payload.length} bytes`)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const stderrAt = OUTCOME_HEAD_SIZE + view.getUint32(48, true)
  const profileAt = stderrAt + view.getUint32(52, true)
  if (profileAt + view.getUint32(56, true) !== payload.length) {
    throw new RangeError('Cannot read outcome: its parts do not add up to its size')
  }
  return {
    exitKind: view.getUint32(0, true),
    exitCode: view.getUint32(4, true),
    fuelUsed: view.getFloat64(8, true),
    memoryPeakBytes: view.getFloat64(16, true),
    queueMs: view.getFloat64(24, true),
    instantiateMs: view.getFloat64(32, true),
    runMs: view.getFloat64(40, true),
    stdout: payload.slice(OUTCOME_HEAD_SIZE, stderrAt),
    stderr: payload.slice(stderrAt, profileAt),
    profile: payload.slice(profileAt),
  }
}
