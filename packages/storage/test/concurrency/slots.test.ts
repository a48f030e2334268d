import assert from 'node:assert/strict'
import test from 'node:test'
import { Slots } from '../../src/concurrency/slots.ts'

test('Slots.acquire() lets in as many as there are places, in line', async () => {
  const slots = new Slots(2)
  const { signal } = new AbortController()
  const order: number[] = []
  let inside = 0
  const work = [0, 1, 2, 3, 4].map(async (id) => {
    using _slot = await slots.acquire(signal)
    inside += 1
    assert.ok(inside <= 2)
    order.push(id)
    await Promise.resolve()
    inside -= 1
  })
  await Promise.all(work)
  assert.deepEqual(order, [0, 1, 2, 3, 4])
})

test('Slots.acquire() gives no place away when its waiting is aborted', async () => {
  const slots = new Slots(1)
  const held = await slots.acquire(new AbortController().signal)
  const leaving = new AbortController()
  const aborted = slots.acquire(leaving.signal)
  const handedOver = new AbortController()
  const late = slots.acquire(handedOver.signal)
  leaving.abort(new Error('enough'))
  await assert.rejects(aborted, /enough/)
  held[Symbol.dispose]()
  handedOver.abort(new Error('too late'))
  await late.then(
    (slot) => slot[Symbol.dispose](),
    (error) => assert.match(error.message, /too late/),
  )
  using _slot = await slots.acquire(new AbortController().signal)
  await assert.rejects(slots.acquire(AbortSignal.abort(new Error('before'))), /before/)
})
