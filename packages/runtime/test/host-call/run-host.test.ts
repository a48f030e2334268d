import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256, silentLogger, systemClock, transcriptHashOf } from '@blockless/core'
import { ManualClock } from '@blockless/testing'
import { answered, decodeAnswer, encodeCall, type HostAnswer, type HostCall } from '../../src/host-call/host-call.ts'
import type { HostFamily } from '../../src/host-call/host-family.ts'
import { RunHost, type RunHostInit } from '../../src/host-call/run-host.ts'
import { CLOSED_GATE } from '../../src/policy/gate.ts'

type Serve = (call: HostCall, signal: AbortSignal) => Promise<HostAnswer>

/** A family that counts what it is asked and whether its sessions were closed. */
function familyOf(serve: Serve): HostFamily & { readonly seen: HostCall[]; closed: number } {
  const family = {
    name: 'echo',
    seen: [] as HostCall[],
    closed: 0,
    open: () => ({
      call: async (call: HostCall, signal: AbortSignal) => {
        family.seen.push(call)
        return await serve(call, signal)
      },
      close: async () => {
        family.closed++
      },
    }),
  }
  return family
}

function hostOf(family: HostFamily, init: Partial<RunHostInit> = {}, clock = systemClock): RunHost {
  return new RunHost(
    { families: [family], clock, log: silentLogger },
    { functionCid: 'bafy', gate: CLOSED_GATE, ...init },
  )
}

const echo: Serve = async ({ fields, bytes }) => answered(fields, bytes)
const callOf = (text: string, name = 'echo.say'): Uint8Array =>
  encodeCall({ name, fields: {}, bytes: new TextEncoder().encode(text) })
const read = (bytes: Uint8Array): [string, string] => {
  const answer = decodeAnswer(bytes)
  return [answer.status, new TextDecoder().decode(answer.bytes)]
}

test('RunHost performs calls in order and keeps what came back', async () => {
  const host = hostOf(familyOf(echo))
  assert.deepEqual(read(await host.answer(0, callOf('one'))), ['ok', 'one'])
  assert.deepEqual(read(await host.answer(1, callOf('two'))), ['ok', 'two'])
  assert.equal(host.transcript.length, 2)
  assert.deepEqual(host.transcript[0]?.callHash, sha256(callOf('one')))
  assert.notDeepEqual(transcriptHashOf(host.transcript), transcriptHashOf(host.transcript.slice(0, 1)))
})

test('RunHost tells a run that begins again what it told before, and does nothing twice', async () => {
  const family = familyOf(echo)
  const host = hostOf(family)
  await host.answer(0, callOf('one'))
  assert.deepEqual(read(await host.answer(0, callOf('one'))), ['ok', 'one'])
  assert.deepEqual(read(await host.answer(1, callOf('two'))), ['ok', 'two'])
  assert.equal(family.seen.length, 2)
  await assert.rejects(host.answer(0, callOf('another')), { code: 'ERR_REPLAY_DIVERGED' })
})

test('RunHost answers a call that is under way and asked again once', async () => {
  const gate = Promise.withResolvers<void>()
  const family = familyOf(async (call) => {
    await gate.promise
    return answered({}, call.bytes)
  })
  const host = hostOf(family)
  const answers = [host.answer(0, callOf('slow')), host.answer(0, callOf('slow'))]
  assert.equal(host.isAsked, true)
  gate.resolve()
  assert.deepEqual((await Promise.all(answers)).map(read), [
    ['ok', 'slow'],
    ['ok', 'slow'],
  ])
  assert.equal(family.seen.length, 1)
  assert.equal(host.isAsked, false)
})

test('RunHost replays a record without the world, and says where a run leaves it', async () => {
  const first = hostOf(familyOf(echo))
  await first.answer(0, callOf('one'))
  const family = familyOf(echo)
  const host = hostOf(family, { replay: [...first.transcript] })
  assert.deepEqual(read(await host.answer(0, callOf('one'))), ['ok', 'one'])
  assert.deepEqual(transcriptHashOf(host.transcript), transcriptHashOf(first.transcript))
  await assert.rejects(host.answer(1, callOf('two')), {
    code: 'ERR_REPLAY_DIVERGED',
    message: /host call 1 \("echo.say"\), the record/,
  })
  await assert.rejects(hostOf(family, { replay: [...first.transcript] }).answer(0, callOf('x')), /not the call/)
  assert.equal(family.seen.length, 0)
})

for (const sequence of [1, 7]) {
  test(`RunHost refuses call ${sequence} of a run that is at 0`, async () => {
    await assert.rejects(hostOf(familyOf(echo)).answer(sequence, callOf('x')), RangeError)
  })
}

const MALFORMED = [
  { name: 'empty bytes', bytes: new Uint8Array() },
  { name: 'a head that is not all there', bytes: new Uint8Array([9, 0, 0, 0, 123]) },
  { name: 'a head that is no JSON', bytes: new Uint8Array([1, 0, 0, 0, 123]) },
  { name: 'a head that is no object', bytes: new Uint8Array([2, 0, 0, 0, 91, 93]) },
  { name: 'a head without a name', bytes: new Uint8Array([2, 0, 0, 0, 123, 125]) },
]
for (const { name, bytes } of MALFORMED) {
  test(`RunHost refuses ${name}`, async () => {
    await assert.rejects(hostOf(familyOf(echo)).answer(0, bytes))
  })
}

test('RunHost refuses what no family serves, and what goes beyond the limits', async () => {
  const limits = { callsMax: 3, bytesMax: 100, totalBytesMax: 220 }
  const host = hostOf(
    familyOf(async ({ bytes }) => answered({}, new Uint8Array(bytes.length * 10))),
    { limits },
  )
  assert.equal(read(await host.answer(0, callOf('x', 'nobody.say')))[0], 'unavailable')
  assert.equal(read(await host.answer(1, callOf('x'.repeat(12))))[0], 'limit') // 120 bytes at once
  assert.equal(read(await host.answer(2, callOf('x'.repeat(7))))[0], 'limit') // more than 220 in all, heads and refusals too
  assert.deepEqual(decodeAnswer(await host.answer(3, callOf('x'))).fields, { name: 'callsMax', max: 3 })
  await assert.rejects(host.answer(4, callOf('x')), RangeError)
  assert.equal(read(await hostOf(familyOf(echo), { limits }).answer(0, callOf('x'.repeat(200))))[0], 'limit')
  const talkative = hostOf(familyOf(echo), { limits: { sentBytesMax: 70 } })
  assert.equal(read(await talkative.answer(0, callOf('x')))[0], 'ok')
  assert.equal(decodeAnswer(await talkative.answer(1, callOf('x'))).fields.name, 'sentBytesMax')
})

test('RunHost counts the fields of answers, and keeps no more than the limit however long a run goes on asking', async () => {
  const totalBytesMax = 5000
  const names = Array.from({ length: 100 }, (_, index) => `name ${index}`)
  const host = hostOf(
    familyOf(async () => answered({ names })),
    { limits: { totalBytesMax } },
  )
  for (let sequence = 0; sequence < 200; sequence++) await host.answer(sequence, callOf('list'))
  const kept = new Set(host.transcript.map(({ answer }) => answer))
  assert.ok([...kept].reduce((size, answer) => size + answer.length, 0) < totalBytesMax + 100)
  assert.equal(read(await host.answer(200, callOf('list')))[0], 'limit')
})

test('RunHost tells a guest that its call took too long', async () => {
  const clock = new ManualClock()
  const host = hostOf(
    familyOf(async (_, signal) => {
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      return answered()
    }),
    { limits: { deadlineMs: 50 } },
    clock,
  )
  const asked = host.answer(0, callOf('x'))
  await clock.advance(50)
  assert.equal(read(await asked)[0], 'timeout')
  assert.equal(host.transcript.length, 1)
})

test('RunHost reports a session that fails as a failure of this node', async () => {
  const host = hostOf(familyOf(async () => await Promise.reject(new Error('broken'))))
  await assert.rejects(host.answer(0, callOf('x')), { code: 'ERR_HOST_CALL', message: /"echo.say" \(broken\)/ })
})

test('RunHost aborts what is under way and closes its sessions at its end', async () => {
  const family = familyOf(async (_, signal) => {
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    return answered()
  })
  const host = hostOf(family)
  const asked = assert.rejects(host.answer(0, callOf('x')), { code: 'ERR_HOST_CALL' })
  await host.close()
  await asked
  assert.equal(family.closed, 1)
})

test('RunHost opens nothing once it is closed, and its transcript stays what it was', async () => {
  const family = familyOf(echo)
  const host = hostOf(family)
  await host.answer(0, callOf('one'))
  const before = host.transcript
  await host.answer(1, callOf('two'))
  assert.equal(before.length, 1)
  await Promise.all([host.close(), host.close()])
  await assert.rejects(host.answer(2, callOf('three')), { code: 'ERR_ABORTED' })
  assert.deepEqual([family.seen.length, family.closed], [2, 1])
})

test('RunHost fails the run whose family does not open', async () => {
  const family: HostFamily = {
    name: 'echo',
    open: () => {
      throw new Error('no folder')
    },
  }
  await assert.rejects(hostOf(family).answer(0, callOf('one')), { code: 'ERR_HOST_CALL', message: /no folder/ })
})
