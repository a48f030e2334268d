import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixture } from '@blockless/testing'
import { HostCalls } from '../../src/executor/host-calls.ts'
import { encodeCall } from '../../src/host-call/host-call.ts'
import { requestOf, startExecutor, textOf } from '../run-helpers.ts'
import { World } from './world.ts'

const callOf = (sequence: number, bytes: Uint8Array): Uint8Array => {
  const payload = new Uint8Array(4 + bytes.length)
  new DataView(payload.buffer).setUint32(0, sequence, true)
  payload.set(bytes, 4)
  return payload
}
const CALL = encodeCall({ name: 'ipfs.command', fields: {}, bytes: new Uint8Array() })

const senseless: readonly { readonly name: string; readonly payload: Uint8Array }[] = [
  { name: 'no number', payload: new Uint8Array(3) },
  { name: 'no call', payload: callOf(0, new Uint8Array([255, 255, 255, 255])) },
  { name: 'a call ahead of its turn', payload: callOf(7, CALL) },
]
for (const { name, payload } of senseless) {
  test(`HostCalls tells an executor that sends ${name} from a run that fails`, async () => {
    const seen: string[] = []
    const calls = new HostCalls({
      answered: () => void seen.push('answered'),
      failed: () => void seen.push('failed'),
      misbehaved: () => void seen.push('misbehaved'),
    })
    await using host = new World().host()
    calls.begin(1, host)
    await calls.serve(1, payload)
    assert.deepEqual(seen, ['misbehaved'])
    await calls.serve(2, payload)
    assert.equal(seen.length, 1)
  })
}

test('start() after a stop() that nobody waited for takes work in one process', async () => {
  const warnings: string[] = []
  const log = {
    error: () => {},
    info: () => {},
    debug: () => {},
    warn: (message: string) => void warnings.push(message),
  }
  await using executor = await startExecutor({}, log)
  const { pid } = executor
  const stopping = executor.stop()
  await executor.start()
  await stopping
  await executor.prepare('hello', await fixture('hello'))
  assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
  assert.notEqual(executor.pid, pid)
  assert.deepEqual(warnings, [])
})

test('run() refuses what would take down a thread, or the process, with its neighbours', async () => {
  await using executor = await startExecutor()
  await executor.prepare('hello', await fixture('hello'))
  const { pid } = executor
  const request = requestOf('hello')
  const { limits, input } = request
  for (const wrong of [
    { ...request, timestampMs: 1.5 },
    { ...request, limits: { ...limits, fuel: 0.5 } },
    { ...request, limits: { ...limits, deadlineMs: 2 ** 31 } },
    { ...request, limits: { ...limits, outputBytes: -1 } },
    { ...request, input: { ...input, stdin: new Uint8Array(200_000_000) } },
  ]) {
    await assert.rejects(executor.run(wrong), RangeError)
  }
  assert.equal((await executor.run(request)).exit.kind, 'exit')
  assert.equal(executor.pid, pid)
})
