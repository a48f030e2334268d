import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RIGHT } from '../../src/wasi/descriptors/rights.ts'
import { ERRNO } from '../../src/wasi/errno.ts'
import { createFileBench, FUEL, START_NS } from './bench.ts'
import { ALL, DATA, FLAG, OPEN, open, RESULT, ROOT, read, seek, VECTOR, write } from './file-calls.ts'

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
  bench.call('fd_pread', file, DATA, 17, 0n, RESULT)
  assert.equal(FUEL - bench.fuel.value, 128n, 'two times eight vectors')
  bench.fuel.value = FUEL
  bench.call('fd_readdir', ROOT, DATA, 1000, 0n, RESULT)
  assert.equal(FUEL - bench.fuel.value, 3n * 16n + 1n)
})
