import assert from 'node:assert/strict'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Asker, askFolder } from '../../../src/fs/host/guest/ask-folder.ts'
import { HostDirectory } from '../../../src/fs/host/guest/host-directory.ts'
import { HostFile } from '../../../src/fs/host/guest/host-file.ts'
import { HostFolderFamily } from '../../../src/fs/host/owner/host-folder-family.ts'
import type { Action, Verdict } from '../../../src/policy/gate.ts'
import {
  askerOf,
  CREATE,
  createTestFolder,
  failsWith,
  hostRun,
  openDirectory,
  outcomeOf,
  READ,
  textAt,
  WRITE,
} from './folder-helpers.ts'

/** Allows reading below `/data/open` and `/data/box`, writing below `/data/box`. */
function decide(action: Action): Verdict {
  if (action.kind !== 'read' && action.kind !== 'write') return { isAllowed: false, missing: 'files only' }
  const below = action.kind === 'read' ? ['/data/open', '/data/box'] : ['/data/box']
  const isAllowed = below.some((path) => action.path === path || action.path.startsWith(`${path}/`))
  return isAllowed ? { isAllowed } : { isAllowed, missing: `${action.kind} ${action.path}` }
}

async function createGuarded() {
  const folder = await createTestFolder({ decide })
  for (const name of ['open', 'box', 'shut']) {
    await mkdir(join(folder.inside, name))
    await writeFile(join(folder.inside, name, 'file'), name)
  }
  await symlink('../shut/file', join(folder.inside, 'open/link'))
  await symlink('../open/file', join(folder.inside, 'shut/link'))
  return folder
}

const cases: readonly (readonly [name: string, call: (root: HostDirectory) => Promise<unknown>, outcome: string])[] = [
  ['reading what may be read', (root) => root.open('open/file', READ), 'ok'],
  ['writing what may be read', (root) => root.open('open/file', WRITE), 'perm'],
  ['writing only what may be read', (root) => root.open('open/file', { ...WRITE, read: false }), 'perm'],
  ['truncating what may be read', (root) => root.open('open/file', { ...READ, truncate: true }), 'perm'],
  ['creating where nothing may be written', (root) => root.open('open/new', CREATE), 'perm'],
  ['creating with a reader', (root) => root.open('open/new', { ...READ, create: true }), 'perm'],
  ['writing what may be written', (root) => root.open('box/file', WRITE), 'ok'],
  ['reading what is shut', (root) => root.open('shut/file', READ), 'perm'],
  ['a link to what is shut', (root) => root.open('open/link', READ), 'perm'],
  ['stat of a link to what is shut', (root) => root.statAt('open/link', true), 'perm'],
  ['stat of the link itself', (root) => root.statAt('open/link', false), 'ok'],
  ['a way through what is shut', (root) => root.open('shut/link', READ), 'ok'],
  ['dots to what is shut', (root) => root.open('open/../shut/file', READ), 'perm'],
  ['stat of what is shut', (root) => root.statAt('shut/file', true), 'perm'],
  ['whether something is there in what is shut', (root) => root.statAt('shut/none', true), 'perm'],
  ['whether something deep is there in what is shut', (root) => root.statAt('shut/none/none', true), 'perm'],
  ['whether a file in what is shut is a file', (root) => root.open('shut/file/none', READ), 'perm'],
  ['the root', (root) => root.open('.', READ), 'perm'],
  ['listing the root', (root) => root.list(), 'perm'],
  ['making a directory', (root) => root.createDirectory('open/new'), 'perm'],
  ['removing a file', (root) => root.unlink('open/file'), 'perm'],
  ['removing a directory', (root) => root.removeDirectory('shut'), 'perm'],
  ['taking a file from what is shut', (root) => root.rename('shut/file', root, 'box/new'), 'perm'],
  ['taking a file from what may be read', (root) => root.rename('open/file', root, 'box/new'), 'perm'],
  ['putting a file where nothing may be written', (root) => root.rename('box/file', root, 'open/new'), 'perm'],
  ['a second name of what may be read', (root) => root.link('open/file', false, root, 'box/new'), 'perm'],
  ['a second name of what is shut', (root) => root.link('shut/file', false, root, 'box/new'), 'perm'],
  ['a second name by a link', (root) => root.link('open/link', true, root, 'box/new'), 'perm'],
  ['a link made', (root) => root.symlink('x', 'open/x'), 'perm'],
  ['a link read', (root) => root.readLink('shut/link'), 'perm'],
  ['times set', (root) => root.setTimesAt('open/file', true, { modifiedNs: 0n }), 'perm'],
  ['times of the root', (root) => root.setTimes({ modifiedNs: 0n }), 'perm'],
]

for (const [name, call, outcome] of cases) {
  test(`the gate decides on ${name}: ${outcome}`, async () => {
    await using folder = await createGuarded()
    assert.equal(await outcomeOf(call(folder.root)), outcome)
    assert.deepEqual((await readdir(join(folder.inside, 'open'))).sort(), ['file', 'link'])
    assert.equal(await textAt(folder.root, 'open/file'), 'open')
  })
}

test('the gate is asked about links that the guest makes itself by where they lead', async () => {
  await using folder = await createGuarded()
  await folder.root.symlink('../shut', 'box/way')
  assert.equal(await outcomeOf(folder.root.open('box/way/file', READ)), 'perm')
  assert.equal(await outcomeOf(folder.root.open('box/way/new', CREATE)), 'perm')
  assert.equal(await outcomeOf(folder.root.open('box/way', READ)), 'perm')
})

test('a denied answer says what would allow it', async () => {
  await using folder = await createGuarded()
  const answer = await folder.call('fs.stat_at', { handle: 'data', path: 'shut/file', followSymlink: true })
  assert.deepEqual(answer, { status: 'denied', fields: { missing: 'read /data/shut/file' }, bytes: new Uint8Array() })
})

test('a file that may only be read keeps its times', async () => {
  await using folder = await createGuarded()
  const file = await folder.root.open('open/file', READ)
  await assert.rejects(file.setTimes({ modifiedNs: 0n }) as Promise<void>, failsWith('perm'))
})

test('nothing changes in a read-only folder', async () => {
  await using folder = await createTestFolder({ readOnly: true })
  const { root, inside } = folder
  await mkdir(join(inside, 'dir'))
  await writeFile(join(inside, 'file'), 'file')
  assert.equal(await textAt(root, 'file'), 'file')
  const dir = await openDirectory(root, 'dir')
  const file = await root.open('file', READ)
  for (const call of [
    () => root.open('file', WRITE),
    () => root.open('file', { ...READ, truncate: true }),
    () => root.open('new', CREATE),
    () => root.createDirectory('new'),
    () => root.removeDirectory('dir'),
    () => root.unlink('file'),
    () => root.rename('file', dir, 'file'),
    () => root.link('file', false, dir, 'file'),
    () => root.symlink('file', 'new'),
    () => root.setTimesAt('file', true, { modifiedNs: 0n }),
    () => Promise.resolve(file.setTimes({ modifiedNs: 0n })),
    () => Promise.resolve(dir.setTimes({ modifiedNs: 0n })),
  ]) {
    assert.equal(await outcomeOf(call()), 'rofs')
  }
  assert.equal(await outcomeOf(root.open('file', { ...READ, create: true })), 'ok')
  assert.deepEqual((await readdir(inside)).sort(), ['dir', 'file'])
})

test('nothing goes from one folder to another', async () => {
  await using folder = await createTestFolder()
  const { inside, outside } = folder
  await writeFile(join(outside, 'file'), 'x')
  const family = new HostFolderFamily({
    folders: [
      { id: 'from', path: outside, guestPath: '/from', readOnly: true },
      { id: 'to', path: inside, guestPath: '/to', readOnly: false },
    ],
  })
  await family.start()
  const session = family.open(hostRun())
  const asker = askerOf(session)
  const [from, to] = [new HostDirectory(asker, 'from'), new HostDirectory(asker, 'to')]
  await assert.rejects(from.link('file', false, to, 'file'), failsWith('xdev'))
  await assert.rejects(from.rename('file', to, 'file'), failsWith('xdev'))
  await session.close()
  await family.stop()
})

const statuses = [
  ['denied', 'perm'],
  ['limit', 'nobufs'],
  ['timeout', 'timedout'],
  ['unavailable', 'notsup'],
  ['nospc', 'nospc'],
  ['rofs', 'rofs'],
  ['dquot', 'dquot'],
  ['acces', 'acces'],
  ['constructor', 'io'],
  ['something', 'io'],
] as const
for (const [status, errno] of statuses) {
  test(`askFolder() makes "${status}" ${errno}`, async () => {
    const asker: Asker = { ask: async () => ({ status, fields: {}, bytes: new Uint8Array() }) }
    await assert.rejects(askFolder(asker, 'fs.stat', {}), failsWith(errno))
  })
}

test('what no honest owner answers ends the run', async () => {
  const fieldsOf = (fields: Record<string, string | number>): Asker => ({
    ask: async () => ({ status: 'ok', fields, bytes: new Uint8Array() }),
  })
  await assert.rejects(new HostDirectory(fieldsOf({}), 1).open('x', READ), TypeError)
  await assert.rejects(new HostDirectory(fieldsOf({ entries: 1 }), 1).list(), TypeError)
  await assert.rejects(new HostFile(fieldsOf({ size: 'x' }), 1).stat(), TypeError)
  await assert.rejects(new HostFile(fieldsOf({ written: -1 }), 1).write(0n, new Uint8Array()), TypeError)
  await assert.rejects(new HostDirectory(fieldsOf({ target: 1 }), 1).readLink('x'), TypeError)
})
