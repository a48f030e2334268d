import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { IpfsFamily } from '../../src/host/ipfs/ipfs-family.ts'
import { CALL_BYTES_SIZE_MAX, CALL_TEXT_SIZE_MAX } from '../../src/host-call/call-sizes.ts'
import { blocklessIpfsFunctions } from '../../src/imports/blockless-ipfs.ts'
import { type MfsServer, startMfsServer } from '../host/ipfs/mfs-server.ts'
import { RecordingGate } from '../host/session-bench.ts'
import { TestGuest } from './test-guest.ts'

/** Options of a command with one path. */
const optionsOf = (api: string, path: string): string =>
  JSON.stringify({
    api,
    args: [
      { name: 'arg', value: path },
      { name: 'create', value: 'true' },
    ],
  })

suite('blockless_ipfs', () => {
  let server: MfsServer
  before(async () => {
    server = await startMfsServer()
  })
  after(async () => await server[Symbol.asyncDispose]())

  const familyOf = (): IpfsFamily => new IpfsFamily({ endpoint: new URL(server.origin) })

  test('writes and reads a file through pointers, fetching more than each read asks for', async () => {
    await using guest = new TestGuest({ families: [familyOf()], gate: new RecordingGate() })
    const ipfs = blocklessIpfsFunctions(guest.guest)
    const [handle, code, count] = [guest.room(4), guest.room(4), guest.room(4)]
    assert.equal(await guest.call(ipfs, 'ipfs_command', ...guest.put(optionsOf('files/write', '/a')), handle, code), 0)
    assert.deepEqual([guest.u32(handle), guest.u32(code)], [1, 0])
    const content = Buffer.from('0123456789'.repeat(300))
    assert.equal(await guest.call(ipfs, 'ipfs_write', 1, ...guest.put(content), count), 0)
    assert.equal(guest.u32(count), 3000)
    assert.equal(await guest.call(ipfs, 'ipfs_read', 1, guest.room(10), 10, count), 0)
    assert.equal(guest.u32(count), 0)
    assert.equal(await guest.call(ipfs, 'ipfs_close', 1), 0)
    assert.equal(await guest.call(ipfs, 'ipfs_command', ...guest.put(optionsOf('files/read', '/a')), handle, code), 0)
    assert.deepEqual([guest.u32(handle), guest.u32(code)], [2, 200])
    const callsBefore = guest.calls.length
    const buffer = guest.room(1024)
    const parts: Uint8Array[] = []
    do {
      assert.equal(await guest.call(ipfs, 'ipfs_read', 2, buffer, 1024, count), 0)
      parts.push(guest.bytes(buffer, guest.u32(count)))
    } while (guest.u32(count) > 0)
    assert.ok(Buffer.concat(parts).equals(content))
    assert.deepEqual(
      parts.map((part) => part.length),
      [1024, 1024, 952, 0],
    )
    assert.equal(guest.calls.length - callsBefore, 3, 'all of it, and twice the end')
  })

  test('answers with the numbers of existing programs', async () => {
    const gate = new RecordingGate((action) => action.kind === 'ipfs' && action.api !== 'files/rm')
    await using guest = new TestGuest({ families: [familyOf()], gate, limits: { handlesMax: 1 } })
    const ipfs = blocklessIpfsFunctions(guest.guest)
    const [handle, code, count, buffer] = [guest.room(4), guest.room(4), guest.room(4), guest.room(8)]
    const command = async (options: string | Uint8Array): Promise<number> =>
      await guest.call(ipfs, 'ipfs_command', ...guest.put(options), handle, code)
    assert.equal(await command(new Uint8Array([0xff])), 2)
    assert.equal(await command(optionsOf('files/mv', '/a')), 3)
    assert.equal(await command(optionsOf('files/read', 'a')), 4)
    assert.equal(await command(' '.repeat(CALL_TEXT_SIZE_MAX + 1)), 4)
    assert.equal(await command('no JSON'), 5)
    assert.equal(await command(optionsOf('files/rm', '/a')), 10)
    assert.equal(await command(optionsOf('files/write', '/b')), 0)
    assert.equal(await command(optionsOf('files/write', '/b')), 8)
    assert.equal(await guest.call(ipfs, 'ipfs_read', 9, buffer, 8, count), 1)
    assert.equal(await guest.call(ipfs, 'ipfs_read', 1, buffer, 0, count), 4)
    assert.equal(await guest.call(ipfs, 'ipfs_write', 9, ...guest.put('x'), count), 1)
    assert.equal(await guest.call(ipfs, 'ipfs_write', 1, buffer, 0, count), 4)
    const large = guest.room(CALL_BYTES_SIZE_MAX + 1)
    assert.equal(await guest.call(ipfs, 'ipfs_write', 1, large, CALL_BYTES_SIZE_MAX + 1, count), 8)
    assert.equal(await guest.call(ipfs, 'ipfs_close', 9), 0)
  })

  test('says that the node offers no IPFS, and that it cannot be reached', async () => {
    const far = new IpfsFamily({ endpoint: new URL('http://127.0.0.1:1') })
    for (const [families, expected] of [
      [[], 9],
      [[far], 6],
    ] as const) {
      await using guest = new TestGuest({ families, gate: new RecordingGate() })
      const ipfs = blocklessIpfsFunctions(guest.guest)
      const options = guest.put(optionsOf('files/read', '/a'))
      assert.equal(await guest.call(ipfs, 'ipfs_command', ...options, guest.room(4), guest.room(4)), expected)
    }
  })

  test('ends a run whose pointers are outside its memory before anything is asked', async () => {
    const FAR = 0xffff_fff0
    const cases: readonly (readonly [name: string, values: readonly number[]])[] = [
      ['ipfs_command', [FAR, 100, 0, 0]],
      ['ipfs_command', [0, 0, FAR, 0]],
      ['ipfs_command', [0, 0, 0, -2]],
      ['ipfs_read', [1, FAR, 100, 0]],
      ['ipfs_read', [1, 0, 1, -2]],
      ['ipfs_write', [1, FAR, 100, 0]],
      ['ipfs_write', [1, 0, 1, -2]],
    ]
    for (const [name, values] of cases) {
      await using guest = new TestGuest({ families: [familyOf()], gate: new RecordingGate() })
      const ipfs = blocklessIpfsFunctions(guest.guest)
      await assert.rejects(guest.call(ipfs, name, ...values), { name: 'GuestEnd' })
      assert.deepEqual([guest.guest.end?.kind, guest.calls.length], ['memory-out-of-bounds', 0])
    }
  })
})
