import assert from 'node:assert/strict'
import { appendFile, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { silentLogger, systemClock, systemRandom } from '@blockless/core'
import { ExternalDrivers } from '../../../src/host/driver/driver-session.ts'
import { ExtensionStore } from '../../../src/host/extension/extension-store.ts'
import { systemResolver } from '../../../src/host/http/resolver.ts'
import { createConnectionPlaces } from '../../../src/host/shared/connections.ts'
import { Places } from '../../../src/host/shared/places.ts'
import { StreamSession } from '../../../src/host/stream/stream-session.ts'
import type { HostRun } from '../../../src/host-call/host-family.ts'
import { DRIVER_ERRORS } from '../../../src/imports/driver-errors.ts'
import type { Gate } from '../../../src/policy/gate.ts'
import { type Ask, asking, handleOf, hostRun, openGate, tcpServer, testFolder } from '../host-helpers.ts'
import { JAVASCRIPT, PROXY, UNUSABLE, WASM } from './drivers.ts'

interface Installed extends AsyncDisposable {
  readonly path: string
  readonly store: ExtensionStore
  readonly ask: Ask
  readonly threads: Places
}

async function install(
  drivers: Readonly<Record<string, string | Uint8Array>>,
  run: Partial<HostRun> = {},
): Promise<Installed> {
  const folder = await testFolder()
  const path = join(folder.path, 'extensions')
  const store = new ExtensionStore(path, { clock: systemClock })
  for (const [scheme, source] of Object.entries(drivers)) {
    await store.addDriver(await folder.program(scheme, source), scheme)
  }
  const threads = new Places(2)
  const opened = hostRun(run)
  const shared = { resolver: systemResolver, connections: createConnectionPlaces() }
  const external = new ExternalDrivers(opened, { ...shared, store, random: systemRandom, threads })
  const session = new StreamSession(opened, { ...shared, drivers: external })
  return {
    path,
    store,
    ask: asking(session),
    threads,
    [Symbol.asyncDispose]: async () => {
      await session.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

suite('a driver in JavaScript', () => {
  test('opens URLs of its scheme, and is read and written', async () => {
    await using installed = await install({ log: JAVASCRIPT })
    const { ask } = installed
    const handle = handleOf(await ask('stream.open', { url: 'log://somewhere/x' }, '{"a":1}'))
    assert.equal(handle, 1, "not the driver's own number")
    assert.equal(text((await ask('stream.read', { handle, size: 5 })).bytes), 'log:/')
    assert.equal(text((await ask('stream.read', { handle, size: 50 })).bytes), '/somewhere/x {"a":1}')
    assert.deepEqual((await ask('stream.write', { handle }, 'abcdefgh')).fields, { size: 8 }, 'in several pieces')
    assert.equal(text((await ask('stream.read', { handle, size: 50 })).bytes), 'abc')
    assert.equal((await ask('stream.shutdown', { handle, read: true, write: true })).status, 'not-connected')
    assert.equal((await ask('stream.close', { handle })).status, 'ok')
  })

  test('tells errors by their names', async () => {
    await using installed = await install({ log: JAVASCRIPT })
    const refusedBy = async (options: string): Promise<unknown> => {
      const { status, fields } = await installed.ask('stream.open', { url: 'log:x' }, options)
      return [status, fields['error']]
    }
    assert.deepEqual(await refusedBy('denied'), ['driver', DRIVER_ERRORS.acces])
    assert.deepEqual(await refusedBy('broken'), ['driver', DRIVER_ERRORS.unknown])
    assert.equal((await installed.ask('stream.open', { url: 'none:x' })).status, 'unknown-driver')
    assert.equal((await installed.ask('stream.open', { url: 'no url' })).status, 'parameter')
  })

  const NEVER = 'export const open = () => new Promise(() => {})'
  const hostile = [
    { what: 'hangs when it is loaded', source: 'for (;;) {}' },
    { what: 'never answers', source: `${NEVER}\nexport const read = open, write = open, close = open` },
    {
      what: 'hangs in a call',
      source: 'export const open = () => { for (;;) {} }, read = open, write = open, close = open',
    },
  ]
  for (const { what, source } of hostile) {
    test(`that ${what} is ended when its guest gives up`, async () => {
      await using installed = await install({ log: source })
      await assert.rejects(installed.ask('stream.open', { url: 'log:x' }, '', AbortSignal.timeout(200)))
      // a new thread is started, in the place of the old one
      await assert.rejects(installed.ask('stream.open', { url: 'log:x' }, '', AbortSignal.timeout(200)))
      assert.ok(installed.threads.take())
    })
  }

  const broken = [
    { what: 'ends its thread', source: 'process.exit(3)' },
    { what: 'does not load', source: 'this is no JavaScript' },
    { what: 'exports nothing', source: 'export const open = 1' },
    { what: 'imports a file beside it', source: `import './other.mjs'\n${JAVASCRIPT}` },
    { what: 'gives no handle', source: JAVASCRIPT.replace('return handle', 'return "handle"') },
    { what: 'fills its memory', source: 'const all = []; for (;;) all.push(new Array(1e6).fill(1))' },
    { what: 'throws when nobody waits', source: `${JAVASCRIPT}\nsetTimeout(() => { throw new Error('late') })` },
  ]
  for (const { what, source } of broken) {
    test(`that ${what} takes nothing else along`, async () => {
      await using installed = await install({ bad: source, log: JAVASCRIPT })
      const answer = await installed.ask('stream.open', { url: 'bad:x' })
      if (what.startsWith('throws')) assert.ok(['ok', 'driver'].includes(answer.status))
      else assert.deepEqual([answer.status, answer.fields['error']], ['driver', DRIVER_ERRORS.unknown])
      assert.equal((await installed.ask('stream.open', { url: 'log:x' })).status, 'ok')
    })
  }

  test('is not loaded once its copy has changed', async () => {
    const errors: unknown[] = []
    const log = { ...silentLogger, error: (_: string, fields?: object) => void errors.push(fields) }
    await using installed = await install({ log: JAVASCRIPT }, { log })
    const [driver] = (await installed.store.list()).drivers
    const copy = join(installed.path, 'content', driver?.sha256 ?? '')
    await chmod(copy, 0o700)
    await appendFile(copy, '\n')
    assert.equal((await installed.ask('stream.open', { url: 'log:x' })).status, 'unknown-driver')
    assert.match(JSON.stringify(errors), /was installed, install it again/)
  })

  test('is one of few threads of the node', async () => {
    await using installed = await install({ a: JAVASCRIPT, b: JAVASCRIPT, c: JAVASCRIPT })
    await installed.ask('stream.open', { url: 'a:x' })
    await installed.ask('stream.open', { url: 'b:x' })
    assert.equal((await installed.ask('stream.open', { url: 'c:x' })).status, 'limit')
    assert.equal((await installed.ask('stream.open', { url: 'a:y' })).status, 'ok')
  })
})

suite('a driver in WebAssembly', () => {
  test('opens URLs of its scheme, and is read and written', async () => {
    await using installed = await install({ memory: WASM })
    const { ask } = installed
    const handle = handleOf(await ask('stream.open', { url: 'memory://x' }))
    assert.deepEqual((await ask('stream.write', { handle }, 'hello')).fields, { size: 5 })
    assert.equal(text((await ask('stream.read', { handle, size: 50 })).bytes), 'hello')
    assert.equal((await ask('stream.read', { handle, size: 50 })).bytes.length, 0)
    const big = new Uint8Array(100_000).fill(7)
    assert.deepEqual((await ask('stream.write', { handle }, big)).fields, { size: 100_000 })
    assert.equal((await ask('stream.read', { handle, size: 5 })).fields['error'], DRIVER_ERRORS['2big'])
    assert.equal((await ask('stream.close', { handle })).status, 'ok')
  })

  test('tells its errors, and those it does not have as unknown', async () => {
    await using installed = await install({ memory: WASM })
    assert.equal((await installed.ask('stream.open', { url: 'memory://!' })).fields['error'], DRIVER_ERRORS.acces)
    assert.equal((await installed.ask('stream.open', { url: 'memory:0x?' })).fields['error'], DRIVER_ERRORS.unknown)
  })

  test('that hangs or traps is ended, and begins anew', async () => {
    await using installed = await install({ memory: WASM })
    const { ask } = installed
    await assert.rejects(ask('stream.open', { url: 'memory://*' }, '', AbortSignal.timeout(300)))
    assert.equal((await ask('stream.open', { url: 'memory://+' })).fields['error'], DRIVER_ERRORS.unknown)
    assert.equal((await ask('stream.open', { url: 'memory://x' })).status, 'ok')
  })

  for (const { what, source } of UNUSABLE) {
    test(`that ${what} is refused`, async () => {
      await using installed = await install({ bad: source })
      assert.equal((await installed.ask('stream.open', { url: 'bad:x' })).fields['error'], DRIVER_ERRORS.unknown)
    })
  }

  test('reaches what the run may reach that it serves, and nothing else', async () => {
    await using server = await tcpServer((socket) => socket.end('from afar'))
    await using installed = await install({ proxy: PROXY })
    const handle = handleOf(await installed.ask('stream.open', { url: `proxy://127.0.0.1:${server.port}` }))
    assert.equal(text((await installed.ask('stream.read', { handle, size: 50 })).bytes), 'from afar')
    assert.equal((await installed.ask('stream.write', { handle }, 'x')).fields['error'], DRIVER_ERRORS.acces)

    const gate: Gate = {
      ...openGate(),
      decide: ({ kind }) => (kind === 'driver' ? { isAllowed: true } : { isAllowed: false, missing: 'connect' }),
    }
    await using closed = await install({ proxy: PROXY }, { gate })
    const denied = await closed.ask('stream.open', { url: `proxy://127.0.0.1:${server.port}` })
    assert.deepEqual([denied.status, denied.fields['error']], ['driver', DRIVER_ERRORS.bad_connect])
  })
})
