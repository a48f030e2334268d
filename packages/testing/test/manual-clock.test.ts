import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@blockless/testing'

test('advance() ends sleeps in the order of their times, those of one time in the order they began', async () => {
  const clock = new ManualClock()
  const woken: string[] = []
  const sleepers = [30, 10, 20, 10].map((ms, index) => clock.sleep(ms).then(() => woken.push(`${ms}#${index}`)))
  await clock.advance(20)
  assert.deepEqual(woken, ['10#1', '10#3', '20#2'])
  assert.equal(clock.pendingCount, 1)
  await clock.advance(10)
  await Promise.all(sleepers)
  assert.deepEqual(woken.at(-1), '30#0')
})

test('advance() ends sleeps that begin within its span, at their own time', async () => {
  const clock = new ManualClock(1_000)
  const times: number[] = []
  const loop = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await clock.sleep(10)
      times.push(clock.now())
    }
  }
  const done = loop()
  await clock.advance(35)
  await done
  assert.deepEqual(times, [1_010, 1_020, 1_030])
  assert.equal(clock.monotonic(), 35)
})

test('sleep() rejects with the reason when its signal aborts, and is forgotten', async () => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const sleeping = clock.sleep(10, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(sleeping, /enough/)
  assert.equal(clock.pendingCount, 0)
  await assert.rejects(clock.sleep(10, controller.signal), /enough/)
})

test('advance() refuses to go back', async () => {
  await assert.rejects(new ManualClock().advance(-1), RangeError)
  await assert.rejects(new ManualClock().advance(Number.NaN), RangeError)
})

test('schedule() runs its task once at its time, or never when it is cancelled', async () => {
  const clock = new ManualClock()
  const ran: number[] = []
  clock.schedule(10, () => ran.push(clock.monotonic()))
  const cancel = clock.schedule(5, () => ran.push(-1))
  cancel()
  await clock.advance(9)
  assert.deepEqual(ran, [])
  await clock.advance(50)
  cancel()
  assert.deepEqual({ ran, pendingCount: clock.pendingCount }, { ran: [10], pendingCount: 0 })
})
