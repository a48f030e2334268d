import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { systemClock } from '@blockless/core'
import { ExtensionError } from '../../../src/host/extension/extension-error.ts'
import { ExtensionStore } from '../../../src/host/extension/extension-store.ts'
import { isAlive } from '../../../src/host/extension/run-folders.ts'
import { eventually, testFolder } from '../host-helpers.ts'

const SAYS = (json: string): string => `#!/bin/sh\n[ "$1" = --ext_verify ] && echo '${json}'\n`
const ECHO = `${SAYS('{"alias":"echo","description":"says it again","is_cgi":true,"envs":["LANG"]}')}`

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ExtensionError) return error.code
  throw new Error(`not an ExtensionError: ${error}`)
}

function storeIn(folder: string): ExtensionStore {
  return new ExtensionStore(join(folder, 'extensions'), { clock: systemClock })
}

suite('ExtensionStore', () => {
  test('installs a copy of an executable under the name that it gives itself', async () => {
    await using folder = await testFolder()
    const store = storeIn(folder.path)
    assert.deepEqual((await store.list()).extensions, [])
    const added = await store.add(await folder.program('echo.sh', ECHO), { envs: ['TZ'] })
    assert.equal(added.alias, 'echo')
    assert.equal(added.description, 'says it again')
    assert.equal(added.fileName, 'echo.sh')
    assert.deepEqual(added.envs, ['LANG', 'TZ'])
    assert.equal(added.sha256, createHash('sha256').update(ECHO).digest('hex'))
    assert.equal(added.md5, createHash('md5').update(ECHO).digest('hex'))
    assert.deepEqual((await storeIn(folder.path).list()).extensions, [added])
    const copy = join(folder.path, 'extensions', 'content', added.sha256)
    assert.equal((await stat(copy)).mode & 0o777, 0o500)
    assert.equal((await stat(join(folder.path, 'extensions', 'run'))).mode & 0o777, 0o700)
    assert.deepEqual(await readdir(join(folder.path, 'extensions', 'run')), [], 'nothing is left of the handshake')
  })

  test('takes the same program again, and another one only after the first was removed', async () => {
    await using folder = await testFolder()
    const store = storeIn(folder.path)
    const path = await folder.program('echo.sh', ECHO)
    await store.add(path)
    await store.add(path, { envs: ['TZ'] })
    await writeFile(path, `${ECHO}# another`)
    assert.equal(await codeOf(store.add(path)), 'ERR_EXTENSION_EXISTS')
    await store.add(path, { alias: 'echo-2' })
    await store.remove('echo')
    assert.deepEqual(
      (await store.list()).extensions.map(({ alias }) => alias),
      ['echo-2'],
    )
    assert.equal((await readdir(join(folder.path, 'extensions', 'content'))).length, 1)
    assert.equal(await codeOf(store.remove('echo')), 'ERR_EXTENSION_UNKNOWN')
  })

  test('starts nothing that has changed since it was installed', async () => {
    await using folder = await testFolder()
    const store = storeIn(folder.path)
    const extension = await store.add(await folder.program('echo.sh', ECHO))
    await (await store.checkOut(extension))[Symbol.asyncDispose]()
    const copy = join(folder.path, 'extensions', 'content', extension.sha256)
    await chmod(copy, 0o700)
    await appendFile(copy, 'echo changed')
    assert.equal(await codeOf(store.checkOut(extension)), 'ERR_EXTENSION_CHANGED')
    const [check] = await store.verify()
    assert.equal(check?.problem?.code, 'ERR_EXTENSION_CHANGED')
    assert.match(check?.problem?.message ?? '', /^Cannot use "echo": .* was installed/)
  })

  test('does not care what becomes of the original', async () => {
    await using folder = await testFolder()
    const store = storeIn(folder.path)
    const path = await folder.program('echo.sh', ECHO)
    await store.add(path)
    await writeFile(path, 'something else')
    assert.deepEqual(
      (await store.verify()).map(({ name, problem }) => [name, problem]),
      [['echo', undefined]],
    )
  })

  test('installs drivers by scheme', async () => {
    await using folder = await testFolder()
    const store = storeIn(folder.path)
    const wasm = await store.addDriver(await folder.program('memory.wasm', Buffer.from('\0asm\x01\0\0\0')), 'memory')
    const script = await store.addDriver(await folder.program('log.mjs', 'export const open = 1'), 'log')
    assert.deepEqual([wasm.kind, script.kind], ['wasm', 'javascript'])
    assert.equal((await store.readDriver('memory'))?.bytes.length, 8)
    assert.equal(await store.readDriver('none'), undefined)
    const copy = join(folder.path, 'extensions', 'content', script.sha256)
    await chmod(copy, 0o700)
    await appendFile(copy, '\n')
    assert.equal(await codeOf(store.readDriver('log')), 'ERR_EXTENSION_CHANGED')
    await store.remove('memory:')
    assert.deepEqual((await store.list()).drivers, [script])
    await assert.rejects(store.addDriver(join(folder.path, 'log.mjs'), 'tcp'), RangeError)
    await assert.rejects(store.addDriver(join(folder.path, 'log.mjs'), 'No Scheme'), RangeError)
  })

  test('keeps a list that cannot be read', async () => {
    await using folder = await testFolder()
    const store = storeIn(folder.path)
    const path = await folder.program('echo.sh', ECHO)
    const list = join(folder.path, 'extensions', 'extensions.json')
    await mkdir(join(folder.path, 'extensions'))
    for (const text of ['{"version":2}', '{', '{"version":1,"extensions":[],"drivers":[],"more":1}']) {
      await writeFile(list, text)
      assert.equal(await codeOf(store.list()), 'ERR_EXTENSION_REGISTRY')
      assert.equal(await codeOf(store.add(path)), 'ERR_EXTENSION_REGISTRY')
      assert.equal(await readFile(list, 'utf8'), text)
    }
  })

  test('is changed by one process at a time, and not held up by one that is gone', async () => {
    await using folder = await testFolder()
    const store = storeIn(folder.path)
    const path = await folder.program('echo.sh', ECHO)
    const lock = join(folder.path, 'extensions', 'extensions.json.lock')
    await mkdir(join(folder.path, 'extensions'))
    await writeFile(lock, String(process.pid))
    assert.equal(await codeOf(store.add(path)), 'ERR_EXTENSION_BUSY')
    await writeFile(lock, '99999999')
    await store.add(path)
    assert.equal((await store.list()).extensions.length, 1)
  })

  test('removes what a node that was killed left behind, and kills who works there', async () => {
    await using folder = await testFolder()
    const stale = join(folder.path, 'extensions', 'run', '99999999-abcd')
    await mkdir(stale, { recursive: true })
    const left = spawn('/bin/sleep', ['604'], { cwd: stale, stdio: 'ignore' })
    const ended = once(left, 'exit')
    await storeIn(folder.path).add(await folder.program('echo.sh', ECHO))
    assert.deepEqual(await readdir(join(folder.path, 'extensions', 'run')), [])
    if (process.platform !== 'linux') left.kill()
    await ended
  })

  test('follows no link among what was left behind to other processes', async () => {
    await using folder = await testFolder()
    const [run, elsewhere] = [join(folder.path, 'extensions', 'run'), join(folder.path, 'elsewhere')]
    await Promise.all([run, elsewhere].map(async (path) => await mkdir(path, { recursive: true })))
    await symlink(elsewhere, join(run, '99999999-abcd'))
    const other = spawn('/bin/sleep', ['604'], { cwd: elsewhere, stdio: 'ignore' })
    const ended = once(other, 'exit')
    await storeIn(folder.path).add(await folder.program('echo.sh', ECHO))
    other.kill('SIGTERM')
    assert.deepEqual(await ended, [null, 'SIGTERM'])
  })
})

suite('the handshake refuses', () => {
  const refused = [
    { what: 'a program that exits at once', text: '#!/bin/sh\nexit 0\n', why: /it answered nothing/ },
    { what: 'one that answers something else', text: '#!/bin/sh\necho hello\n', why: /it answered "hello"/ },
    { what: 'one that is no extension', text: SAYS('{"alias":"x","is_cgi":false}'), why: /is_cgi/ },
    { what: 'an alias that is a path', text: SAYS('{"alias":"../x","is_cgi":true}'), why: /its alias/ },
    { what: 'a variable that is none', text: SAYS('{"alias":"x","is_cgi":true,"envs":["A=B"]}'), why: /"envs"/ },
    { what: 'a wrong MD5', text: SAYS('{"alias":"x","is_cgi":true,"md5":"00"}'), why: /MD5/ },
    { what: 'one that prints for ever', text: '#!/bin/sh\nyes\n', why: /more than 65536 bytes/ },
    { what: 'no program at all', text: '\x7fELF nothing', why: /it answered nothing but ".*on stderr/s },
    {
      what: 'one without its interpreter',
      text: '#!/no/such/sh\n',
      why: /it answered nothing but ".*not found" on stderr/,
    },
  ]
  for (const { what, text, why } of refused) {
    test(what, async () => {
      await using folder = await testFolder()
      const adding = storeIn(folder.path).add(await folder.program('program', text))
      await assert.rejects(adding, (error: unknown) => {
        assert.ok(error instanceof ExtensionError)
        assert.equal(error.code, 'ERR_EXTENSION_HANDSHAKE')
        assert.match(error.message, why)
        return true
      })
      assert.deepEqual((await storeIn(folder.path).list()).extensions, [])
    })
  }

  test('one that never answers, with all that it started', async () => {
    await using folder = await testFolder()
    const pids = join(folder.path, 'pids')
    const text = `#!/bin/sh\ntrap '' TERM INT HUP\nsleep 600 &\necho "$$ $!" > ${pids}\nsleep 600\n`
    const path = await folder.program('program', text)
    const controller = new AbortController()
    const adding = storeIn(folder.path).add(path, { signal: controller.signal })
    await eventually(async () => (await readFile(pids, 'utf8').catch(() => '')).endsWith('\n'), 'the start')
    controller.abort(new Error('enough'))
    await assert.rejects(adding, /enough/)
    const started = (await readFile(pids, 'utf8')).trim().split(' ').map(Number)
    for (const pid of started) await eventually(() => !isAlive(pid), `the end of ${pid}`)
  })

  test('files that cannot be read', async () => {
    await using folder = await testFolder()
    const store = storeIn(folder.path)
    assert.equal(await codeOf(store.add(join(folder.path, 'none'))), 'ERR_EXTENSION_FILE')
    assert.equal(await codeOf(store.add(folder.path)), 'ERR_EXTENSION_FILE')
    assert.equal(await codeOf(store.add(await folder.program('empty', ''))), 'ERR_EXTENSION_FILE')
  })
})
