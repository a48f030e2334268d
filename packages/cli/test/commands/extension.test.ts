import assert from 'node:assert/strict'
import { appendFile, chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { bls, type Ran } from '../support/test-io.ts'

async function program(folder: TemporaryFolder, name: string, answer: string): Promise<string> {
  const path = await folder.write(name, `#!/bin/sh\n[ "$1" = --ext_verify ] && echo '${answer}'\n`)
  await chmod(path, 0o755)
  return path
}

function errorOf({ stderr }: Ran): { code: string; message: string } {
  return JSON.parse(stderr).error
}

test('bls extension installs, lists, checks and removes programs and drivers', async () => {
  await using folder = await temporaryFolder()
  const io = { cwd: folder.path }
  await program(folder, 'echo.sh', '{"alias":"echo","description":"says it again","is_cgi":true}')
  await folder.write('driver.mjs', 'export const open = 1')
  assert.match((await bls(io, 'extension', 'list')).stdout, /^Nothing is installed/)

  const added = await bls(io, 'extension', 'add', 'echo.sh', '--env', 'LANG', '--env', 'TZ')
  assert.equal(added.exitCode, 0, added.stderr)
  assert.match(added.stdout, /extension {4}echo\ndescription {2}says it again\nvariables {4}LANG TZ\n/)
  assert.match(added.stdout, /sha256 +[0-9a-f]{64}\n/)
  assert.match(added.stdout, /"exec:echo"/)
  const driver = await bls(io, 'extension', 'add', 'driver.mjs', '--driver', 'made', '--json')
  assert.deepEqual([JSON.parse(driver.stdout).scheme, JSON.parse(driver.stdout).kind], ['made', 'javascript'])

  assert.match((await bls(io, 'extension', 'list')).stdout, /echo +extension .*\nmade: +driver, javascript /)
  const listed = JSON.parse((await bls(io, 'extension', 'list', '--json')).stdout)
  assert.deepEqual([listed.extensions.length, listed.drivers.length], [1, 1])

  const verified = await bls(io, 'extension', 'verify')
  assert.deepEqual([verified.exitCode, verified.stdout.match(/✓/g)?.length], [0, 2])
  const content = join(folder.path, '.bls', 'extensions', 'content')
  for (const name of await readdir(content)) {
    await chmod(join(content, name), 0o700)
    await appendFile(join(content, name), '\n')
  }
  const failed = await bls(io, 'extension', 'verify', '--json')
  assert.equal(failed.exitCode, 1)
  for (const { problem } of JSON.parse(failed.stdout).checks) assert.equal(problem.code, 'ERR_EXTENSION_CHANGED')

  assert.equal((await bls(io, 'extension', 'remove', 'echo')).stdout, 'Removed echo\n')
  assert.equal((await bls(io, 'extension', 'remove', 'made:', '--json')).stdout, '{"removed":"made:"}\n')
  assert.deepEqual(await readdir(content), [])
})

test('bls extension says what is wrong', async () => {
  await using folder = await temporaryFolder()
  const io = { cwd: folder.path }
  await program(folder, 'other.sh', 'hello')
  await program(folder, 'echo.sh', '{"alias":"echo","is_cgi":true}')
  const other = await bls(io, 'extension', 'add', 'other.sh', '--json')
  assert.deepEqual([other.exitCode, errorOf(other).code], [1, 'ERR_EXTENSION_HANDSHAKE'])
  assert.match(errorOf(other).message, /it answered "hello"/)
  assert.equal(errorOf(await bls(io, 'extension', 'add', 'none', '--json')).code, 'ERR_EXTENSION_FILE')
  assert.equal(errorOf(await bls(io, 'extension', 'remove', 'none', '--json')).code, 'ERR_EXTENSION_UNKNOWN')
  const wrong: readonly (readonly string[])[] = [
    ['add', 'echo.sh', '--alias', '../x'],
    ['add', 'echo.sh', '--env', 'A=B'],
    ['add', 'echo.sh', '--driver', 'tcp'],
    ['add', 'echo.sh', '--driver', 'x', '--alias', 'y'],
    ['add'],
    ['install'],
  ]
  for (const args of wrong) {
    const ran = await bls(io, 'extension', ...args, '--json')
    assert.deepEqual([ran.exitCode, errorOf(ran).code], [2, 'ERR_USAGE'], args.join(' '))
  }
})

test('bls extension has help of its own', async () => {
  await using folder = await temporaryFolder()
  const alone = await bls({ cwd: folder.path }, 'extension')
  assert.equal(alone.exitCode, 2)
  assert.match(alone.stdout, /add.*<file>/)
  const help = await bls({ cwd: folder.path }, 'extension', 'add', '--help')
  assert.equal(help.exitCode, 0)
  assert.match(help.stdout, /--driver <scheme>/)
})
