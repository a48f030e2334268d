import type { ExitKind } from '@blockless/core'
import { PAGES_PREPARED } from '../limits.ts'
import { decodeProgram, encodeProgramHead, type Program, programParts } from '../module/program.ts'

/**
 * The messages between a node and its executor, and their bytes; both sides and the guests' threads share this file.
 *
 * A frame is `size u32 | type u8 | id u32 | payload`, little-endian, `size` counting what follows it. Whoever reads
 * frames bounds them; the host trusts nothing that the executor sends.
 */
export const HOST_FRAME = { prepare: 1, run: 2, cancel: 3, evict: 4, ping: 5, answer: 6 } as const
/** Types of frames that the executor sends. */
export const EXECUTOR_FRAME = { ready: 1, prepared: 2, failed: 3, done: 4, pong: 5, call: 6 } as const

/** Bytes before a frame's payload. */
export const FRAME_HEAD_SIZE = 9

/** Exit kinds by their number in frames; the order of `EXIT_KINDS`, which executors do not load. */
export const EXIT_KIND_CODES: readonly ExitKind[] = [
  'exit',
  'out-of-fuel',
  'memory-limit',
  'output-limit',
  'stack-overflow',
  'unreachable',
  'memory-out-of-bounds',
  'table-out-of-bounds',
  'indirect-call-null',
  'indirect-call-type',
  'integer-overflow',
  'divide-by-zero',
  'invalid-conversion',
  'null-reference',
  'unaligned-atomic',
  'uncaught-exception',
  'call-limit',
]

/** A frame as it was read; the payload is a view into the reader's buffer. */
export interface Frame {
  readonly type: number
  readonly id: number
  readonly payload: Uint8Array
}

/** A new frame with room for its payload, which starts at {@link FRAME_HEAD_SIZE}. */
export function createFrame(type: number, id: number, payloadSize: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEAD_SIZE + payloadSize)
  const view = new DataView(frame.buffer)
  view.setUint32(0, FRAME_HEAD_SIZE - 4 + payloadSize, true)
  view.setUint8(4, type)
  view.setUint32(5, id, true)
  return frame
}

/** What comes first in a program's payload: its number, the pages to compile it for, and the size of its own head. */
const PREPARE_HEAD_SIZE = 12

/** The parts of a frame that hands over a program under the frame's own number. */
export function createPrepareFrame(id: number, program: Program): readonly Uint8Array[] {
  const names = encodeProgramHead(program)
  const parts = programParts(program)
  const head = createFrame(HOST_FRAME.prepare, id, PREPARE_HEAD_SIZE)
  const view = new DataView(head.buffer)
  const size = parts.reduce((sum, part) => sum + part.length, names.length)
  view.setUint32(0, view.getUint32(0, true) + size, true)
  view.setUint32(FRAME_HEAD_SIZE, id, true)
  view.setUint32(FRAME_HEAD_SIZE + 4, PAGES_PREPARED, true)
  view.setUint32(FRAME_HEAD_SIZE + 8, names.length, true)
  return [head, names, ...parts]
}

/** What such a frame's payload says; the program's bytes are copied. */
export function readPreparePayload(payload: Uint8Array): {
  readonly module: number
  readonly memoryPages: number
  readonly program: Program
} {
  const view = new DataView(payload.buffer, payload.byteOffset, PREPARE_HEAD_SIZE)
  const bytesAt = PREPARE_HEAD_SIZE + view.getUint32(8, true)
  const program = decodeProgram(payload.subarray(PREPARE_HEAD_SIZE, bytesAt), payload.subarray(bytesAt))
  return { module: view.getUint32(0, true), memoryPages: view.getUint32(4, true), program }
}

/** The beginning of a frame about a run's host call number `sequence`; the call's or answer's bytes follow it. */
export function createCallHead(type: number, id: number, sequence: number, size: number): Uint8Array<ArrayBuffer> {
  const head = createFrame(type, id, 4)
  const view = new DataView(head.buffer)
  view.setUint32(0, view.getUint32(0, true) + size, true)
  view.setUint32(FRAME_HEAD_SIZE, sequence, true)
  return head
}

/** The number of a host call and what follows it in a payload. @throws {RangeError} if the payload is too short */
export function readCallPayload(payload: Uint8Array): { readonly sequence: number; readonly bytes: Uint8Array } {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  return { sequence: view.getUint32(0, true), bytes: payload.subarray(4) }
}

/** A frame around a JSON value; for what is said once per module, never once per run. */
export function createJsonFrame(type: number, id: number, value: unknown): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(value))
  const frame = createFrame(type, id, text.length)
  frame.set(text, FRAME_HEAD_SIZE)
  return frame
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  readonly #frameSizeMax: number
  #pending: Uint8Array = new Uint8Array()
  #pendingSize = 0

  /** @param frameSizeMax - bytes of a frame without its size field */
  constructor(frameSizeMax: number) {
    this.#frameSizeMax = frameSizeMax
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @returns complete frames; their payloads may be views of `chunk`
   * @throws {RangeError} if a frame is larger than allowed or shorter than its head
   */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = []
    let rest = chunk
    if (this.#pendingSize > 0) {
      const taken = this.#fill(rest)
      rest = rest.subarray(taken)
      const size = this.#wantedSize()
      if (size === undefined || this.#pendingSize < size) return frames
      frames.push(frameOf(this.#pending, 0))
      this.#pending = new Uint8Array()
      this.#pendingSize = 0
    }
    let at = 0
    while (rest.length - at >= 4) {
      const size = 4 + this.#sizeAt(rest, at)
      if (rest.length - at < size) break
      frames.push(frameOf(rest, at))
      at += size
    }
    if (at < rest.length) this.#fill(rest.subarray(at))
    return frames
  }

  /** Moves bytes to the pending frame until it is whole; its buffer is made at its full size, so nothing is copied twice. */
  #fill(bytes: Uint8Array): number {
    let taken = 0
    if (this.#pendingSize < 4) {
      if (this.#pending.length < 4) this.#pending = new Uint8Array(4)
      taken = this.#append(bytes, 4)
      if (this.#pendingSize < 4) return taken
    }
    const size = 4 + this.#sizeAt(this.#pending, 0)
    if (this.#pending.length < size) {
      const whole = new Uint8Array(size)
      whole.set(this.#pending.subarray(0, this.#pendingSize))
      this.#pending = whole
    }
    return taken + this.#append(bytes.subarray(taken), size)
  }

  #append(bytes: Uint8Array, untilSize: number): number {
    const part = bytes.subarray(0, untilSize - this.#pendingSize)
    this.#pending.set(part, this.#pendingSize)
    this.#pendingSize += part.length
    return part.length
  }

  #wantedSize(): number | undefined {
    return this.#pendingSize < 4 ? undefined : 4 + this.#sizeAt(this.#pending, 0)
  }

  #sizeAt(bytes: Uint8Array, at: number): number {
    const size = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true)
    if (size < FRAME_HEAD_SIZE - 4 || size > this.#frameSizeMax) {
      throw new RangeError(`Cannot read frame: ${size} bytes announced, 5 to ${this.#frameSizeMax} are allowed`)
    }
    return size
  }
}

function frameOf(bytes: Uint8Array, at: number): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEAD_SIZE)
  const end = at + 4 + view.getUint32(0, true)
  // A plain array, as a chunk is a Buffer and a Buffer's slice() shares its bytes where an array's copies them.
  const size = end - at - FRAME_HEAD_SIZE
  const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + at + FRAME_HEAD_SIZE, size)
  return { type: view.getUint8(4), id: view.getUint32(5, true), payload }
}
