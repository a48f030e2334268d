import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFileLayer } from '../../src/fs/layers/file-layer.ts'
import { RIGHT } from '../../src/wasi/descriptors/rights.ts'
import { ERRNO } from '../../src/wasi/errno.ts'
import { type Bench, createBench, createFileBench, FUEL, START_NS } from './bench.ts'

const ROOT = 3
const FOLLOW = 1
const OPEN = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const
const FLAG = { append: 1, sync: 16 } as const
const ALL = (1n << 30n) - 1n
const RESULT = 64
const VECTOR = 80
const DATA = 1024

/** Opens a path below the root; answers the descriptor, or fails the test. */
function open(bench: Bench, path: string, how = 0, rights = ALL, flags = 0): number {
  const errno = bench.call('path_open', ROOT, FOLLOW, ...bench.path(path), how, rights, ALL, flags, RESULT)
  assert.equal(errno, ERRNO.success, `path_open("${path}")`)
  return bench.u32(RESULT)
}

function write(bench: Bench, descriptor: number, text: string): unknown {
  const bytes = new TextEncoder().encode(text)
  new Uint8Array(bench.memory.buffer).set(bytes, DATA)
  bench.store(VECTOR, DATA, bytes.length)
  return bench.call('fd_write', descriptor, VECTOR, 1, RESULT)
}

function read(bench: Bench, descriptor: number, size = 1000): string {
  bench.store(VECTOR, DATA, size)
  assert.equal(bench.call('fd_read', descriptor, VECTOR, 1, RESULT), ERRNO.success)
  return bench.text(DATA, bench.u32(RESULT))
}

function seek(bench: Bench, descriptor: number, offset: bigint, whence: number): bigint {
  assert.equal(bench.call('fd_seek', descriptor, offset, whence, RESULT), ERRNO.success)
  return bench.u64(RESULT)
}

test('fd_prestat_get and fd_prestat_dir_name name the directories a guest has, then the search ends', () => {
  const { call, u32, text } = createBench({
    mounts: [
      { kind: 'memory', path: '/' },
      { kind: 'memory', path: '/tmp' },
    ],
  })
  for (const [number, name] of [
    [3, '/'],
    [4, '/tmp'],
  ] as const) {
    assert.equal(call('fd_prestat_get', number, 0), ERRNO.success)
    assert.deepEqual([u32(0), u32(4)], [0, name.length])
    assert.equal(call('fd_prestat_dir_name', number, 8, name.length - 1), ERRNO.nametoolong)
    assert.equal(call('fd_prestat_dir_name', number, 8, name.length + 1), ERRNO.success)
    assert.equal(text(8, name.length), name)
    assert.equal(call('fd_prestat_dir_name', number, -1, name.length), ERRNO.fault)
  }
  assert.equal(call('fd_prestat_get', 5, 0), ERRNO.badf)
  assert.equal(call('fd_prestat_get', 3, -4), ERRNO.fault)
})

test('a file is written, sought and read at the position of its descriptor', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create)
  assert.equal(file, 4)
  assert.equal(write(bench, file, 'hello'), ERRNO.success)
  assert.equal(bench.u32(RESULT), 5)
  assert.equal(read(bench, file), '')
  assert.equal(seek(bench, file, -4n, 1), 1n)
  assert.equal(read(bench, file, 2), 'el')
  assert.equal(seek(bench, file, 0n, 1), 3n)
  assert.equal(seek(bench, file, -1n, 2), 4n)
  assert.equal(read(bench, file), 'o')
  assert.equal(seek(bench, file, 1n, 0), 1n)
  assert.equal(bench.call('fd_tell', file, RESULT), ERRNO.success)
  assert.equal(bench.u64(RESULT), 1n)
  assert.equal(bench.call('fd_seek', file, -1n, 0, RESULT), ERRNO.inval)
  assert.equal(bench.call('fd_seek', file, (1n << 63n) - 1n, 1, RESULT), ERRNO.inval)
  assert.equal(bench.call('fd_seek', file, 0n, 3, RESULT), ERRNO.inval)
  assert.equal(seek(bench, file, 7n, 0), 7n)
  assert.equal(write(bench, file, '!'), ERRNO.success)
  seek(bench, file, 0n, 0)
  assert.equal(read(bench, file), 'hello\0\0!')
})

test('whence of the unstable snapshot begins with the current position', () => {
  const bench = createFileBench({ snapshot: 'unstable' })
  const file = open(bench, 'f', OPEN.create)
  write(bench, file, 'hello')
  assert.equal(seek(bench, file, -1n, 0), 4n)
  assert.equal(seek(bench, file, -2n, 1), 3n)
  assert.equal(seek(bench, file, 2n, 2), 2n)
})

test('fd_pread and fd_pwrite leave the position alone', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create)
  write(bench, file, 'abcdef')
  bench.store(VECTOR, DATA, 2, DATA + 2, 3)
  assert.equal(bench.call('fd_pread', file, VECTOR, 2, 1n, RESULT), ERRNO.success)
  assert.equal(bench.text(DATA, bench.u32(RESULT)), 'bcdef')
  assert.equal(bench.call('fd_pwrite', file, VECTOR, 2, 8n, RESULT), ERRNO.success)
  assert.equal(seek(bench, file, 0n, 1), 6n)
  assert.equal(read(bench, file), '\0\0bcdef')
  assert.equal(bench.call('fd_pread', file, VECTOR, 2, -1n, RESULT), ERRNO.inval)
  assert.equal(bench.call('fd_pwrite', file, VECTOR, 2, (1n << 63n) - 2n, RESULT), ERRNO.fbig)
  assert.equal(bench.call('fd_pwrite', file, VECTOR, 2, 1n << 40n, RESULT), ERRNO.nospc)
})

test('appending goes to the end, until the flag is taken away', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create, ALL, FLAG.append | FLAG.sync)
  write(bench, file, 'abc')
  seek(bench, file, 0n, 0)
  write(bench, file, 'd')
  bench.store(VECTOR, DATA, 1)
  bench.call('fd_pwrite', file, VECTOR, 1, 0n, RESULT)
  assert.equal(seek(bench, file, 0n, 1), 4n)
  assert.equal(bench.call('fd_fdstat_set_flags', file, 0), ERRNO.success)
  assert.equal(bench.call('fd_fdstat_set_flags', file, 32), ERRNO.inval)
  seek(bench, file, 0n, 0)
  write(bench, file, 'X')
  seek(bench, file, 0n, 0)
  assert.equal(read(bench, file), 'Xbcdd')
})

test('fd_fdstat_get tells kind, flags and rights', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create, RIGHT.fdRead | RIGHT.pathOpen, FLAG.append)
  assert.equal(bench.call('fd_fdstat_get', file, 0), ERRNO.success)
  assert.deepEqual([bench.u32(0), bench.u64(8), bench.u64(16)], [4 | (1 << 16), RIGHT.fdRead, 0n])
  assert.equal(bench.call('fd_fdstat_get', ROOT, 0), ERRNO.success)
  assert.equal(bench.u32(0), 3)
  assert.equal(bench.u64(8) & (RIGHT.fdSeek | RIGHT.fdWrite | RIGHT.fdFilestatSetSize), 0n)
})

test('reading and writing need the right that was asked for; others can only be given up', () => {
  const bench = createFileBench()
  const reader = open(bench, 'f', OPEN.create, RIGHT.fdRead)
  assert.equal(write(bench, reader, 'x'), ERRNO.notcapable)
  assert.equal(bench.call('fd_filestat_set_size', reader, 1n), ERRNO.notcapable)
  assert.equal(bench.call('fd_filestat_get', reader, 0), ERRNO.success)
  const writer = open(bench, 'f', 0, RIGHT.fdWrite)
  assert.equal(bench.call('fd_read', writer, VECTOR, 0, RESULT), ERRNO.notcapable)
  assert.equal(bench.call('fd_filestat_set_size', writer, 1n), ERRNO.success)
  assert.equal(bench.call('fd_fdstat_set_rights', writer, ALL, 0n), ERRNO.notcapable)
  assert.equal(bench.call('fd_fdstat_set_rights', writer, 0n, 0n), ERRNO.success)
  assert.equal(write(bench, writer, 'x'), ERRNO.notcapable)
  const directory = open(bench, '.', OPEN.directory, RIGHT.pathOpen | RIGHT.pathCreateFile)
  assert.equal(bench.call('fd_fdstat_set_rights', directory, 0n, RIGHT.fdRead), ERRNO.success)
  const path = bench.path('f')
  assert.equal(bench.call('path_open', directory, 0, ...path, 0, 0n, 0n, 0, RESULT), ERRNO.notcapable)
})

test('what a directory gave up for its files, they do not have', () => {
  const bench = createFileBench()
  const directory = open(bench, '.', OPEN.directory, ALL & ~RIGHT.fdWrite)
  bench.call('fd_fdstat_get', directory, 0)
  const [base, inheriting] = [bench.u64(8), bench.u64(16)]
  bench.call('fd_fdstat_set_rights', directory, base, inheriting & ~(RIGHT.fdWrite | RIGHT.fdFilestatGet))
  const path = bench.path('f')
  assert.equal(bench.call('path_open', directory, 0, ...path, OPEN.create, ALL, ALL, 0, RESULT), ERRNO.success)
  const file = bench.u32(RESULT)
  assert.equal(write(bench, file, 'x'), ERRNO.notcapable)
  assert.equal(bench.call('fd_filestat_get', file, 0), ERRNO.notcapable)
})

test('fd_filestat_get has the layout of its snapshot', () => {
  for (const [snapshot, links, size] of [
    ['snapshot', 24, 32],
    ['unstable', 20, 24],
  ] as const) {
    const bench = createFileBench({ snapshot })
    const file = open(bench, 'f', OPEN.create)
    write(bench, file, 'abc')
    bench.call('path_link', ROOT, 0, ...bench.path('f'), ROOT, ...bench.path('g'))
    assert.equal(bench.call('fd_filestat_get', file, 0), ERRNO.success)
    assert.deepEqual([bench.u64(0), bench.u64(8), bench.u32(16) & 0xff], [1n, 2n, 4])
    assert.equal(bench.u32(links), 2)
    assert.equal(bench.u64(size), 3n)
    assert.ok(bench.u64(size + 16) >= START_NS)
    const [address, length] = bench.path('g')
    assert.equal(bench.call('path_filestat_get', ROOT, 0, address, length, 200), ERRNO.success)
    assert.equal(bench.text(0, 56), bench.text(200, 56))
  }
})

test('fd_filestat_set_times takes times, now, or refuses both', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create)
  assert.equal(bench.call('fd_filestat_set_times', file, 5n, 7n, 1 | 4), ERRNO.success)
  bench.call('fd_filestat_get', file, 0)
  assert.deepEqual([bench.u64(40), bench.u64(48)], [5n, 7n])
  bench.fuel.value -= 10n
  assert.equal(bench.call('path_filestat_set_times', ROOT, 0, ...bench.path('f'), 0n, 0n, 2 | 8), ERRNO.success)
  bench.call('fd_filestat_get', file, 0)
  assert.ok(bench.u64(40) > START_NS && bench.u64(40) === bench.u64(48))
  for (const flags of [3, 12, 16]) assert.equal(bench.call('fd_filestat_set_times', file, 0n, 0n, flags), ERRNO.inval)
})

test('fd_filestat_set_size and fd_allocate change the size, the latter only upwards', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create)
  const sizeNow = (): bigint => {
    bench.call('fd_filestat_get', file, 0)
    return bench.u64(32)
  }
  assert.equal(bench.call('fd_filestat_set_size', file, 100n), ERRNO.success)
  assert.equal(bench.call('fd_allocate', file, 10n, 20n), ERRNO.success)
  assert.equal(sizeNow(), 100n)
  assert.equal(bench.call('fd_allocate', file, 90n, 20n), ERRNO.success)
  assert.equal(sizeNow(), 110n)
  assert.equal(bench.call('fd_allocate', file, 0n, 0n), ERRNO.inval)
  assert.equal(bench.call('fd_allocate', file, 1n, (1n << 63n) - 1n), ERRNO.fbig)
  assert.equal(bench.call('fd_allocate', file, 0n, 1n << 40n), ERRNO.nospc)
  assert.equal(bench.call('fd_filestat_set_size', file, -1n), ERRNO.fbig)
  assert.equal(bench.call('fd_filestat_set_size', ROOT, 0n), ERRNO.isdir)
  assert.equal(bench.call('fd_advise', file, 0n, 0n, 5), ERRNO.success)
  assert.equal(bench.call('fd_advise', file, 0n, 0n, 6), ERRNO.inval)
  assert.equal(bench.call('fd_sync', file), ERRNO.success)
  assert.equal(bench.call('fd_datasync', ROOT), ERRNO.success)
})

test('path_open makes, truncates and refuses', () => {
  const bench = createFileBench()
  const attempt = (path: string, how: number, rights = 0n): unknown =>
    bench.call('path_open', ROOT, 0, ...bench.path(path), how, rights, 0n, 0, RESULT)
  assert.equal(attempt('f', 0), ERRNO.noent)
  write(bench, open(bench, 'f', OPEN.create), 'abc')
  assert.equal(attempt('f', OPEN.create | OPEN.exclusive), ERRNO.exist)
  assert.equal(attempt('f', OPEN.truncate), ERRNO.success)
  assert.equal(read(bench, open(bench, 'f')), '')
  assert.equal(attempt('f', OPEN.directory), ERRNO.notdir)
  assert.equal(attempt('f', OPEN.create | OPEN.directory), ERRNO.inval)
  assert.equal(attempt('f', 16), ERRNO.inval)
  assert.equal(attempt('.', OPEN.directory, RIGHT.fdRead | RIGHT.fdWrite), ERRNO.isdir)
  assert.equal(attempt('a\0b', 0), ERRNO.inval)
  const [address] = bench.path('f')
  assert.equal(bench.call('path_open', ROOT, 2, address, 1, 0, 0n, 0n, 0, RESULT), ERRNO.inval)
  assert.equal(bench.call('path_open', ROOT, 0, address, 1, 0, 0n, 0n, 32, RESULT), ERRNO.inval)
  assert.equal(bench.call('path_open', ROOT, 0, address, 1, 0, 0n, 0n, 0, -1), ERRNO.fault)
  assert.equal(bench.call('path_open', ROOT, 0, address, 5000, 0, 0n, 0n, 0, RESULT), ERRNO.nametoolong)
  new Uint8Array(bench.memory.buffer)[address] = 0xff
  assert.equal(bench.call('path_open', ROOT, 0, address, 1, 0, 0n, 0n, 0, RESULT), ERRNO.ilseq)
})

test('descriptors get the lowest free number, up to a bound', () => {
  const bench = createFileBench()
  assert.deepEqual([open(bench, 'a', OPEN.create), open(bench, 'b', OPEN.create)], [4, 5])
  assert.equal(bench.call('fd_close', 4), ERRNO.success)
  assert.equal(open(bench, '.', OPEN.directory, 0n), 4)
  assert.equal(bench.call('fd_close', 0), ERRNO.success)
  assert.equal(open(bench, 'a'), 0)
  for (let number = 6; number < 1024; number++) assert.equal(open(bench, 'a'), number)
  assert.equal(bench.call('path_open', ROOT, 0, ...bench.path('new'), OPEN.create, 0n, 0n, 0, RESULT), ERRNO.mfile)
  assert.equal(bench.call('path_filestat_get', ROOT, 0, ...bench.path('new'), 0), ERRNO.noent, 'nothing was made')
})

test('fd_renumber moves a descriptor, also over a stream or a preopened directory', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create)
  assert.equal(bench.call('fd_renumber', file, 1), ERRNO.success)
  assert.equal(write(bench, 1, 'to the file'), ERRNO.success)
  assert.equal(bench.call('fd_close', file), ERRNO.badf)
  assert.equal(bench.guest.output.stdout.length, 0)
  assert.equal(bench.call('fd_renumber', 2, 0), ERRNO.success)
  assert.equal(write(bench, 0, 'err'), ERRNO.success)
  assert.equal(new TextDecoder().decode(bench.guest.output.stderr), 'err')
  assert.equal(bench.call('fd_renumber', 1, 1), ERRNO.success)
  for (const [from, to] of [
    [9, 1],
    [1, 9],
    [9, 9],
  ] as const) {
    assert.equal(bench.call('fd_renumber', from, to), ERRNO.badf)
  }
  assert.equal(bench.call('fd_renumber', 1, ROOT), ERRNO.success)
  assert.equal(bench.call('fd_prestat_get', ROOT, 0), ERRNO.badf)
})

test('fd_readdir cuts off what does not fit and goes on from a cookie', () => {
  const bench = createFileBench()
  for (const name of ['bb', 'a']) open(bench, name, OPEN.create)
  const list = (cookie: bigint, size: number): { used: number; entries: [string, bigint, bigint, number][] } => {
    assert.equal(bench.call('fd_readdir', ROOT, DATA, size, cookie, RESULT), ERRNO.success)
    const used = bench.u32(RESULT)
    const entries: [string, bigint, bigint, number][] = []
    for (let at = DATA; at + 24 <= DATA + used; ) {
      const [nameSize, type] = [bench.u32(at + 16), bench.u32(at + 20)]
      if (at + 24 + nameSize > DATA + used) break
      entries.push([bench.text(at + 24, nameSize), bench.u64(at), bench.u64(at + 8), type])
      at += 24 + nameSize
    }
    return { used, entries }
  }
  const all: [string, bigint, bigint, number][] = [
    ['.', 1n, 1n, 3],
    ['..', 2n, 1n, 3],
    ['a', 3n, 3n, 4],
    ['bb', 4n, 2n, 4],
  ]
  assert.deepEqual(list(0n, 1000), { used: 4 * 24 + 6, entries: all })
  assert.deepEqual(list(2n, 1000).entries, all.slice(2))
  assert.deepEqual(list(3n, 25), { used: 25, entries: [] })
  assert.deepEqual(list(4n, 1000), { used: 0, entries: [] })
  assert.deepEqual(list((1n << 64n) - 1n, 1000).used, 0)
  bench.call('path_unlink_file', ROOT, ...bench.path('a'))
  assert.deepEqual(list(3n, 1000).entries, all.slice(3), 'cookies count in the listing that has begun')
  assert.deepEqual(list(0n, 1000).entries.length, 3)
  assert.equal(bench.call('fd_readdir', ROOT, DATA, -1, 0n, RESULT), ERRNO.fault)
  assert.equal(bench.call('fd_readdir', 1, DATA, 10, 0n, RESULT), ERRNO.notdir)
})

test('listings are kept for their cookies, the oldest ones only while there is room', () => {
  const bench = createFileBench()
  const names = Array.from({ length: 10_000 }, (_, index) => `n${index}`)
  for (const name of names) bench.call('path_symlink', ...bench.path('x'), ROOT, ...bench.path(name))
  const first = (descriptor: number, cookie: bigint): string => {
    assert.equal(bench.call('fd_readdir', descriptor, DATA, 40, cookie, RESULT), ERRNO.success)
    return bench.text(DATA + 24, bench.u32(DATA + 16))
  }
  const directories = Array.from({ length: 7 }, () => open(bench, '.', OPEN.directory, RIGHT.fdReaddir))
  for (const directory of directories) assert.equal(first(directory, 0n), '.')
  bench.call('path_unlink_file', ROOT, ...bench.path('n0'))
  assert.deepEqual(
    directories.slice(1).map((directory) => first(directory, 2n)),
    Array<string>(6).fill('n0'),
  )
  assert.equal(first(directories[0] as number, 2n), 'n1', 'it was listed again')
  assert.equal(first(directories[1] as number, 2n), 'n1', 'it had to go for the one before')
  bench.call('fd_close', directories[2] as number)
  bench.call('fd_renumber', directories[3] as number, directories[4] as number)
  assert.equal(first(directories[4] as number, 2n), 'n0')
})

test('path_readlink cuts off what does not fit', () => {
  const bench = createFileBench()
  assert.equal(bench.call('path_symlink', ...bench.path('target'), ROOT, ...bench.path('link')), ERRNO.success)
  for (const size of [6, 4, 0]) {
    assert.equal(bench.call('path_readlink', ROOT, ...bench.path('link'), DATA, size, RESULT), ERRNO.success)
    assert.equal(bench.text(DATA, bench.u32(RESULT)), 'target'.slice(0, size))
  }
  assert.equal(bench.call('path_readlink', ROOT, ...bench.path('link'), -1, 6, RESULT), ERRNO.fault)
})

test('directories are made, moved and removed by path', () => {
  const bench = createFileBench()
  const on = (name: string, ...paths: string[]): unknown =>
    bench.call(name, ...paths.flatMap((path) => [ROOT, ...bench.path(path)]))
  assert.equal(on('path_create_directory', 'd'), ERRNO.success)
  assert.equal(on('path_create_directory', 'd'), ERRNO.exist)
  assert.equal(on('path_rename', 'd', 'e'), ERRNO.success)
  assert.equal(on('path_unlink_file', 'e'), ERRNO.isdir)
  assert.equal(on('path_remove_directory', 'e'), ERRNO.success)
  assert.equal(on('path_remove_directory', 'e'), ERRNO.noent)
  assert.equal(on('path_create_directory', '/d'), ERRNO.perm)
})

test('a directory is no file, and a file no directory', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create)
  bench.store(VECTOR, DATA, 1)
  for (const name of ['fd_read', 'fd_write']) assert.equal(bench.call(name, ROOT, VECTOR, 1, RESULT), ERRNO.isdir)
  assert.equal(bench.call('fd_seek', ROOT, 0n, 0, RESULT), ERRNO.isdir)
  assert.equal(bench.call('fd_tell', ROOT, RESULT), ERRNO.isdir)
  assert.equal(bench.call('fd_allocate', ROOT, 0n, 1n), ERRNO.isdir)
  assert.equal(bench.call('fd_readdir', file, DATA, 100, 0n, RESULT), ERRNO.notdir)
  assert.equal(bench.call('path_create_directory', file, ...bench.path('x')), ERRNO.notdir)
  assert.equal(bench.call('sock_shutdown', file, 1), ERRNO.notsock)
})

test('a read-only mount with files answers rofs to changes', () => {
  const files = encodeFileLayer([{ path: 'f', bytes: new TextEncoder().encode('abc') }])
  const bench = createBench({ mounts: [{ kind: 'memory', path: '/', files, isReadOnly: true }] })
  assert.equal(read(bench, open(bench, 'f', 0, RIGHT.fdRead)), 'abc')
  assert.equal(bench.call('path_open', ROOT, 0, ...bench.path('f'), 0, RIGHT.fdWrite, 0n, 0, RESULT), ERRNO.rofs)
  assert.equal(bench.call('path_unlink_file', ROOT, ...bench.path('f')), ERRNO.rofs)
})

test('a directory of the host is not linked or renamed across mounts', () => {
  const bench = createBench({
    mounts: [
      { kind: 'memory', path: '/a' },
      { kind: 'memory', path: '/b' },
    ],
  })
  open(bench, 'f', OPEN.create)
  assert.equal(bench.call('path_rename', 3, ...bench.path('f'), 4, ...bench.path('f')), ERRNO.xdev)
  assert.equal(bench.call('path_link', 3, 0, ...bench.path('f'), 4, ...bench.path('f')), ERRNO.xdev)
})

test('poll_oneoff finds files ready, and directories no files', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create)
  bench.store(0, 1, 0, 1, 0, file)
  bench.store(48, 2, 0, 2, 0, file)
  bench.store(96, 3, 0, 1, 0, ROOT)
  assert.equal(bench.call('poll_oneoff', 0, 1024, 3, RESULT), ERRNO.success)
  const errors = [0, 1, 2].map((index) => bench.u32(1024 + index * 32 + 8) & 0xffff)
  assert.deepEqual(errors, [ERRNO.success, ERRNO.success, ERRNO.badf])
})

test('bytes, names and entries are charged', () => {
  const bench = createFileBench()
  const file = open(bench, 'f', OPEN.create)
  assert.equal(FUEL - bench.fuel.value, 64n, 'one name was looked up')
  bench.fuel.value = FUEL
  bench.store(VECTOR, 0, 6400)
  bench.call('fd_write', file, VECTOR, 1, RESULT)
  assert.equal(FUEL - bench.fuel.value, 200n, 'the file grew by what was copied')
  bench.fuel.value = FUEL
  bench.call('fd_pread', file, VECTOR, 1, 0n, RESULT)
  assert.equal(FUEL - bench.fuel.value, 100n)
  bench.fuel.value = FUEL
  bench.call('fd_readdir', ROOT, DATA, 1000, 0n, RESULT)
  assert.equal(FUEL - bench.fuel.value, 3n * 16n + 1n)
})
