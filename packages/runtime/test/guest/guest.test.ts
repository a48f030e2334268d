import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Guest } from '../../src/guest/guest.ts'
import { encodeTextTable } from '../../src/guest/text-table.ts'

test('Guest holds nothing of a request once it is released', () => {
  const guest = new Guest({ call: async () => await Promise.reject(new Error('no calls here')) })
  guest.reset({
    args: encodeTextTable(['name', 'argument']),
    env: encodeTextTable(['A=1']),
    stdin: new Uint8Array(3),
    timestampMs: 0,
    seed: new Uint8Array(32),
    outputBytes: 10,
    fuel: 10,
  })
  guest.release()
  assert.deepEqual([guest.args.bytes.length, guest.env.bytes.length, guest.stdin.length], [0, 0, 0])
})
