import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFileLayer, encodeFileLayer, type LayerItem } from '../../../src/fs/layers/file-layer.ts'
import { ReadOnlyDirectory } from '../../../src/fs/layers/read-only-directory.ts'
import type { ErrnoName } from '../../../src/wasi/errno.ts'
import { contentsOf, createTree, errnoOf, namesIn, openDirectory, openFile, PLAIN, put } from '../memory/tree-bench.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const ITEMS: readonly LayerItem[] = [
  { path: 'lib/b.txt', bytes: bytes('bee') },
  { path: 'a.txt', bytes: bytes('aye') },
  { path: 'lib/a.txt', bytes: bytes('') },
  { path: 'empty' },
  { path: 'link', target: 'lib/b.txt' },
]

test('encodeFileLayer() gives the same bytes in whatever order files come', () => {
  assert.deepEqual(encodeFileLayer(ITEMS), encodeFileLayer(ITEMS.toReversed()))
})

const refused: readonly (readonly [items: readonly LayerItem[], why: RegExp])[] = [
  [[{ path: '/a', bytes: bytes('') }], /"\/a" is not a plain/],
  [[{ path: 'a/../b', bytes: bytes('') }], /not a plain/],
  [[{ path: 'a//b', bytes: bytes('') }], /not a plain/],
  [[{ path: 'a\0', bytes: bytes('') }], /not a plain/],
  [[{ path: '', bytes: bytes('') }], /not a plain/],
  [[{ path: 'x'.repeat(256), bytes: bytes('') }], /not a plain/],
  [[{ path: '\ud800', bytes: bytes('') }], /not a plain/],
  [[{ path: 'a' }, { path: 'a', bytes: bytes('') }], /there twice/],
  [
    [
      { path: 'a', bytes: bytes('') },
      { path: 'a/b/c', bytes: bytes('') },
    ],
    /leads through a file/,
  ],
  [[{ path: 'a', target: '' }], /is empty/],
]
for (const [items, why] of refused) {
  test(`encodeFileLayer() refuses ${JSON.stringify(items.map(({ path }) => path))}: ${why}`, () => {
    assert.throws(() => encodeFileLayer(items), why)
  })
}

test('a tree over a layer shows its files and takes no room for them', () => {
  const { root } = createTree({ layer: decodeFileLayer(encodeFileLayer(ITEMS)), bytesMax: 0, entriesMax: 0 })
  assert.deepEqual(namesIn(root), ['a.txt', 'empty', 'lib', 'link'])
  assert.deepEqual(namesIn(openDirectory(root, 'lib')), ['a.txt', 'b.txt'])
  assert.equal(contentsOf(root, 'link'), 'bee')
  assert.deepEqual([root.stat().links, root.statAt('lib', false).inode], [4n, root.statAt('lib/../lib', false).inode])
  assert.equal(root.statAt('a.txt', false).modifiedNs, 1000n, 'files are as old as the run')
})

test('what is written over a layer is copied, what is removed is gone, and the layer stays as it is', () => {
  const encoded = encodeFileLayer(ITEMS)
  const before = encoded.slice()
  const { root, file } = createTree({ layer: decodeFileLayer(encoded) })
  const reader = openFile(root, 'lib/b.txt')
  put(file('lib/b.txt'), 'B')
  put(file('link'), '!', 3n)
  assert.equal(contentsOf(root, 'lib/b.txt'), 'Bee!')
  assert.equal(new TextDecoder().decode(reader.read(0n, 9)), 'Bee!', 'all descriptors see the one file')
  root.unlink('a.txt')
  root.removeDirectory('empty')
  root.rename('lib', root, 'moved')
  assert.deepEqual(namesIn(root), ['link', 'moved'])
  assert.equal(
    errnoOf(() => root.open('a.txt', PLAIN)),
    'noent',
  )
  assert.equal(contentsOf(root, 'moved/b.txt'), 'Bee!')
  openFile(root, 'moved/b.txt', { truncate: true }).setSize(2n)
  assert.equal(contentsOf(root, 'moved/b.txt'), '\0\0')
  assert.deepEqual(encoded, before)
  assert.equal(contentsOf(createTree({ layer: decodeFileLayer(encoded) }).root, 'a.txt'), 'aye')
})

test('copying a file of a layer takes its room', () => {
  const layer = decodeFileLayer(encodeFileLayer(ITEMS))
  const { root, file } = createTree({ layer, bytesMax: 2 })
  assert.equal(
    errnoOf(() => put(file('a.txt'), 'x')),
    'nospc',
  )
  assert.equal(
    errnoOf(() => openFile(root, 'a.txt').setSize(2n)),
    'success',
  )
  assert.equal(contentsOf(root, 'a.txt'), 'ay')
})

test('a read-only mount can be read, and answers every change with rofs', () => {
  const root = new ReadOnlyDirectory(createTree({ layer: decodeFileLayer(encodeFileLayer(ITEMS)) }).root)
  const lib = openDirectory(root, 'lib')
  assert.equal(contentsOf(lib, 'b.txt'), 'bee')
  assert.deepEqual(namesIn(lib), ['a.txt', 'b.txt'])
  assert.equal(root.readLink('link'), 'lib/b.txt')
  const file = openFile(root, 'a.txt', { create: true })
  const answers: readonly (readonly [call: () => unknown, errno: ErrnoName])[] = [
    [() => put(file, 'x'), 'rofs'],
    [() => file.setSize(0n), 'rofs'],
    [() => file.setTimes({}), 'rofs'],
    [() => file.sync(), 'success'],
    [() => root.open('a.txt', { ...PLAIN, write: true }), 'rofs'],
    [() => root.open('a.txt', { ...PLAIN, truncate: true }), 'rofs'],
    [() => root.open('a.txt', { ...PLAIN, create: true, exclusive: true }), 'exist'],
    [() => root.open('link', { ...PLAIN, create: true, exclusive: true }), 'exist'],
    [() => root.open('new', { ...PLAIN, create: true }), 'rofs'],
    [() => root.open('new', { ...PLAIN, create: true, exclusive: true }), 'rofs'],
    [() => root.open('new', { ...PLAIN, write: true }), 'noent'],
    [() => root.open('lib', { ...PLAIN, write: true }), 'isdir'],
    [() => lib.createDirectory('x'), 'rofs'],
    [() => lib.removeDirectory('x'), 'rofs'],
    [() => lib.unlink('b.txt'), 'rofs'],
    [() => lib.rename('b.txt', lib, 'x'), 'rofs'],
    [() => lib.link('b.txt', false, lib, 'x'), 'rofs'],
    [() => lib.symlink('b.txt', 'x'), 'rofs'],
    [() => lib.setTimes({}), 'rofs'],
    [() => lib.setTimesAt('b.txt', false, {}), 'rofs'],
  ]
  for (const [index, [call, errno]] of answers.entries()) assert.equal(errnoOf(call), errno, `call ${index}`)
})
