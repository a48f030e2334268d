import assert from 'node:assert/strict'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bls, type RunningUp, startUp, tempFolder } from './support/bls.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A function as people write them for the existing network, against its SDK. */
const SOURCE = `import { CommandLine, Console } from 'as-wasi/assembly'
import { cgi, strings } from '@blockless/sdk/assembly'

const list = cgi.cgiExtendsList()
Console.log('there are ' + (list == null ? 'none' : list!.length.toString()))
const command = new cgi.CgiCommand('upper', null, null)
if (!command.exec()) Console.log('refused')
else {
  command.stdinWriteString(CommandLine.all[1] + '\\n')
  const buffer = new Array<u8>(100)
  Console.log(strings.buffer2string(buffer, command.stdoutRead(buffer)))
  command.close()
}
`
const EXTENSION = `#!/bin/sh
if [ "$1" = --ext_verify ]; then echo '{"alias":"upper","description":"in capitals","is_cgi":true}'; exit; fi
read -r line
printf '%s' "$line" | tr a-z A-Z
`

describe('a deployed function that starts an extension', () => {
  const owned = new AsyncDisposableStack()
  let up: RunningUp
  let project: string
  let state: string

  before(async () => {
    const folder = owned.use(await tempFolder())
    project = join(folder.path, 'caller')
    state = join(folder.path, 'state')
    const made = await bls(['init', project])
    assert.equal(made.code, 0, made.stderr)
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules')) // as `npm install` would leave it
    await writeFile(join(project, 'assembly/index.ts'), SOURCE)
    const toml = await readFile(join(project, 'bls.toml'), 'utf8')
    await writeFile(
      join(project, 'bls.toml'),
      toml.replace('[deployment]', '[deployment]\npermissions = ["exec:upper"]'),
    )
    await writeFile(join(folder.path, 'upper'), EXTENSION, { mode: 0o755 })
    const added = await bls(['extension', 'add', join(folder.path, 'upper'), '--folder', state, '--json'])
    assert.equal(added.code, 0, added.stderr)
    const operator = { permissions: { allow: ['exec:upper'] }, extensions: { folder: join(state, 'extensions') } }
    await writeFile(join(folder.path, 'operator.json'), JSON.stringify(operator))
    up = owned.use(await startUp(state, ['--operator', join(folder.path, 'operator.json')]))
    const deployed = await bls(['deploy', '--gateway', up.ready.url, '--json'], { cwd: project })
    assert.equal(deployed.code, 0, deployed.stderr)
  })
  after(async () => await owned.disposeAsync())

  async function invoke(text: string): Promise<string> {
    const { code, stdout, stderr } = await bls(['invoke', 'caller', text, '--gateway', up.ready.url])
    assert.equal(code, 0, stderr)
    return stdout
  }

  test('is answered by it, until it is removed', async () => {
    assert.equal(await invoke('hello'), 'there are 1\nHELLO\n')
    const removed = await bls(['extension', 'remove', 'upper', '--folder', state])
    assert.equal(removed.code, 0, removed.stderr)
    assert.equal(await invoke('again'), 'there are 0\nrefused\n')
  })
})
