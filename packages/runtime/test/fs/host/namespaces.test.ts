import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { execPath } from 'node:process'
import { test } from 'node:test'
import { createTestFolder } from './folder-helpers.ts'

const FIXTURE = new URL('fixtures/in-namespace.ts', import.meta.url).pathname
const MOUNTS = ['--user', '--map-root-user', '--mount', '--pid', '--fork']
/** Root of this machine without its privileges: permissions count again. */
const PERMISSIONS = ['--user']

function whyNot(options: readonly string[]): string | false {
  return spawnSync('unshare', [...options, 'true']).status === 0 ? false : 'this machine gives no user namespaces'
}

async function outcomesOf(options: readonly string[], kind: string): Promise<unknown> {
  await using folder = await createTestFolder()
  return JSON.parse(execFileSync('unshare', [...options, execPath, FIXTURE, kind, folder.base], { encoding: 'utf8' }))
}

test('nothing that is mounted inside a folder is part of it; disks tell their errors', {
  skip: whyNot(MOUNTS),
}, async () => {
  assert.deepEqual(await outcomesOf(MOUNTS, 'mounts'), {
    'read in /proc': 'xdev',
    'read the process': 'xdev',
    'write the process': 'xdev',
    'a magic link': 'perm',
    'a magic link to a directory': 'xdev',
    'a magic link to a descriptor': 'xdev',
    'list /proc': 'xdev',
    'read in a bind mount': 'xdev',
    'create in a bind mount': 'xdev',
    'make a directory in a mount': 'xdev',
    'link into a mount': 'xdev',
    'rename out of a mount': 'xdev',
    'remove from a mount': 'xdev',
    'stat a mount': 'xdev',
    'read a mounted file': 'xdev',
    'truncate a mounted file': 'xdev',
    'remove a mounted file': 'busy',
    'move a mount': 'busy',
    'through a mount and back': 'ok',
    'first write to a full disk': '65536',
    'second write to a full disk': 'nospc',
    'too many files': 'nospc',
    'open to write on a read-only disk': 'rofs',
    'create on a read-only disk': 'rofs',
    'remove on a read-only disk': 'rofs',
    'read on a read-only disk': 'ok',
  })
})

test('what the operating system does not allow is acces', { skip: whyNot(PERMISSIONS) }, async () => {
  assert.deepEqual(await outcomesOf(PERMISSIONS, 'permissions'), {
    'read what is shut': 'acces',
    'stat of what is shut': 'ok',
    'write what may be read': 'acces',
    'open below what may not be entered': 'acces',
    'open below what may only be entered': 'ok',
    'list what may only be entered': 'acces',
    'create in what may only be entered': 'acces',
  })
})
