import assert from 'node:assert/strict'
import { appendFile, chmod, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { CgiSession } from '../../../src/host/extension/cgi-session.ts'
import { ExtensionStore } from '../../../src/host/extension/extension-store.ts'
import type { ProcessLimits } from '../../../src/host/extension/process-limits.ts'
import { isAlive } from '../../../src/host/extension/run-folders.ts'
import { Places } from '../../../src/host/shared/places.ts'
import type { HostRun } from '../../../src/host-call/host-family.ts'
import { CLOSED_GATE } from '../../../src/policy/gate.ts'
import { type Ask, asking, eventually, handleOf, hostRun, openGate, testFolder } from '../host-helpers.ts'

const LIMITS: ProcessLimits = { cpuSeconds: 10, memoryBytes: 2 * 1024 ** 3, fileBytes: 1024 * 1024, filesMax: 64 }
/** A Node program, which answers the handshake and then does what `body` says. */
const node = (body: string): string =>
  `#!${process.execPath}
if (process.argv[2] === '--ext_verify') console.log('{"alias":"tool","description":"a tool","is_cgi":true,"envs":["LANG"]}')
else { ${body} }\n`
const shell = (body: string): string =>
  `#!/bin/sh\nif [ "$1" = --ext_verify ]; then echo '{"alias":"tool","is_cgi":true}'; exit; fi\n${body}\n`

interface Installed extends AsyncDisposable {
  readonly path: string
  readonly ask: Ask
  readonly session: CgiSession
  readonly processes: Places
  open(request: object): Promise<number>
  /** All output until its end. */
  readAll(handle: number, from?: string): Promise<string>
}

async function install(program: string, run: Partial<HostRun> = {}, limits = LIMITS): Promise<Installed> {
  const folder = await testFolder()
  const path = join(folder.path, 'extensions')
  const store = new ExtensionStore(path, { clock: systemClock })
  await store.add(await folder.program('tool', program))
  const processes = new Places(4)
  const session = new CgiSession(hostRun(run), { store, processes, limits })
  const ask = asking(session)
  return {
    path,
    ask,
    session,
    processes,
    open: async (request) => handleOf(await ask('cgi.open', {}, JSON.stringify({ command: 'tool', ...request }))),
    readAll: async (handle, from = 'stdout') => {
      const parts: Uint8Array[] = []
      for (;;) {
        const { status, bytes } = await ask('cgi.read', { handle, from, size: 1000 })
        assert.equal(status, 'ok')
        if (bytes.length === 0) return Buffer.concat(parts).toString()
        parts.push(bytes)
      }
    },
    [Symbol.asyncDispose]: async () => {
      await session.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

suite('an extension', () => {
  test('talks over its pipes, and sees nothing of the node', async () => {
    const body = `
      const { readdirSync, readFileSync } = require('node:fs')
      const facts = { args: process.argv.slice(2), env: process.env, cwd: process.cwd(), files: readdirSync('.') }
      facts.descriptors = readFileSync('/proc/self/limits', 'utf8').match(/open files +(\\d+)/)[1]
      console.log(JSON.stringify(facts))
      console.error('to stderr')
      process.stdin.on('data', (bytes) => { process.stdout.write('<' + bytes + '>'); process.stdin.destroy() })`
    await using installed = await install(node(body))
    const envs = [
      { env_name: 'LANG', env_val: 'C' },
      { name: 'NODE_OPTIONS', value: '--import=data:text/javascript,process.exit(7)' },
    ]
    const handle = await installed.open({ args: ['a b', '$HOME', '`id`', ';exit'], envs })
    assert.equal((await installed.ask('cgi.write', { handle }, 'ping')).fields['size'], 4)
    const [facts = '', echoed] = (await installed.readAll(handle)).split('\n')
    const { cwd, ...rest } = JSON.parse(facts)
    assert.match(cwd, /\/run\/\d+-[0-9a-f]{32}\/work$/)
    assert.deepEqual(rest, {
      args: ['a b', '$HOME', '`id`', ';exit'],
      env: { LANG: 'C', PWD: cwd },
      files: [],
      descriptors: '64',
    })
    assert.equal(echoed, '<ping>')
    assert.equal(await installed.readAll(handle, 'stderr'), 'to stderr\n')
    assert.equal((await installed.ask('cgi.close', { handle })).status, 'ok')
    assert.equal((await installed.ask('cgi.close', { handle })).status, 'bad-handle')
    assert.deepEqual(await readdir(join(installed.path, 'run')), [])
  })

  test('inherits no handle but its pipes', { skip: process.platform !== 'linux' }, async () => {
    await using installed = await install(shell('for each in /proc/self/fd/*; do readlink "$each"; done; exit 0'))
    const handles = (await installed.readAll(await installed.open({}))).trim().split('\n')
    const others = handles.filter((each) => !/^(pipe|socket):/.test(each) && !each.startsWith('/proc/'))
    // the script that the shell itself reads
    assert.deepEqual(
      others.filter((each) => !each.endsWith('/extension')),
      [],
    )
  })

  test('is found by its alias, and only where the gate allows it', async () => {
    const gate = openGate()
    await using installed = await install(shell('echo hi'), { gate })
    const { ask } = installed
    assert.equal((await ask('cgi.open', {}, '{"command":"other"}')).status, 'unknown-extension')
    assert.deepEqual(gate.asked, [{ kind: 'exec', extension: 'other' }])
    const list = handleOf(await ask('cgi.list'))
    const [entry] = JSON.parse(await installed.readAll(list, 'list'))
    assert.deepEqual(Object.keys(entry), ['fileName', 'alias', 'md5', 'description'])
    assert.equal(entry.alias, 'tool')
    assert.equal(await installed.open({}), list + 1, 'lists and processes are numbered together')

    await using closed = await install(shell('echo hi'), { gate: CLOSED_GATE })
    assert.equal((await closed.ask('cgi.open', {}, '{"command":"tool"}')).status, 'denied')
    assert.equal(await closed.readAll(handleOf(await closed.ask('cgi.list')), 'list'), '[]')
  })

  test('is not started once its copy has changed, and the operator is told', async () => {
    const errors: string[] = []
    const log = { ...silentLogger, error: (message: string) => void errors.push(message) }
    await using installed = await install(shell('echo hi'), { log })
    const [name = ''] = await readdir(join(installed.path, 'content'))
    await chmod(join(installed.path, 'content', name), 0o700)
    await appendFile(join(installed.path, 'content', name), '#')
    assert.equal((await installed.ask('cgi.open', {}, '{"command":"tool"}')).status, 'unusable')
    assert.deepEqual(errors, ['extension cannot be used'])
    assert.ok(installed.processes.take(), 'its place is free again')
  })

  test('that prints for ever waits until somebody reads', async () => {
    await using installed = await install(shell('while :; do echo line; echo line >> progress; done'))
    const handle = await installed.open({})
    const [run = ''] = await readdir(join(installed.path, 'run'))
    const progress = join(installed.path, 'run', run, 'work', 'progress')
    let before = -1
    await eventually(async () => {
      await systemClock.sleep(100)
      const { length } = await readFile(progress).catch(() => Buffer.alloc(0))
      const isSame = length === before && length > 0
      before = length
      return isSame
    }, 'a pause')
    assert.ok(before < 1024 * 1024)
    assert.equal((await installed.ask('cgi.read', { handle, from: 'stdout', size: 5 })).bytes.length, 5)
    await installed.ask('cgi.close', { handle })
  })

  test('that does not read its input holds up its guest, until the guest gives up', async () => {
    await using installed = await install(shell('sleep 600'))
    const handle = await installed.open({})
    const big = new Uint8Array(1024 * 1024)
    await assert.rejects(installed.ask('cgi.write', { handle }, big, AbortSignal.timeout(100)))
    assert.equal((await installed.ask('cgi.close', { handle })).status, 'ok')
  })

  for (const how of ['its handle is closed', 'its run ends', 'its main process ends']) {
    test(`is gone with its children when ${how}, whatever signals it ignores`, async () => {
      const last = how.startsWith('its main') ? 'exit 0' : 'while :; do sleep 600; done'
      await using installed = await install(
        shell(`trap '' TERM INT HUP PIPE; (trap '' TERM HUP; sleep 601) & (sleep 602 &) ; echo "$$ $!"; ${last}`),
      )
      const handle = await installed.open({})
      const { bytes } = await installed.ask('cgi.read', { handle, from: 'stdout', size: 100 })
      const pids = new TextDecoder().decode(bytes).trim().split(' ').map(Number)
      assert.equal(pids.length, 2)
      if (how.startsWith('its handle')) await installed.ask('cgi.close', { handle })
      if (how.startsWith('its run')) await installed.session.close()
      for (const pid of pids) await eventually(() => !isAlive(pid), `the end of ${pid}`)
    })
  }

  test('is gone also where it left its process group', { skip: process.platform !== 'linux' }, async () => {
    await using installed = await install(
      node(`
      const { spawn } = require('node:child_process')
      const child = spawn('/bin/sleep', ['603'], { detached: true, stdio: 'ignore' })
      console.log(child.pid)
      setInterval(() => {}, 1000)`),
    )
    const handle = await installed.open({})
    const { bytes } = await installed.ask('cgi.read', { handle, from: 'stdout', size: 100 })
    const pid = Number(new TextDecoder().decode(bytes))
    assert.ok(pid > 0)
    await installed.ask('cgi.close', { handle })
    await eventually(() => !isAlive(pid), `the end of ${pid}`)
  })

  test('is limited in processor time, memory and the size of files', async () => {
    const limits = { cpuSeconds: 1, memoryBytes: 64 * 1024 * 1024, fileBytes: 65_536, filesMax: 64 }
    await using busy = await install(shell('while :; do :; done'), {}, limits)
    assert.equal(await busy.readAll(await busy.open({})), '', 'it was killed')
    await using writer = await install(shell("trap '' XFSZ; head -c 100000 /dev/zero > file; wc -c < file"), {}, limits)
    assert.equal((await writer.readAll(await writer.open({}))).trim(), '65536')
    const grow = 'x=0123456789abcdef; while :; do x=$x$x; done; echo survived'
    await using eater = await install(shell(grow), {}, limits)
    assert.equal(await eater.readAll(await eater.open({})), '')
  })

  test('is one of few, for a run and for a node', async () => {
    await using installed = await install(shell('sleep 600'))
    for (let index = 0; index < 4; index++) await installed.open({})
    const more = await installed.ask('cgi.open', {}, '{"command":"tool"}')
    assert.deepEqual([more.status, more.fields['name']], ['limit', 'processesMax'])
    await installed.ask('cgi.close', { handle: 1 })
    assert.equal(await installed.open({}), 5)
    await using lists = await install(shell('sleep 600'))
    for (let index = 0; index < 16; index++) await lists.ask('cgi.list')
    assert.equal((await lists.ask('cgi.list')).status, 'limit')
  })
})

suite('cgi.open refuses', () => {
  const refused = [
    '',
    '[]',
    '{}',
    '{"command":7}',
    '{"command":"tool","args":[7]}',
    '{"command":"tool","args":["a\\u0000b"]}',
    '{"command":"tool","envs":[{"name":"A"}]}',
    JSON.stringify({ command: 'tool', args: Array.from({ length: 257 }, () => 'a') }),
    JSON.stringify({ command: 'tool', args: ['a'.repeat(100_000)] }),
  ]
  for (const json of refused) {
    test(`${JSON.stringify(json.slice(0, 50))}`, async () => {
      await using installed = await install(shell('echo hi'))
      assert.equal((await installed.ask('cgi.open', {}, json)).status, 'parameter')
    })
  }

  test('calls that no guest makes', async () => {
    await using installed = await install(shell('echo hi'))
    await assert.rejects(installed.ask('cgi.nothing'), TypeError)
    await assert.rejects(installed.ask('cgi.read', { handle: 1, size: 1 }), TypeError)
    await assert.rejects(installed.ask('cgi.close', { handle: 'x' }), TypeError)
    assert.equal((await installed.ask('cgi.read', { handle: 1, size: 1, from: 'stdin' })).status, 'bad-handle')
  })
})
