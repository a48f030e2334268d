import assert from 'node:assert/strict'
import { lstat, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { FILE_TYPE } from '../../../src/fs/file-system.ts'
import {
  CREATE,
  createTestFolder,
  failsWith,
  openDirectory,
  openFile,
  outcomeOf,
  READ,
  type TestFolder,
  textAt,
  WRITE,
  writeText,
} from './folder-helpers.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

test('HostFile reads and writes at offsets, grows with zeros and is cut off', async () => {
  await using folder = await createTestFolder()
  const file = await openFile(folder.root, 'a.txt', CREATE)
  assert.equal(await file.write(0n, bytes('hello')), 5)
  assert.equal(await file.write(8n, bytes('x')), 1)
  assert.equal(text(await file.read(0n, 100)), 'hello\0\0\0x')
  assert.equal(text(await file.read(1n, 3)), 'ell')
  assert.equal((await file.read(9n, 1)).length, 0)
  assert.equal((await file.read(2n ** 64n - 1n, 1)).length, 0)
  await file.setSize(2n)
  await file.setSize(4n)
  await file.sync()
  assert.equal((await file.stat()).size, 4n)
  await assert.rejects(file.write(2n ** 63n, bytes('x')), failsWith('fbig'))
  await assert.rejects(file.setSize(2n ** 64n - 1n), failsWith('fbig'))
  await file.close()
  assert.equal(await readFile(join(folder.inside, 'a.txt'), 'latin1'), 'he\0\0')
  await assert.rejects(file.stat(), failsWith('badf'))
})

test('HostFile moves more than one call holds in several', async () => {
  await using folder = await createTestFolder()
  const large = new Uint8Array(2_500_000).map((_, index) => index % 251)
  const file = await openFile(folder.root, 'large', CREATE)
  assert.equal(await file.write(0n, large), large.length)
  assert.deepEqual(await file.read(0n, 3_000_000), large)
  assert.deepEqual(await file.read(1n, 1 << 20), large.subarray(1, 1 + (1 << 20)))
})

test('HostFile does what it was opened for only', async () => {
  await using folder = await createTestFolder()
  await writeText(folder.root, 'a', 'abc')
  const reader = await openFile(folder.root, 'a', READ)
  await assert.rejects(reader.write(0n, bytes('x')), failsWith('badf'))
  await assert.rejects(reader.setSize(0n), failsWith('badf'))
  const writer = await openFile(folder.root, 'a', { ...WRITE, read: false })
  await assert.rejects(writer.read(0n, 1), failsWith('badf'))
  await folder.root.unlink('a')
  assert.equal(text(await reader.read(0n, 9)), 'abc')
  assert.equal((await reader.stat()).links, 0n)
})

const opens: readonly (readonly [path: string, options: Partial<typeof READ>, outcome: string])[] = [
  ['file', {}, 'ok'],
  ['file', { directory: true }, 'notdir'],
  ['file/', {}, 'notdir'],
  ['file///', {}, 'notdir'],
  ['file/x', {}, 'notdir'],
  ['file', { create: true, exclusive: true }, 'exist'],
  ['dir', {}, 'ok'],
  ['dir/', { directory: true }, 'ok'],
  ['dir', { write: true }, 'isdir'],
  ['dir', { create: true }, 'isdir'],
  ['dir', { create: true, directory: true }, 'inval'],
  ['dir', { truncate: true }, 'isdir'],
  ['.', {}, 'ok'],
  ['./dir/./../dir/', {}, 'ok'],
  ['dir/..', {}, 'ok'],
  ['none', {}, 'noent'],
  ['', {}, 'noent'],
  ['none/x', { create: true }, 'noent'],
  ['new/', { create: true }, 'isdir'],
  ['link', {}, 'ok'],
  ['link', { followSymlink: false }, 'loop'],
  ['link', { followSymlink: false, directory: true }, 'loop'],
  ['link', { create: true, exclusive: true }, 'exist'],
  ['dirlink', { directory: true }, 'ok'],
  ['dirlink/', { followSymlink: false }, 'ok'],
  ['slashlink', {}, 'notdir'],
  ['dangling', {}, 'noent'],
  ['dangling', { write: true, create: true }, 'ok'],
  ['self', {}, 'loop'],
  ['self/x', {}, 'loop'],
  ['fil\0e', {}, 'inval'],
  [`${'n'.repeat(256)}`, {}, 'nametoolong'],
  [`${'n'.repeat(256)}`, { create: true, write: true }, 'nametoolong'],
  [`${'d/'.repeat(10_000)}`, {}, 'nametoolong'],
  [`${'dir/../'.repeat(500)}file`, {}, 'ok'],
  ['/dir', {}, 'perm'],
  ['..', {}, 'perm'],
  ['dir/../..', {}, 'perm'],
]

for (const [path, options, outcome] of opens) {
  test(`open() of "${path.slice(0, 40)}" with ${JSON.stringify(options)} ends as ${outcome}`, async () => {
    await using folder = await createTestFolder()
    await createTree(folder)
    assert.equal(await outcomeOf(folder.root.open(path, { ...READ, ...options })), outcome)
  })
}

async function createTree({ inside }: TestFolder): Promise<void> {
  await mkdir(join(inside, 'dir'))
  await writeFile(join(inside, 'file'), 'file')
  for (const [name, target] of [
    ['link', 'dir/../file'],
    ['dirlink', './dir'],
    ['slashlink', 'file/'],
    ['dangling', 'dir/new'],
    ['self', 'self'],
  ] as const) {
    await symlink(target, join(inside, name))
  }
}

test('open() truncates and creates through links that lead nowhere yet', async () => {
  await using folder = await createTestFolder()
  await createTree(folder)
  await (await openFile(folder.root, 'link', { ...WRITE, truncate: true })).close()
  assert.equal((await stat(join(folder.inside, 'file'))).size, 0)
  await writeText(folder.root, 'dangling', 'made')
  assert.equal(await readFile(join(folder.inside, 'dir/new'), 'utf8'), 'made')
})

test('paths are made, renamed, linked and removed as POSIX says', async () => {
  await using folder = await createTestFolder()
  const { root } = folder
  const outcomes = async (...calls: (() => Promise<unknown>)[]): Promise<string[]> => {
    const ends: string[] = []
    for (const call of calls) ends.push(await outcomeOf(call()))
    return ends
  }
  await root.createDirectory('sub/')
  const sub = await openDirectory(root, 'sub')
  await writeText(root, 'a', 'a')
  await writeText(sub, 'b', 'b')
  assert.deepEqual(
    await outcomes(
      () => root.createDirectory('sub'),
      () => root.createDirectory('.'),
      () => root.removeDirectory('sub'),
      () => root.removeDirectory('a'),
      () => root.removeDirectory('a/'),
      () => root.removeDirectory('.'),
      () => root.unlink('sub'),
      () => root.unlink('sub/'),
      () => root.unlink('a/'),
      () => root.unlink('none/'),
      () => root.rename('a', root, 'sub'),
      () => root.rename('sub', root, 'a'),
      () => root.rename('a/', root, 'c'),
      () => root.rename('a', root, 'c/'),
      () => root.rename('.', root, 'c'),
      () => root.rename('sub', sub, 'deeper'),
      () => root.link('a', false, sub, 'b'),
      () => root.link('a', false, root, 'c/'),
      () => root.link('sub', false, root, 'c'),
      () => root.symlink('a', 'sub/'),
      () => root.symlink('a', 'a/'),
      () => root.symlink('a', 'none/'),
      () => root.symlink('', 'empty'),
      () => root.readLink('a'),
      () => root.readLink('none'),
    ),
    [
      ...['exist', 'exist', 'notempty', 'notdir', 'notdir', 'inval', 'isdir', 'isdir', 'notdir', 'noent'],
      ...['isdir', 'notdir', 'notdir', 'notdir', 'busy', 'inval', 'exist', 'noent', 'perm'],
      ...['exist', 'notdir', 'noent', 'noent', 'inval', 'noent'],
    ],
  )
  await root.rename('a', sub, 'b')
  assert.equal(await textAt(sub, 'b'), 'a')
  await sub.link('b', false, root, 'again')
  assert.equal((await root.statAt('again', true)).links, 2n)
  await root.symlink('sub/b', 'link')
  assert.equal(await root.readLink('link'), 'sub/b')
  await root.link('link', false, root, 'link2')
  assert.equal(await readlink(join(folder.inside, 'link2')), 'sub/b')
  await root.link('link', true, root, 'file2')
  assert.equal((await lstat(join(folder.inside, 'file2'))).nlink, 3)
  await root.rename('sub/', root, 'moved/')
  assert.equal(await textAt(sub, 'b'), 'a')
  await root.unlink('link')
  await root.unlink('moved/b')
  await root.removeDirectory('moved/')
  assert.equal(await outcomeOf(sub.open('x', CREATE)), 'noent')
})

test('links to names that are no UTF-8 lead nowhere', async () => {
  await using folder = await createTestFolder()
  await symlink(Buffer.from([0x61, 0xff]), join(folder.inside, 'link'))
  await writeFile(join(folder.inside, 'a\uFFFD'), 'another')
  await symlink('a\uFFFD', join(folder.inside, 'replacement'))
  assert.equal(await outcomeOf(folder.root.open('link', READ)), 'ilseq')
  assert.equal(await outcomeOf(folder.root.readLink('link')), 'ilseq')
  assert.equal(await textAt(folder.root, 'replacement'), 'another')
})

test('stat() tells what the system knows, of links too', async () => {
  await using folder = await createTestFolder()
  await createTree(folder)
  const known = await lstat(join(folder.inside, 'file'), { bigint: true })
  const told = await folder.root.statAt('link', true)
  assert.deepEqual(told, {
    device: known.dev,
    inode: known.ino,
    type: FILE_TYPE.regularFile,
    links: known.nlink,
    size: known.size,
    accessedNs: known.atimeNs,
    modifiedNs: known.mtimeNs,
    changedNs: known.ctimeNs,
  })
  assert.equal((await folder.root.statAt('link', false)).type, FILE_TYPE.symbolicLink)
  assert.equal((await folder.root.stat()).type, FILE_TYPE.directory)
  await assert.rejects(folder.root.statAt('none', false), failsWith('noent'))
})

test('setTimes() sets each time alone, of files, directories and links; the run reads them back exactly', async () => {
  await using folder = await createTestFolder()
  await createTree(folder)
  const { root } = folder
  const before = await root.statAt('file', false)
  const file = await openFile(root, 'file', READ)
  const asked = before.modifiedNs - 100n
  await file.setTimes({ modifiedNs: asked })
  const after = await root.statAt('file', false)
  assert.deepEqual([after.modifiedNs, after.accessedNs], [asked, before.accessedNs])
  const onDisk = (await lstat(join(folder.inside, 'file'), { bigint: true })).mtimeNs
  assert.ok(onDisk - asked < 239n && asked - onDisk < 239n, `${onDisk - asked} ns beside it`)
  await root.setTimesAt('link', false, { accessedNs: 5n * 10n ** 9n })
  assert.equal((await root.statAt('link', false)).accessedNs, 5n * 10n ** 9n)
  assert.equal((await file.stat()).accessedNs, before.accessedNs)
  await root.setTimesAt('link', true, { accessedNs: 0n })
  assert.equal((await lstat(join(folder.inside, 'file'), { bigint: true })).atimeNs, 0n)
  await root.setTimes({ accessedNs: 1n, modifiedNs: 2n * 10n ** 9n })
  assert.deepEqual([(await root.stat()).accessedNs, (await root.stat()).modifiedNs], [1n, 2n * 10n ** 9n])
  await writeFile(join(folder.inside, 'file'), 'changed by another')
  assert.notEqual((await file.stat()).modifiedNs, asked)
  await root.sync()
})
