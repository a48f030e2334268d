import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IMPORT_SIGNATURES } from '../../src/imports/signatures.ts'
import { ERRNO } from '../../src/wasi/errno.ts'
import { createBench, FUEL, PAGE, START_NS } from './bench.ts'

test('args_get and args_sizes_get hand over the arguments', () => {
  const { call, u32, memory } = createBench()
  assert.equal(call('args_sizes_get', 0, 4), ERRNO.success)
  assert.deepEqual([u32(0), u32(4)], [2, 8])
  assert.equal(call('args_get', 16, 100), ERRNO.success)
  assert.deepEqual([u32(16), u32(20)], [100, 105])
  assert.equal(new TextDecoder().decode(new Uint8Array(memory.buffer, 100, 8)), 'test\0ä\0')
})

test('environ_get and environ_sizes_get hand over the environment', () => {
  const { call, u32, memory } = createBench()
  assert.equal(call('environ_sizes_get', 0, 4), ERRNO.success)
  assert.deepEqual([u32(0), u32(4)], [1, 4])
  assert.equal(call('environ_get', 16, 100), ERRNO.success)
  assert.equal(new TextDecoder().decode(new Uint8Array(memory.buffer, 100, 4)), 'A=1\0')
})

test('clock_time_get starts at the timestamp and counts one nanosecond per fuel', () => {
  const { call, u64, fuel } = createBench()
  for (const clock of [0, 1]) {
    fuel.value = FUEL
    call('clock_time_get', clock, 0n, 0)
    assert.equal(u64(0), START_NS)
    fuel.value = FUEL - 1234n
    call('clock_time_get', clock, 0n, 0)
    assert.equal(u64(0), START_NS + 1234n)
  }
  for (const clock of [2, 3]) {
    call('clock_time_get', clock, 0n, 0)
    assert.equal(u64(0), 1234n, 'time on the processor is fuel alone')
  }
  assert.equal(call('clock_time_get', 4, 0n, 0), ERRNO.inval)
  assert.equal(call('clock_res_get', 0, 0), ERRNO.success)
  assert.equal(u64(0), 1n)
})

test('random_get draws from the seed, and charges for it', () => {
  const draw = (): { bytes: Uint8Array; charged: bigint } => {
    const { call, memory, fuel } = createBench()
    assert.equal(call('random_get', 8, 64), ERRNO.success)
    return { bytes: new Uint8Array(memory.buffer, 8, 64).slice(), charged: FUEL - fuel.value }
  }
  assert.deepEqual(draw(), draw())
  assert.equal(draw().charged, 16n)
  assert.deepEqual([...draw().bytes.subarray(0, 4)], [0x76, 0xb8, 0xe0, 0xad])
})

test('fd_read gathers stdin into vectors, then answers its end', () => {
  const { call, u32, store, memory } = createBench()
  store(0, 100, 2, 200, 0, 300, 10)
  assert.equal(call('fd_read', 0, 0, 3, 64), ERRNO.success)
  assert.equal(u32(64), 5)
  const text = (at: number, size: number): string => new TextDecoder().decode(new Uint8Array(memory.buffer, at, size))
  assert.deepEqual([text(100, 2), text(300, 3)], ['he', 'llo'])
  assert.equal(call('fd_read', 0, 0, 3, 64), ERRNO.success)
  assert.equal(u32(64), 0)
})

test('fd_write appends to its stream and ends the run when the limit is passed, keeping what fits', () => {
  const { call, guest, store, memory } = createBench()
  new TextEncoder().encodeInto('0123456789', new Uint8Array(memory.buffer, 100))
  store(0, 100, 10)
  assert.equal(call('fd_write', 1, 0, 1, 64), ERRNO.success)
  assert.throws(() => call('fd_write', 2, 0, 1, 64), { name: 'GuestEnd' })
  assert.deepEqual(guest.end, { kind: 'output-limit', code: 0 })
  assert.equal(new TextDecoder().decode(guest.output.stdout), '0123456789')
  assert.equal(new TextDecoder().decode(guest.output.stderr), '012345')
})

test('the first end of a run counts, whatever a guest calls after it', () => {
  const { call, guest } = createBench()
  assert.throws(() => call('proc_exit', -1), { name: 'GuestEnd' })
  assert.throws(() => call('proc_exit', 0), { name: 'GuestEnd' })
  assert.deepEqual(guest.end, { kind: 'exit', code: 0xffff_ffff })
})

test('views follow a memory that has grown', () => {
  const { call, memory, u32 } = createBench()
  assert.equal(call('args_sizes_get', PAGE, PAGE + 4), ERRNO.fault)
  memory.grow(1)
  assert.equal(call('args_sizes_get', PAGE, PAGE + 4), ERRNO.success)
  assert.equal(u32(PAGE), 2)
})

test('poll_oneoff sleeps on the guest clock alone, until the first timer', () => {
  const { call, store, u32, u64, guest } = createBench()
  const subscribe = (at: number, userdata: number, timeoutNs: number): void =>
    store(at, userdata, 0, 0, 0, 1, 0, timeoutNs, 0, 0, 0, 0, 0)
  subscribe(0, 7, 5_000_000)
  subscribe(48, 8, 3_000_000)
  assert.equal(call('poll_oneoff', 0, 1024, 2, 2048), ERRNO.success)
  assert.equal(u32(2048), 1)
  assert.equal(u64(1024), 8n)
  assert.equal(guest.nowNs, START_NS + 3_000_000n + 128n, 'two subscriptions cost 64 each')
})

test('poll_oneoff does not wait for an absolute time that has passed, nor wrap at the end of time', () => {
  const { call, store, u32, guest } = createBench()
  store(0, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0)
  const before = guest.nowNs
  assert.equal(call('poll_oneoff', 0, 1024, 1, 2048), ERRNO.success)
  assert.equal(u32(2048), 1)
  assert.equal(guest.nowNs, before + 64n)
  store(0, 7, 0, 0, 0, 0, 0, 0xffff_ffff, 0xffff_ffff, 0, 0, 0, 0)
  for (let turn = 0; turn < 3; turn++) assert.equal(call('poll_oneoff', 0, 1024, 1, 2048), ERRNO.success)
  assert.ok(guest.nowNs <= 0xffff_ffff_ffff_ffffn + 3n * 64n)
})

test('poll_oneoff answers streams at once, with what is wrong with them', () => {
  const { call, store, u32 } = createBench()
  const events: readonly (readonly [type: number, descriptor: number, errno: number])[] = [
    [1, 0, ERRNO.success],
    [2, 1, ERRNO.success],
    [1, 1, ERRNO.notcapable],
    [1, 9, ERRNO.badf],
    [7, 0, ERRNO.inval],
  ]
  for (const [index, [type, descriptor]] of events.entries()) store(index * 48, index, 0, type, 0, descriptor)
  assert.equal(call('poll_oneoff', 0, 1024, events.length, 2048), ERRNO.success)
  assert.equal(u32(2048), events.length)
  for (const [index, [, , errno]] of events.entries()) assert.equal(u32(1024 + index * 32 + 8) & 0xffff, errno)
})

test('poll_oneoff reads the longer subscriptions of the unstable snapshot', () => {
  const { call, store, u32, guest } = createBench({ snapshot: 'unstable' })
  store(0, 7, 0, 0, 0, 99, 0, 1, 0, 1000, 0, 0, 0, 0, 0)
  assert.equal(call('poll_oneoff', 0, 1024, 1, 2048), ERRNO.success)
  assert.equal(u32(2048), 1)
  assert.equal(guest.nowNs, START_NS + 1000n + 64n)
})

test('fd_fdstat_get and fd_filestat_get tell streams from files', () => {
  const { call, memory } = createBench()
  for (const descriptor of [0, 1, 2]) {
    assert.equal(call('fd_fdstat_get', descriptor, 0), ERRNO.success)
    assert.equal(new Uint8Array(memory.buffer)[0], 2)
    assert.equal(call('fd_filestat_get', descriptor, 64), ERRNO.success)
    assert.equal(new Uint8Array(memory.buffer)[80], 2)
  }
  assert.equal(call('fd_fdstat_get', 3, 0), ERRNO.badf)
})

test('fd_close closes a stream for good', () => {
  const { call, store } = createBench()
  store(0, 100, 1)
  assert.equal(call('fd_close', 1), ERRNO.success)
  assert.equal(call('fd_close', 1), ERRNO.badf)
  assert.equal(call('fd_write', 1, 0, 1, 64), ERRNO.badf)
})

const answers: readonly (readonly [name: string, values: (number | bigint)[], errno: number])[] = [
  ['fd_prestat_get', [3, 0], ERRNO.badf],
  ['fd_prestat_dir_name', [3, 0, 1], ERRNO.badf],
  ['fd_seek', [1, 0n, 0, 0], ERRNO.spipe],
  ['fd_seek', [9, 0n, 0, 0], ERRNO.badf],
  ['fd_tell', [0, 0], ERRNO.spipe],
  ['fd_pread', [0, 0, 0, 0n, 0], ERRNO.spipe],
  ['fd_read', [1, 0, 0, 0], ERRNO.notcapable],
  ['fd_write', [0, 0, 0, 0], ERRNO.notcapable],
  ['fd_write', [1, 0, 5000, 0], ERRNO.inval],
  ['path_open', [3, 0, 0, 0, 0, 0n, 0n, 0, 0], ERRNO.badf],
  ['path_open', [1, 0, 0, 0, 0, 0n, 0n, 0, 0], ERRNO.notdir],
  ['path_symlink', [0, 1, 3, 0, 1], ERRNO.badf],
  ['sock_send', [1, 0, 0, 0, 0], ERRNO.notsock],
  ['sched_yield', [], ERRNO.success],
  ['proc_raise', [9], ERRNO.notsup],
  ['random_get', [0, 65_536], ERRNO.success],
  ['poll_oneoff', [0, 0, 0, 0], ERRNO.inval],
]

for (const [name, values, errno] of answers) {
  test(`${name}(${values.join(', ')}) answers ${errno}`, () => {
    assert.equal(createBench().call(name, ...values), errno)
  })
}

/** Functions whose pointers a hostile guest may aim anywhere; descriptors 0 to 2 keep them from stopping at EBADF. */
const POINTERS = [0, 1, PAGE - 1, PAGE, 0x7fff_ffff, -1, -4, -65_536]

test('no function throws or writes outside, wherever its pointers go', () => {
  const types = IMPORT_SIGNATURES['wasi_snapshot_preview1'] ?? {}
  for (const [name, type] of Object.entries(types)) {
    if (name === 'proc_exit') continue
    const params = type.slice(1, type.indexOf(')')).split(', ').filter(Boolean)
    for (const first of [0, 1, 2]) {
      for (const pointer of POINTERS) {
        const { call, guest } = createBench()
        const values = params.map((param, index) =>
          param === 'i64' ? BigInt(pointer) : index === 0 && name.startsWith('fd_') ? first : pointer,
        )
        try {
          assert.equal(typeof call(name, ...values), 'number', `${name}(${values.join(', ')})`)
        } catch (error) {
          // writing a page to stdout passes the limit of this test, which is an answer, too
          assert.equal(guest.end?.kind, 'output-limit', `${name}(${values.join(', ')}): ${error}`)
        }
      }
    }
  }
})
