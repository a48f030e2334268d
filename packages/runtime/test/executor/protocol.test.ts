import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFrame, FRAME_HEAD_SIZE, FrameReader } from '../../src/executor/protocol.ts'
import {
  decodeOutcome,
  decodeRunOrder,
  encodeOutcome,
  encodeRunOrder,
  type RunOrder,
  readOrderHead,
} from '../../src/executor/run-frames.ts'
import { encodeTextTable } from '../../src/guest/text-table.ts'

const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })
const cuts = fc.array(fc.integer({ min: 1, max: 13 }), { minLength: 1, maxLength: 20 })

test('FrameReader gives back frames however the stream is cut', () => {
  const roundTrip = (list: readonly Uint8Array[], sizes: readonly number[]): void => {
    const stream = new Uint8Array(
      list.flatMap((payload, index) => {
        const frame = createFrame(index + 1, index * 1000, payload.length)
        frame.set(payload, FRAME_HEAD_SIZE)
        return [...frame]
      }),
    )
    const reader = new FrameReader(64)
    const found: { type: number; id: number; payload: number[] }[] = []
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1
      for (const { type, id, payload } of reader.push(stream.slice(at, at + size))) {
        found.push({ type, id, payload: [...payload] })
      }
      at += size
    }
    const expected = list.map((payload, index) => ({ type: index + 1, id: index * 1000, payload: [...payload] }))
    assert.deepEqual(found, expected)
  }
  fc.assert(fc.property(payloads, cuts, roundTrip))
})

for (const { name, size } of [
  { name: 'larger than allowed', size: 65 },
  { name: 'shorter than its head', size: 4 },
]) {
  test(`FrameReader refuses a frame that is ${name}`, () => {
    const head = new Uint8Array(4)
    new DataView(head.buffer).setUint32(0, size, true)
    assert.throws(() => new FrameReader(64).push(head), RangeError)
  })
}

test('a run comes out of its frame as it went in', () => {
  const order: RunOrder = {
    module: 3,
    memoryPages: 65_536,
    deadlineMs: 900_000,
    waits: true,
    hasRealClock: true,
    isProfiled: true,
    outputBytes: 4_194_304,
    fuel: Number.MAX_SAFE_INTEGER,
    timestampMs: 8_640_000_000_000_000,
    seed: new Uint8Array(32).fill(5),
    args: encodeTextTable(['name', '', 'ä']),
    env: encodeTextTable(['A=1']),
    entry: 'entry ✓',
    stdin: new Uint8Array([0, 255]),
    mounts: [
      { kind: 'memory', path: '/', files: new Uint8Array([1, 2]) },
      { kind: 'memory', path: '/tmp' },
      { kind: 'memory', path: '/ö', files: new Uint8Array([3]), isReadOnly: true },
    ],
  }
  const payload = encodeRunOrder(1, order).subarray(FRAME_HEAD_SIZE)
  assert.deepEqual(decodeRunOrder(payload), order)
  const head = { module: 3, memoryPages: 65_536, deadlineMs: 900_000, waits: true, isProfiled: true }
  assert.deepEqual(readOrderHead(payload), head)
})

const outcome = {
  exitKind: 2,
  exitCode: 0xffff_ffff,
  fuelUsed: 1,
  memoryPeakBytes: 4_294_967_296,
  queueMs: 0.5,
  instantiateMs: 1,
  runMs: 2,
  stdout: new Uint8Array([1, 2]),
  stderr: new Uint8Array([3]),
  profile: new Uint8Array([4, 5]),
}

test('an outcome comes out of its frame as it went in', () => {
  assert.deepEqual(decodeOutcome(encodeOutcome(1, outcome).subarray(FRAME_HEAD_SIZE)), outcome)
})

test('decodeOutcome() refuses parts that do not add up', () => {
  const payload = encodeOutcome(1, outcome).subarray(FRAME_HEAD_SIZE)
  assert.throws(() => decodeOutcome(payload.subarray(0, 20)), RangeError)
  assert.throws(() => decodeOutcome(payload.subarray(0, payload.length - 1)), RangeError)
})

test("FrameReader gives plain arrays, as a Buffer's slice() would share the pool that runs are then moved out of", () => {
  const [frame] = new FrameReader(64).push(Buffer.from(createFrame(1, 1, 3)))
  assert.equal(frame?.payload.constructor, Uint8Array)
  assert.equal(frame?.payload.slice().buffer.byteLength, 3)
})
