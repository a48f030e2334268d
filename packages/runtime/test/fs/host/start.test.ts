import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { HostDirectory } from '../../../src/fs/host/guest/host-directory.ts'
import type { HostFolderInit } from '../../../src/fs/host/owner/host-folder.ts'
import { HostFolderError } from '../../../src/fs/host/owner/host-folder-error.ts'
import { HostFolderFamily } from '../../../src/fs/host/owner/host-folder-family.ts'
import { codeOf } from '../../run-helpers.ts'
import { askerOf, createTestFolder, hostRun, textAt } from './folder-helpers.ts'

async function startCodeOf(...folders: Partial<HostFolderInit>[]): Promise<unknown> {
  const whole = folders.map((each, index) => ({ id: `${index}`, path: '/', guestPath: '/x', readOnly: true, ...each }))
  const family = new HostFolderFamily({ folders: whole })
  try {
    return await codeOf(family.start())
  } finally {
    await family.stop()
  }
}

test('start() refuses what no guest could be kept in, with its reason', async () => {
  await using folder = await createTestFolder()
  const { base, inside, outside } = folder
  await writeFile(join(base, 'file'), 'x')
  await symlink('inside', join(base, 'link'))
  await mkdir(join(inside, 'deep'))
  const [unusable, overlap] = ['ERR_HOST_FOLDER_UNUSABLE', 'ERR_HOST_FOLDER_OVERLAP']
  assert.equal(await startCodeOf({ path: join(base, 'none') }), unusable)
  assert.equal(await startCodeOf({ path: join(base, 'file') }), unusable)
  assert.equal(await startCodeOf({ path: 'relative' }), unusable)
  assert.equal(await startCodeOf({ path: `${inside}\0` }), unusable)
  assert.equal(await startCodeOf({ path: inside, guestPath: 'data' }), unusable)
  assert.equal(await startCodeOf({ path: inside, guestPath: '/data/../x' }), unusable)
  assert.equal(await startCodeOf({ path: '/proc' }), unusable)
  assert.equal(await startCodeOf({ path: '/proc/self' }), unusable)
  assert.equal(await startCodeOf({ path: '/sys' }), unusable)
  assert.equal(await startCodeOf({ id: 'a', path: inside }, { id: 'a', path: outside }), unusable)
  assert.equal(await startCodeOf({ path: inside }, { path: join(inside, 'deep') }), overlap)
  assert.equal(await startCodeOf({ path: join(base, 'link/deep') }, { path: inside }), overlap)
  assert.equal(await startCodeOf({ path: inside }, { path: inside }), overlap)
  assert.equal(await startCodeOf({ path: '/' }, { path: inside }), overlap)
  assert.equal(await startCodeOf({ path: inside }, { path: outside }), undefined)
})

test('start() follows links in the path that the operator wrote', async () => {
  await using folder = await createTestFolder()
  await writeFile(join(folder.inside, 'file'), 'mine')
  await symlink('inside', join(folder.base, 'link'))
  const family = new HostFolderFamily({
    folders: [{ id: 'a', path: join(folder.base, 'link'), guestPath: '/', readOnly: true }],
  })
  await family.start()
  const paths: string[] = []
  const session = family.open(
    hostRun({
      decide(action) {
        if (action.kind === 'read') paths.push(action.path)
        return { isAllowed: true }
      },
    }),
  )
  const root = new HostDirectory(askerOf(session), 'a')
  assert.equal(await textAt(root, 'file'), 'mine')
  assert.deepEqual(paths, ['/file'])
  await session.close()
  await family.stop()
})

test('HostFolderError says what to do', () => {
  assert.match(new HostFolderError({ code: 'ERR_HOST_FOLDER_PLATFORM', platform: 'darwin' }).message, /use Linux/)
})
