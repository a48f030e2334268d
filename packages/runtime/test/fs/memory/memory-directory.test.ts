import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryDirectory } from '../../../src/fs/memory/memory-directory.ts'
import type { ErrnoName } from '../../../src/wasi/errno.ts'
import { contentsOf, createTree, errnoOf, namesIn, openDirectory, openFile, PLAIN, put } from './tree-bench.ts'

/** `d/` with `d/f` and an empty `d/e`, a file `f`, links `to-d`, `to-f`, `nowhere`, `self`, `out`. */
function createSample(): MemoryDirectory {
  const { root, file } = createTree()
  root.createDirectory('d')
  root.createDirectory('d/e')
  for (const path of ['f', 'd/f']) put(file(path), path)
  root.symlink('d', 'to-d')
  root.symlink('d/f', 'to-f')
  root.symlink('missing', 'nowhere')
  root.symlink('self', 'self')
  root.symlink('../f', 'd/up')
  root.symlink('../../f', 'd/out')
  return root
}

const open =
  (path: string, options = {}) =>
  (root: MemoryDirectory): unknown =>
    root.open(path, { ...PLAIN, ...options })
const CREATE = { create: true }
const NEW = { create: true, exclusive: true }
const NOFOLLOW = { followSymlink: false }

const answers: readonly (readonly [name: string, call: (root: MemoryDirectory) => unknown, errno: ErrnoName])[] = [
  ['a plain path opens', open('d/f'), 'success'],
  ['dots and slashes say nothing', open('d//.././d/./f'), 'success'],
  ['a directory may end with slashes', open('d///'), 'success'],
  ['a file may not', open('d/f/'), 'notdir'],
  ['nor lead further', open('f/x'), 'notdir'],
  ['nor be a directory', open('f', { directory: true }), 'notdir'],
  ['nothing has an empty name', open(''), 'noent'],
  ['absolute paths lead nowhere', open('/d/f'), 'perm'],
  ['.. does not lead out', open('..'), 'perm'],
  ['not even to come back', open('d/../../d/f'), 'perm'],
  ['a link leads on', open('to-d/f'), 'success'],
  ['a link leads up within the tree', open('d/up'), 'success'],
  ['a link does not lead out', open('d/out'), 'perm'],
  ['a link to itself ends', open('self'), 'loop'],
  ['a link at the end is not followed unless that is asked for', open('to-f', NOFOLLOW), 'loop'],
  ['but a slash behind it asks for that', open('to-d/', NOFOLLOW), 'success'],
  ['a link to nothing', open('nowhere'), 'noent'],
  ['a link to nothing makes its target', open('nowhere', CREATE), 'success'],
  ['a new file is not made through a link', open('nowhere', NEW), 'exist'],
  ['a new file must be new', open('f', NEW), 'exist'],
  ['a file is not made in a missing directory', open('x/y', CREATE), 'noent'],
  ['a file is not made with a slash', open('x/', CREATE), 'isdir'],
  ['a directory is not opened to write', open('d', { write: true }), 'isdir'],
  ['a directory is not truncated', open('d', { truncate: true }), 'isdir'],
  ['a directory is not made as a file', open('d', CREATE), 'isdir'],
  ['a name of 255 bytes', open('x'.repeat(255), CREATE), 'success'],
  ['a name of 256 bytes', open('x'.repeat(256), CREATE), 'nametoolong'],
  ['a name of 256 bytes in fewer letters', open('ä'.repeat(128), CREATE), 'nametoolong'],
  ['mkdir of what is there', (root) => root.createDirectory('d'), 'exist'],
  ['mkdir of a link', (root) => root.createDirectory('nowhere'), 'exist'],
  ['mkdir of .', (root) => root.createDirectory('.'), 'exist'],
  ['mkdir with a slash', (root) => root.createDirectory('new/'), 'success'],
  ['rmdir of a file', (root) => root.removeDirectory('f'), 'notdir'],
  ['rmdir of a link', (root) => root.removeDirectory('to-d'), 'notdir'],
  ['rmdir of a link with a slash', (root) => root.removeDirectory('to-d/'), 'notdir'],
  ['rmdir of a full directory', (root) => root.removeDirectory('d'), 'notempty'],
  ['rmdir of an empty one', (root) => root.removeDirectory('d/e/'), 'success'],
  ['rmdir of .', (root) => root.removeDirectory('d/e/.'), 'inval'],
  ['rmdir of ..', (root) => root.removeDirectory('d/e/..'), 'notempty'],
  ['rmdir of nothing', (root) => root.removeDirectory('x'), 'noent'],
  ['unlink of a directory', (root) => root.unlink('d'), 'isdir'],
  ['unlink of a file with a slash', (root) => root.unlink('f/'), 'notdir'],
  ['unlink of a link', (root) => root.unlink('nowhere'), 'success'],
  ['unlink of nothing', (root) => root.unlink('x'), 'noent'],
  ['rename of nothing', (root) => root.rename('x', root, 'y'), 'noent'],
  ['rename of the root', (root) => root.rename('.', root, 'y'), 'busy'],
  ['rename to itself', (root) => root.rename('d', root, 'd'), 'success'],
  ['rename of a directory into itself', (root) => root.rename('d', root, 'd/e/x'), 'inval'],
  ['rename of a directory over a full one', (root) => root.rename('d/e', root, 'd'), 'notempty'],
  ['rename of a directory over a file', (root) => root.rename('d', root, 'f'), 'notdir'],
  ['rename of a file over a directory', (root) => root.rename('f', root, 'd/e'), 'isdir'],
  ['rename of a file to a path with a slash', (root) => root.rename('f', root, 'x/'), 'notdir'],
  ['rename to another tree', (root) => root.rename('f', createTree().root, 'f'), 'xdev'],
  ['link to what is there', (root) => root.link('f', false, root, 'd/f'), 'exist'],
  ['link of a directory', (root) => root.link('d', false, root, 'x'), 'perm'],
  ['link of a link to nothing', (root) => root.link('nowhere', false, root, 'x'), 'success'],
  ['link of nothing through a link', (root) => root.link('nowhere', true, root, 'x'), 'noent'],
  ['link to a path with a slash', (root) => root.link('f', false, root, 'x/'), 'noent'],
  ['link to another tree', (root) => root.link('f', false, createTree().root, 'f'), 'xdev'],
  ['symlink to an absolute target', (root) => root.symlink('/f', 'x'), 'perm'],
  ['symlink to nothing at all', (root) => root.symlink('', 'x'), 'noent'],
  ['symlink over a file', (root) => root.symlink('x', 'f'), 'exist'],
  ['symlink with a slash', (root) => root.symlink('x', 'y/'), 'noent'],
  ['symlink with a slash over a directory', (root) => root.symlink('x', 'd/'), 'exist'],
  ['readlink of a link', (root) => root.readLink('nowhere'), 'success'],
  ['readlink of a file', (root) => root.readLink('f'), 'inval'],
  ['stat of a link to nothing', (root) => root.statAt('nowhere', false), 'success'],
  ['stat through a link to nothing', (root) => root.statAt('nowhere', true), 'noent'],
]

for (const [name, call, errno] of answers) {
  test(`${name}: ${errno}`, () => {
    const root = createSample()
    assert.equal(
      errnoOf(() => call(root)),
      errno,
    )
  })
}

test('40 links may be followed, 41 not', () => {
  const { root, file } = createTree()
  file('0')
  for (let index = 1; index <= 41; index++) root.symlink(`${index - 1}`, `${index}`)
  assert.equal(
    errnoOf(() => root.open('40', PLAIN)),
    'success',
  )
  assert.equal(
    errnoOf(() => root.open('41', PLAIN)),
    'loop',
  )
})

test('a directory opened by itself is left by no path, not even into its parent', () => {
  const sub = openDirectory(createSample(), 'd')
  assert.equal(
    errnoOf(() => sub.open('../f', PLAIN)),
    'perm',
  )
  assert.equal(
    errnoOf(() => sub.open('up', PLAIN)),
    'perm',
  )
  assert.equal(
    errnoOf(() => sub.open('f', PLAIN)),
    'success',
  )
})

test('list() is in the order of bytes, whatever the order of making', () => {
  const { root, file } = createTree()
  const names = ['b', 'a', 'B', 'ä', '\u{ffff}', '\u{10000}', 'aa', '10', '9']
  for (const name of names) file(name)
  const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  assert.deepEqual(namesIn(root), sorted)
  root.unlink('aa')
  root.rename('B', root, 'c')
  assert.deepEqual(
    namesIn(root),
    [...sorted.filter((name) => name !== 'aa' && name !== 'B'), 'c'].sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    ),
  )
  assert.deepEqual(
    root
      .list()
      .slice(0, 2)
      .map(({ name, inode }) => [name, inode]),
    [
      ['.', 1n],
      ['..', 1n],
    ],
  )
})

test('a removed directory that is open is empty, and nothing can be made in it', () => {
  const { root } = createTree()
  root.createDirectory('d')
  const sub = openDirectory(root, 'd')
  root.removeDirectory('d')
  assert.deepEqual(namesIn(sub), [])
  assert.equal(
    errnoOf(() => sub.createDirectory('x')),
    'noent',
  )
  assert.equal(
    errnoOf(() => sub.open('x', { ...PLAIN, create: true })),
    'noent',
  )
  assert.equal(
    errnoOf(() => sub.open('x', PLAIN)),
    'noent',
  )
})

test('a moved directory keeps its files and knows its new parent', () => {
  const root = createSample()
  root.createDirectory('g')
  root.rename('d', root, 'g/h')
  assert.equal(contentsOf(root, 'g/h/f'), 'd/f')
  assert.equal(openDirectory(root, 'g/h').list()[1]?.inode, root.statAt('g', false).inode)
  assert.deepEqual([root.stat().links, root.statAt('g', false).links, root.statAt('g/h', false).links], [3n, 3n, 3n])
})

test('inodes count what was made, and times follow the clock', () => {
  const { root, file, world } = createTree()
  file('a')
  world.nowNs = 2000n
  put(file('b'), 'x')
  assert.deepEqual(
    [root.statAt('a', false), root.statAt('b', false)].map(({ inode, modifiedNs }) => [inode, modifiedNs]),
    [
      [2n, 1000n],
      [3n, 2000n],
    ],
  )
  assert.equal(root.stat().modifiedNs, 2000n)
  world.nowNs = 3000n
  root.setTimesAt('a', false, { modifiedNs: 5n })
  const { accessedNs, modifiedNs, changedNs } = root.statAt('a', false)
  assert.deepEqual([accessedNs, modifiedNs, changedNs], [1000n, 5n, 3000n])
  root.symlink('a', 'l')
  root.setTimesAt('l', false, { modifiedNs: 7n })
  root.setTimesAt('l', true, { accessedNs: 8n })
  assert.deepEqual([root.statAt('l', false).modifiedNs, root.statAt('a', false).accessedNs], [7n, 8n])
})

test('hard links are one file, which lives until its last name and descriptor are gone', () => {
  const { root, file } = createTree({ bytesMax: 10 })
  const made = file('a')
  put(made, '12345678')
  made.close()
  root.link('a', false, root, 'b')
  assert.deepEqual([root.statAt('a', false).links, root.statAt('b', false).inode], [2n, root.statAt('a', false).inode])
  root.rename('a', root, 'b')
  assert.deepEqual(namesIn(root), ['a', 'b'], 'renaming a name of a file to another of its names does nothing')
  const open = openFile(root, 'a')
  root.unlink('a')
  root.unlink('b')
  assert.equal(new TextDecoder().decode(open.read(0n, 100)), '12345678')
  assert.equal(
    errnoOf(() => put(file('c'), '12345678')),
    'nospc',
  )
  open.close()
  open.close()
  assert.equal(
    errnoOf(() => put(file('c'), '12345678')),
    'success',
    'closing it twice gives its bytes back once',
  )
  assert.equal(
    errnoOf(() => put(file('c'), '123', 8n)),
    'nospc',
  )
})

test('work is charged: names looked up, and directories that are large', () => {
  const { root, world } = createTree()
  root.createDirectory('a')
  world.fuel = 0
  root.statAt('a/../a/../a', false)
  assert.equal(world.fuel, 3 * 64)
})
