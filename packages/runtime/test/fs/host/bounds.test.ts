import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { PATH_SIZE_MAX, TRANSFER_SIZE_MAX } from '../../../src/fs/host/fs-limits.ts'
import { HostDirectory } from '../../../src/fs/host/guest/host-directory.ts'
import { HostFile } from '../../../src/fs/host/guest/host-file.ts'
import { DescriptorPool } from '../../../src/fs/host/owner/descriptor-pool.ts'
import { listDirectory } from '../../../src/fs/host/owner/list-directory.ts'
import {
  askerOf,
  CREATE,
  createTestFolder,
  descriptorsBelow,
  failsWith,
  hostRun,
  openDirectory,
  outcomeOf,
  READ,
  writeText,
} from './folder-helpers.ts'

const DATA = { handle: 'data', path: 'x' }
const OPEN = {
  ...DATA,
  read: true,
  write: false,
  create: false,
  exclusive: false,
  truncate: false,
  directory: false,
  followSymlink: true,
}
const wrongCalls: readonly (readonly [name: string, fields: Record<string, string | number | boolean | null>])[] = [
  ['fs.', {}],
  ['fs.chmod', DATA],
  ['fs.open', { ...OPEN, handle: 'x'.repeat(257) }],
  ['fs.close', { handle: 'data' }],
  ['fs.open', DATA],
  ['fs.open', { ...OPEN, handle: null }],
  ['fs.open', { ...OPEN, handle: 0 }],
  ['fs.open', { ...OPEN, handle: 1.5 }],
  ['fs.open', { ...OPEN, handle: -1 }],
  ['fs.open', { ...OPEN, path: 1 }],
  ['fs.open', { ...OPEN, path: null }],
  ['fs.open', { ...OPEN, path: '\ud800' }],
  ['fs.open', { ...OPEN, path: 'x'.repeat(70_000) }],
  ['fs.open', { ...OPEN, create: 'yes' }],
  ['fs.stat', {}],
  ['fs.stat_at', DATA],
  ['fs.set_times', { handle: 'data', accessedNs: 1 }],
  ['fs.set_times', { handle: 'data', accessedNs: '-1' }],
  ['fs.set_times', { handle: 'data', modifiedNs: '18446744073709551616' }],
  ['fs.read', { handle: 2, offset: 0, size: 1 }],
  ['fs.read', { handle: 2, offset: '0', size: TRANSFER_SIZE_MAX + 1 }],
  ['fs.read', { handle: 2, offset: '0', size: -1 }],
  ['fs.read', { handle: 2, offset: '0x1', size: 1 }],
  ['fs.read', { handle: 2, offset: '', size: 1 }],
  ['fs.write', { handle: 2 }],
  ['fs.resize', { handle: 2, size: '-1' }],
  ['fs.rename', { ...DATA, toHandle: 'data' }],
  ['fs.link', { ...DATA, toHandle: 'data', toPath: 'y' }],
  ['fs.symlink', DATA],
]

for (const [name, fields] of wrongCalls) {
  test(`the owner refuses ${name} with ${JSON.stringify(fields).slice(0, 80)}`, async () => {
    await using folder = await createTestFolder()
    await writeText(folder.root, 'x', 'x')
    await folder.root.open('x', { ...READ, write: true })
    await assert.rejects(folder.call(name, fields), TypeError)
  })
}

test('the owner refuses more bytes than one write has', async () => {
  await using folder = await createTestFolder()
  await (await folder.root.open('x', CREATE)).stat()
  await assert.rejects(
    folder.call('fs.write', { handle: 1, offset: '0' }, new Uint8Array(TRANSFER_SIZE_MAX + 1)),
    TypeError,
  )
})

test('handles of another kind, of another run, or none are refused', async () => {
  await using folder = await createTestFolder()
  await writeText(folder.root, 'x', 'x')
  const { asker, root } = folder
  await root.open('x', READ)
  await root.open('.', READ)
  const other = folder.family.open(hostRun())
  await assert.rejects(new HostFile(askerOf(other), 2).stat(), failsWith('badf'))
  await assert.rejects(new HostFile(asker, 1).stat(), failsWith('badf'))
  await assert.rejects(new HostFile(asker, 99).close(), failsWith('badf'))
  await assert.rejects(new HostFile(asker, 3).read(0n, 1), failsWith('isdir'))
  await assert.rejects(new HostDirectory(asker, 2).list(), failsWith('notdir'))
  await assert.rejects(new HostDirectory(asker, 2).open('x', READ), failsWith('notdir'))
  await assert.rejects(new HostDirectory(asker, 'other').stat(), failsWith('nodev'))
  await other.close()
})

test('a run has as many handles as its limits say', async () => {
  await using folder = await createTestFolder({ handlesMax: 2 })
  await writeText(folder.root, 'x', 'x')
  const files = [await folder.root.open('x', READ), await folder.root.open('x', READ)]
  await assert.rejects(folder.root.open('x', READ), failsWith('mfile'))
  await files[0]?.close()
  assert.equal(await outcomeOf(folder.root.open('x', READ)), 'ok')
})

test('all runs together have as many descriptors as the node gives', async () => {
  await using folder = await createTestFolder({ descriptorsMax: 5 })
  await mkdir(join(folder.inside, 'a/b/c/d/e/f/g'), { recursive: true })
  await assert.rejects(folder.root.open('a/b/c/d/e/f/g', READ), failsWith('nfile'))
  assert.equal(await outcomeOf(folder.root.open('a/b', READ)), 'ok')
})

test('DescriptorPool counts what fails to open as closed', async () => {
  const pool = new DescriptorPool(1)
  await assert.rejects(pool.open('/none', 0))
  await pool.close(await pool.open('/', 0))
  assert.equal(pool.count, 0)
})

test('trees deeper than any path are walked in stages, and one path through them is bounded', async () => {
  await using folder = await createTestFolder({ handlesMax: 4 })
  const name = 'd'.repeat(200)
  let directory = await openDirectory(folder.root, '.')
  for (let depth = 0; depth * name.length <= 2 * PATH_SIZE_MAX; depth++) {
    await directory.createDirectory(name)
    const deeper = await openDirectory(directory, name)
    await directory.close()
    directory = deeper
  }
  await writeText(directory, 'file', 'deep')
  // Node's own removal goes by paths, which end before this tree does.
  execFileSync('rm', ['-rf', join(folder.inside, name)])
})

test('one path leads as deep as a walk holds directories, and goes up and down as often as it can say', async () => {
  await using folder = await createTestFolder()
  await mkdir(join(folder.inside, 'd/'.repeat(258)), { recursive: true })
  assert.equal(await outcomeOf(folder.root.statAt('d/'.repeat(257), true)), 'ok')
  assert.equal(await outcomeOf(folder.root.statAt('d/'.repeat(258), true)), 'nametoolong')
  assert.equal(await outcomeOf(folder.root.statAt('d/../'.repeat(800), true)), 'ok')
  assert.equal(await outcomeOf(folder.root.open('d/'.repeat(10_000), READ)), 'nametoolong')
})

test('list() gives every name that a guest can say, in the order of its bytes', async () => {
  await using folder = await createTestFolder()
  const { inside, root } = folder
  const names = [
    'back\\slash',
    'new\nline',
    'A',
    'a',
    'é',
    '\u{1f600}',
    '\uffee',
    'x'.repeat(255),
    ' ',
    '..a',
    '\u0001',
  ]
  for (const name of names) await writeText(root, name, name)
  for (const bytes of [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80]]) {
    await writeFile(Buffer.concat([Buffer.from(`${inside}/`), Buffer.from(bytes)]), 'x')
  }
  const listed = await root.list()
  const byBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['.', '..', ...byBytes],
  )
  const self = (await root.stat()).inode
  assert.deepEqual([listed[0]?.inode, listed[1]?.inode], [self, self])
  for (const { name, inode, type } of listed.slice(2)) {
    const stat = await root.statAt(name, false)
    assert.deepEqual([inode, type], [stat.inode, stat.type])
  }
  assert.equal((await readdir(inside)).length, names.length + 3)
})

test('listDirectory() of more entries than one answer has is refused', async () => {
  await using folder = await createTestFolder()
  for (const name of ['a', 'b', 'c']) await writeText(folder.root, name, name)
  const descriptor = openSync(folder.inside, 'r')
  const hostFolder = { id: 'data', guestPath: '/data', readOnly: false, descriptor, mountId: 0 }
  const handle = { kind: 'directory', folder: hostFolder, descriptor, names: [] } as const
  const { signal } = new AbortController()
  assert.equal((await listDirectory(handle, signal, 3)).length, 5)
  await assert.rejects(listDirectory(handle, signal, 2), failsWith('overflow'))
  closeSync(descriptor)
})

test('close() gives back all descriptors, also with a call under way', async () => {
  await using folder = await createTestFolder()
  await writeText(folder.root, 'x', 'x')
  const before = await descriptorsBelow(folder.base)
  const session = folder.family.open(hostRun())
  const root = new HostDirectory(askerOf(session), 'data')
  for (let index = 0; index < 20; index++) await root.open('x', READ)
  const underWay = [root.open('x', READ), root.list(), root.open('./x', READ)].map(outcomeOf)
  await session.close()
  assert.equal(await descriptorsBelow(folder.base), before)
  assert.ok((await Promise.all(underWay)).every((outcome) => outcome === 'ok' || outcome === 'badf'))
  await assert.rejects(root.stat(), failsWith('badf'))
})

test('stop() ends the calls that are under way before it gives the folders back', async () => {
  await using folder = await createTestFolder()
  await writeText(folder.root, 'x', 'x')
  const underWay = [folder.root.open('x', READ), folder.root.list(), folder.root.stat()].map(outcomeOf)
  await folder.family.stop()
  assert.equal(await descriptorsBelow(folder.base), 0)
  assert.deepEqual(new Set(await Promise.all(underWay)), new Set(['badf']))
  assert.equal(await outcomeOf(new HostDirectory(askerOf(folder.family.open(hostRun())), 'data').stat()), 'nodev')
})

test('a call that is given up goes on to its end before the next begins, and leaves nothing open', async () => {
  await using folder = await createTestFolder()
  await writeText(folder.root, 'x', 'x')
  const before = await descriptorsBelow(folder.base)
  const abort = new AbortController()
  const given = folder.call('fs.open', { ...OPEN, path: './x' }, new Uint8Array(), abort.signal)
  abort.abort(new Error('deadline'))
  await assert.rejects(given, { message: 'deadline' })
  await folder.root.stat()
  assert.equal(await descriptorsBelow(folder.base), before)
  await assert.rejects(folder.call('fs.stat', { handle: 'data' }, undefined, abort.signal), { message: 'deadline' })
})

test('refused opens leave nothing open', async () => {
  await using folder = await createTestFolder()
  await writeText(folder.root, 'x', 'x')
  await folder.root.symlink('x', 'l')
  const before = await descriptorsBelow(folder.base)
  for (const path of ['x/y', 'none', 'l/x', 'none/none', '..', 'x/', 'l']) {
    for (const options of [
      { ...READ, directory: true },
      { ...CREATE, exclusive: true, followSymlink: false },
    ]) {
      await outcomeOf(folder.root.open(path, options).then(async (opened) => await opened.close()))
    }
    await outcomeOf(folder.root.statAt(path, true))
    await outcomeOf(folder.root.readLink(path))
    await outcomeOf(folder.root.link(path, true, folder.root, 'x'))
  }
  assert.equal(await descriptorsBelow(folder.base), before)
})
