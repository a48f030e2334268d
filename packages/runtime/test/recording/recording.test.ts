import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import {
  answered,
  CLOSED_GATE,
  createRecording,
  decodeRecording,
  denialsOf,
  type Executor,
  encodeRecording,
  findDifferences,
  type HostFamily,
  RunHost,
  type RunRequest,
  refused,
  replayedRequest,
} from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { requestOf, startExecutor } from '../run-helpers.ts'

/** Asks the host once and writes the status that it was given. */
const ASKS = `(module
  (import "blockless_ipfs" "ipfs_command" (func $ask (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\64\\00\\00\\00\\04\\00\\00\\00")
  (data (i32.const 200) "{\\"api\\":\\"files/stat\\",\\"args\\":[]}")
  (func (export "_start")
    (drop (call $ask (i32.const 200) (i32.const 31) (i32.const 300) (i32.const 100)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))))`

const ipfs: HostFamily = {
  name: 'ipfs',
  open: () => ({ call: async () => answered({ handle: 1, code: 207 }), close: async () => {} }),
}
const components = { clock: systemClock, log: silentLogger }

suite('recordings', () => {
  let executor: Executor
  let wasm: Uint8Array
  before(async () => {
    executor = await startExecutor()
    wasm = await compileWat(ASKS)
    await executor.prepare('asks', wasm)
  })
  after(async () => await executor.stop())

  const record = async (request: RunRequest = requestOf('asks')): Promise<Uint8Array> => {
    await using host = new RunHost({ families: [ipfs], ...components }, { functionCid: 'asks', gate: CLOSED_GATE })
    const report = await executor.run(request, undefined, host)
    return encodeRecording(createRecording(wasm, request, report))
  }

  test('replay a run bit for bit without the world', async () => {
    const recording = decodeRecording(await record())
    await using host = new RunHost(
      { families: [], ...components },
      { functionCid: 'asks', gate: CLOSED_GATE, replay: recording.transcript },
    )
    const request = replayedRequest(recording, { functionCid: 'asks', program: wasm, mounts: [] })
    const report = await executor.run(request, undefined, host)
    assert.deepEqual(findDifferences(recording, report), [])
    assert.equal(report.stdout[0], 207)
    assert.deepEqual(findDifferences(recording, { ...report, fuelUsed: 0, stderr: Uint8Array.of(1), transcript: [] }), [
      'stderr',
      'fuel',
      'host calls',
    ])
  })

  test('have the same bytes when the run is the same', async () => assert.deepEqual(await record(), await record()))

  test('are refused where they are damaged, and name what is wrong', async () => {
    const encoded = await record()
    for (const bytes of [new Uint8Array(), encoded.subarray(0, encoded.length - 1), Uint8Array.of(1, 2, 3)]) {
      assert.throws(() => decodeRecording(bytes), { code: 'ERR_RECORDING' })
    }
    const recording = decodeRecording(encoded)
    const other = { ...recording, request: { ...recording.request, seed: new Uint8Array(3) } }
    assert.throws(() => encodeRecording(other), /recording\.request\.seed/)
  })

  test('are replayed only with the program and the files that they were made with', async () => {
    const files = Uint8Array.of(2, 0, 0, 0, 0x5b, 0x5d)
    const request = { ...requestOf('asks'), mounts: [{ kind: 'memory', path: '/', files } as const] }
    const recording = decodeRecording(await record(request))
    const replay = (program: Uint8Array, mounts: RunRequest['mounts'] = []): RunRequest =>
      replayedRequest(recording, { functionCid: 'asks', program, mounts })
    assert.deepEqual(replay(wasm, request.mounts).mounts, [{ ...request.mounts[0], isReadOnly: false }])
    assert.throws(() => replay(Uint8Array.of(1)), {
      code: 'ERR_RECORDING_PROGRAM',
      message: /the module has the SHA-256/,
    })
    assert.throws(() => replay(wasm), /what is mounted at "\/" has the SHA-256 nothing/)
  })
})

test('denialsOf() names each thing that was denied once', async () => {
  const family: HostFamily = {
    name: 'some',
    open: () => ({
      call: async ({ name }) => (name === 'some.no' ? refused('denied', { missing: '"x" in a list' }) : answered()),
      close: async () => {},
    }),
  }
  await using host = new RunHost({ families: [family], ...components }, { functionCid: 'f', gate: CLOSED_GATE })
  const call = (name: string): Uint8Array => {
    const head = new TextEncoder().encode(JSON.stringify({ name, fields: {} }))
    return Uint8Array.of(head.length, 0, 0, 0, ...head)
  }
  for (const [index, name] of ['some.no', 'some.yes', 'some.no', 'other.yes'].entries())
    await host.answer(index, call(name))
  assert.deepEqual(denialsOf(host.transcript), [
    { status: 'denied', missing: '"x" in a list' },
    { status: 'unavailable', missing: 'the operator offers no other.yes' },
  ])
})
