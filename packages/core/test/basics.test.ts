import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CodedError,
  compareBytes,
  concat,
  domainTag,
  equalBytes,
  fromHex,
  hashCanonical,
  InvariantError,
  invariant,
  isCodedError,
  sha256,
  silentLogger,
  systemClock,
  systemRandom,
  toHex,
  toUtf8,
} from '@blockless/core'
import fc from 'fast-check'

test('toHex() and fromHex() undo each other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.deepEqual(fromHex(toHex(bytes)), bytes)
      assert.deepEqual(fromHex(toHex(bytes).toUpperCase()), bytes)
    }),
  )
  for (const text of ['0', 'zz', '0x00', ' 00', '00\n']) assert.throws(() => fromHex(text), RangeError)
})

test('compareBytes() orders as Buffer.compare does, equalBytes() is its zero', () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 3, maxLength: 4 }), fc.uint8Array({ max: 3, maxLength: 4 }), (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b))
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0)
    }),
  )
})

test('concat() gives a fresh array', () => {
  const part = Uint8Array.of(1)
  const joined = concat(part)
  assert.notEqual(joined, part)
  assert.deepEqual(concat(part, new Uint8Array(), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3))
})

test('hashCanonical() is SHA-256 of the domain tag and the canonical bytes', () => {
  assert.deepEqual(hashCanonical('a', 1), sha256(Uint8Array.of(...sha256(toUtf8('a')), 1)))
  assert.notDeepEqual(hashCanonical('a', 1), hashCanonical('b', 1))
  assert.deepEqual(domainTag('a'), domainTag('a'))
})

test('isCodedError() knows our errors by their shape and code', () => {
  const error = new CodedError('ERR_X', 'Cannot x', { size: 1 }, { cause: new Error('why') })
  assert.equal(isCodedError(error), true)
  assert.equal(isCodedError(error, 'ERR_X'), true)
  assert.equal(isCodedError(error, 'ERR_Y'), false)
  assert.deepEqual({ name: error.name, details: error.details }, { name: 'CodedError', details: { size: 1 } })
  for (const other of [undefined, {}, new Error('x'), Object.assign(new Error('x'), { code: 'ENOENT', details: {} })]) {
    assert.equal(isCodedError(other), false)
  }
})

test('invariant() throws an error that is no operating error', () => {
  invariant(1, 'holds')
  assert.throws(
    () => invariant(0, 'two is two'),
    (error) =>
      error instanceof InvariantError && !isCodedError(error) && error.message === 'Invariant broken: two is two',
  )
})

test('systemClock never goes back and stops sleeping when told to', async () => {
  const before = systemClock.monotonic()
  assert.ok(systemClock.now() > 1_700_000_000_000)
  await systemClock.sleep(0)
  assert.ok(systemClock.monotonic() >= before)
  const aborted = AbortSignal.abort(new Error('stop'))
  await assert.rejects(systemClock.sleep(60_000, aborted), /stop/)
  const controller = new AbortController()
  const sleeping = systemClock.sleep(60_000, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(sleeping, /enough/)
})

test('systemRandom gives fresh bytes, and the silent logger nothing', () => {
  assert.equal(systemRandom.bytes(16).length, 16)
  assert.notDeepEqual(systemRandom.bytes(16), systemRandom.bytes(16))
  for (const level of ['error', 'warn', 'info', 'debug'] as const) assert.equal(silentLogger[level]('x'), undefined)
})

test('systemClock runs a scheduled task, and not one that was cancelled', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  systemClock.schedule(0, () => resolve('cancelled'))()
  systemClock.schedule(1, () => resolve('ran'))
  assert.equal(await promise, 'ran')
})
