import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { S3Family } from '../../src/host/s3/s3-family.ts'
import { CALL_BYTES_SIZE_MAX, CALL_TEXT_SIZE_MAX } from '../../src/host-call/call-sizes.ts'
import { blocklessS3Functions } from '../../src/imports/blockless-s3.ts'
import { type S3Server, startS3Server } from '../host/s3/s3-server.ts'
import { RecordingGate } from '../host/session-bench.ts'
import { TestGuest } from './test-guest.ts'

suite('blockless_s3', () => {
  let server: S3Server
  before(async () => {
    server = await startS3Server()
  })
  after(async () => await server[Symbol.asyncDispose]())

  test('works on a bucket through pointers', async () => {
    await using guest = new TestGuest({ families: [new S3Family()], gate: new RecordingGate() })
    const s3 = blocklessS3Functions(guest.guest)
    const [handle, count, buffer] = [guest.room(4), guest.room(4), guest.room(4096)]
    const command = async (number: number, options: string): Promise<string> => {
      assert.equal(await guest.call(s3, 'bucket_command', number, ...guest.put(options), handle), 0)
      let text = ''
      do {
        assert.equal(await guest.call(s3, 's3_read', guest.u32(handle), buffer, 100, count), 0)
        text += guest.text(buffer, guest.u32(count))
      } while (guest.u32(count) > 0)
      assert.equal(await guest.call(s3, 's3_close', guest.u32(handle)), 0)
      return text
    }
    assert.equal(await command(1, server.options()), '{"code":200,"response_text":""}')
    const options = server.options({ path: 'a' })
    assert.equal(await guest.call(s3, 'bucket_put_object', ...guest.put(options), ...guest.put('hello')), 0)
    assert.equal(await command(3, options), 'hello')
    const [page] = JSON.parse(await command(2, server.options({ prefix: '' })))
    assert.deepEqual(Object.keys(page.contents[0]), ['last_modified', 'e_tag', 'storage_class', 'key', 'size'])
    assert.equal(page.contents[0].e_tag, '"5d41402abc4b2a76b9719d911017c592"')
    assert.equal(await guest.call(s3, 'bucket_command', 4, ...guest.put(options), handle), 0)
    assert.equal(guest.u32(handle), 4)
    assert.equal(await guest.call(s3, 's3_read', 4, buffer, 10, count), 1, 'a deletion has nothing to read')
    assert.equal(await guest.call(s3, 's3_close', 4), 0)
    assert.equal(await guest.call(s3, 's3_close', 4), 1)
  })

  test('answers with the numbers of existing programs', async () => {
    const gate = new RecordingGate((action) => action.kind === 's3' && action.bucket !== 'secret')
    await using guest = new TestGuest({ families: [new S3Family()], gate, limits: { handlesMax: 1 } })
    const s3 = blocklessS3Functions(guest.guest)
    const [handle, count, buffer] = [guest.room(4), guest.room(4), guest.room(8)]
    const command = async (number: number, options: string | Uint8Array): Promise<number> =>
      await guest.call(s3, 'bucket_command', number, ...guest.put(options), handle)
    const made = server.options({ bucket_name: 'numbers' })
    assert.equal(await command(2, new Uint8Array([0xc0])), 2)
    assert.equal(await command(0, made), 4)
    assert.equal(await command(5, made), 4)
    assert.equal(await command(2, server.options({ bucket_name: '..' })), 4)
    assert.equal(await command(2, ' '.repeat(CALL_TEXT_SIZE_MAX + 1)), 4)
    assert.equal(await command(2, 'no JSON'), 5)
    assert.equal(await command(2, server.options({ secret_key: 'wrong' })), 6)
    assert.equal(await command(2, server.options({ region: 'a b' })), 7)
    assert.equal(await command(2, server.options({ bucket_name: 'missing' })), 8)
    assert.equal(await command(2, server.options({ bucket_name: 'secret' })), 12)
    assert.equal(await command(0x1_0001, made), 0, 'the number has two bytes')
    assert.equal(await command(2, made), 10)
    assert.equal(await guest.call(s3, 's3_read', 1, buffer, 0, count), 4)
    const large = guest.room(CALL_BYTES_SIZE_MAX + 1)
    const put = [...guest.put(made), large, CALL_BYTES_SIZE_MAX + 1]
    assert.equal(await guest.call(s3, 'bucket_put_object', ...put), 10)
    assert.equal(await guest.call(s3, 'bucket_put_object', ...guest.put(new Uint8Array([0xff])), 0, 0), 2)
    await using without = new TestGuest({ families: [], gate })
    const missing = blocklessS3Functions(without.guest)
    assert.equal(await without.call(missing, 'bucket_command', 2, ...without.put(made), without.room(4)), 11)
  })

  test('ends a run whose pointers are outside its memory before anything is asked', async () => {
    const cases: readonly (readonly [name: string, values: readonly number[]])[] = [
      ['bucket_command', [2, -16, 100, 0]],
      ['bucket_command', [2, 0, 0, -2]],
      ['bucket_put_object', [-16, 100, 0, 0]],
      ['bucket_put_object', [0, 0, -16, 100]],
      ['s3_read', [1, -16, 100, 0]],
      ['s3_read', [1, 0, 1, -2]],
    ]
    for (const [name, values] of cases) {
      await using guest = new TestGuest({ families: [new S3Family()], gate: new RecordingGate() })
      await assert.rejects(guest.call(blocklessS3Functions(guest.guest), name, ...values), { name: 'GuestEnd' })
      assert.deepEqual([guest.guest.end?.kind, guest.calls.length], ['memory-out-of-bounds', 0])
    }
  })
})
