import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileError } from '../../src/fs/file-error.ts'
import {
  FILE_TYPE,
  type FileStat,
  type OpenDirectory,
  type OpenFile,
  type OpenStream,
} from '../../src/fs/file-system.ts'
import { ERRNO } from '../../src/wasi/errno.ts'
import { type Bench, createBench } from './bench.ts'

const RESULT = 64
const VECTOR = 80
const DATA = 1024
const ALL = (1n << 30n) - 1n
const STAT: FileStat = {
  device: 9n,
  inode: 8n,
  type: FILE_TYPE.regularFile,
  links: 1n,
  size: 5n,
  accessedNs: 0n,
  modifiedNs: 0n,
  changedNs: 0n,
}
const later = async <T>(value: T): Promise<T> => {
  await Promise.resolve()
  return value
}
const refuse = async (): Promise<never> => {
  await Promise.resolve()
  throw new FileError(ERRNO.acces)
}

/** A socket that echoes what was written, at most three bytes at a time. */
function createSocket(written: string[] = []): OpenStream {
  return {
    kind: 'stream',
    type: FILE_TYPE.socketStream,
    read: async (size) => await later(new TextEncoder().encode((written.shift() ?? '').slice(0, Math.min(size, 3)))),
    write: (bytes) => {
      written.push(new TextDecoder().decode(bytes))
      return later(bytes.length)
    },
    accept: async () => await later(createSocket()),
    shutdown: async () => await later(undefined),
    close: async () => await later(undefined),
  }
}

function createFile(writes: [bigint, string][]): OpenFile {
  return {
    kind: 'file',
    stat: async () => await later(STAT),
    read: async (_, size) => await later(new TextEncoder().encode('hello').subarray(0, size)),
    write: (offset, bytes) => {
      writes.push([offset, new TextDecoder().decode(bytes)])
      return later(bytes.length)
    },
    setSize: refuse,
    setTimes: refuse,
    sync: async () => await later(undefined),
    close: async () => await later(undefined),
  }
}

function put(bench: Bench, text: string): void {
  new TextEncoder().encodeInto(text, new Uint8Array(bench.memory.buffer, DATA))
  bench.store(VECTOR, DATA, text.length)
}

test('what waits answers with a promise, and writes into the memory as it is then', async () => {
  const bench = createBench()
  const file = bench.guest.descriptors.add(createFile([]))
  bench.store(VECTOR, DATA, 5)
  const reading = bench.call('fd_read', file, VECTOR, 1, RESULT)
  assert.ok(reading instanceof Promise)
  bench.memory.grow(1)
  assert.equal(await reading, ERRNO.success)
  assert.equal(bench.text(DATA, bench.u32(RESULT)), 'hello')
  const statting = bench.call('fd_filestat_get', file, 0)
  bench.memory.grow(1)
  assert.equal(await statting, ERRNO.success)
  assert.deepEqual([bench.u64(0), bench.u64(32)], [9n, 5n])
})

test('an error that comes later is an errno as well', async () => {
  const bench = createBench()
  const file = bench.guest.descriptors.add(createFile([]))
  assert.equal(await bench.call('fd_filestat_set_size', file, 1n), ERRNO.acces)
  assert.equal(await bench.call('fd_filestat_set_times', file, 1n, 1n, 5), ERRNO.acces)
  assert.equal(await bench.call('fd_allocate', file, 0n, 6n), ERRNO.acces)
  assert.equal(await bench.call('fd_allocate', file, 0n, 5n), ERRNO.success)
})

test('appending keeps what was to be written while it asks for the end', async () => {
  const bench = createBench()
  const writes: [bigint, string][] = []
  const file = bench.guest.descriptors.add(createFile(writes), { flags: 1 | 16 })
  put(bench, 'abc')
  const writing = bench.call('fd_write', file, VECTOR, 1, RESULT)
  put(bench, 'xyz')
  assert.equal(await writing, ERRNO.success)
  assert.deepEqual(writes, [[5n, 'abc']])
  assert.equal(await bench.call('fd_seek', file, 0n, 1, RESULT), ERRNO.success)
  assert.equal(bench.u64(RESULT), 8n)
  assert.equal(await bench.call('fd_seek', file, 1n, 2, RESULT), ERRNO.success)
  assert.equal(bench.u64(RESULT), 6n)
})

test('a directory that waits opens, lists and renames', async () => {
  const bench = createBench()
  const directory: Partial<OpenDirectory> = {
    kind: 'directory',
    open: async () => await later(createFile([])),
    list: async () => await later([{ name: 'a', inode: 1n, type: FILE_TYPE.regularFile }]),
    rename: refuse,
    readLink: async () => await later('target'),
    statAt: async () => await later(STAT),
  }
  const number = bench.guest.descriptors.add(directory as OpenDirectory)
  assert.equal(await bench.call('path_open', number, 0, ...bench.path('f'), 0, ALL, ALL, 0, RESULT), ERRNO.success)
  assert.equal(bench.u32(RESULT), 4)
  assert.equal(await bench.call('fd_readdir', number, DATA, 100, 0n, RESULT), ERRNO.success)
  assert.equal(bench.u32(RESULT), 25)
  assert.equal(await bench.call('path_rename', number, ...bench.path('a'), number, ...bench.path('b')), ERRNO.acces)
  assert.equal(await bench.call('path_readlink', number, ...bench.path('a'), DATA, 3, RESULT), ERRNO.success)
  assert.equal(bench.text(DATA, 3), 'tar')
  assert.equal(await bench.call('path_filestat_get', number, 0, ...bench.path('a'), 0), ERRNO.success)
  assert.equal(bench.u64(8), 8n)
})

test('sockets are read, written, shut down and closed through either family of functions', async () => {
  const bench = createBench()
  const written: string[] = []
  const socket = bench.guest.descriptors.add(createSocket(written))
  put(bench, 'abc')
  assert.equal(await bench.call('fd_write', socket, VECTOR, 1, RESULT), ERRNO.success)
  assert.equal(await bench.call('sock_send', socket, VECTOR, 1, 0, RESULT), ERRNO.success)
  assert.deepEqual(written, ['abc', 'abc'])
  assert.equal(await bench.call('fd_read', socket, VECTOR, 1, RESULT), ERRNO.success)
  assert.equal(await bench.call('sock_recv', socket, VECTOR, 1, 0, RESULT, RESULT + 4), ERRNO.success)
  assert.equal(bench.u32(RESULT), 3)
  assert.equal(await bench.call('sock_recv', socket, VECTOR, 1, 0, RESULT, RESULT + 4), ERRNO.success)
  assert.equal(bench.u32(RESULT), 0, 'the end')
  written.push('xyz', 'abc')
  bench.store(VECTOR, DATA, 2, DATA + 2, 4)
  assert.equal(await bench.call('sock_recv', socket, VECTOR, 2, 2, RESULT, RESULT + 4), ERRNO.success)
  assert.equal(bench.text(DATA, bench.u32(RESULT)), 'xyzabc')
  assert.equal(bench.call('sock_recv', socket, VECTOR, 1, 1, RESULT, RESULT + 4), ERRNO.notsup)
  assert.equal(bench.call('sock_recv', socket, VECTOR, 1, 4, RESULT, RESULT + 4), ERRNO.inval)
  assert.equal(bench.call('sock_recv', socket, VECTOR, 1, 0, RESULT, -1), ERRNO.fault)
  assert.equal(bench.call('sock_send', socket, VECTOR, 1, 1, RESULT), ERRNO.inval)
  assert.equal(bench.call('sock_shutdown', socket, 0), ERRNO.inval)
  assert.equal(bench.call('sock_shutdown', socket, 4), ERRNO.inval)
  assert.equal(await bench.call('sock_shutdown', socket, 3), ERRNO.success)
  assert.equal(bench.call('fd_fdstat_set_flags', socket, 4), ERRNO.success)
  assert.equal(bench.call('fd_seek', socket, 0n, 0, RESULT), ERRNO.spipe)
  assert.equal(await bench.call('fd_close', socket), ERRNO.success)
  assert.equal(bench.call('fd_close', socket), ERRNO.badf)
})

test('sock_accept gives a connection a descriptor', async () => {
  const bench = createBench()
  const listener = bench.guest.descriptors.add(createSocket())
  assert.equal(await bench.call('sock_accept', listener, 4, RESULT), ERRNO.success)
  assert.equal(bench.u32(RESULT), 4)
  assert.equal(bench.call('fd_fdstat_get', 4, 0), ERRNO.success)
  assert.equal(bench.u32(0), FILE_TYPE.socketStream | (4 << 16))
  assert.equal(bench.call('sock_accept', listener, 1, RESULT), ERRNO.inval)
  assert.equal(bench.call('sock_accept', listener, 0, -1), ERRNO.fault)
  assert.equal(bench.call('sock_accept', 0, 0, RESULT), ERRNO.notsock)
})

test('a descriptor that one takes over another closes what was there', async () => {
  const bench = createBench()
  let closed = 0
  const stream: OpenStream = {
    ...createSocket(),
    close: () => {
      closed++
    },
  }
  const [first, second] = [bench.guest.descriptors.add(stream), bench.guest.descriptors.add(createSocket())]
  assert.equal(await bench.call('fd_renumber', second, first), ERRNO.success)
  assert.equal(closed, 1)
})

test('descriptors.add() throws when the guest has too many open', () => {
  const { guest } = createBench()
  for (let number = 3; number < 1024; number++) assert.equal(guest.descriptors.add(createSocket()), number)
  assert.throws(() => guest.descriptors.add(createSocket()), { errno: ERRNO.mfile })
})
