import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFileLayer } from '../../src/fs/layers/file-layer.ts'
import { RIGHT } from '../../src/wasi/descriptors/rights.ts'
import { ERRNO } from '../../src/wasi/errno.ts'
import { createBench, createFileBench } from './bench.ts'
import { ALL, DATA, OPEN, open, RESULT, ROOT, read, VECTOR, write } from './file-calls.ts'

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
