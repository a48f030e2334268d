import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { HOST_CALL_DEFAULTS } from '../../../src/defaults.ts'
import { systemResolver } from '../../../src/host/http/resolver.ts'
import { createConnectionPlaces } from '../../../src/host/shared/connections.ts'
import { NO_DRIVERS, StreamSession } from '../../../src/host/stream/stream-session.ts'
import type { HostRun } from '../../../src/host-call/host-family.ts'
import { CLOSED_GATE, type Gate } from '../../../src/policy/gate.ts'
import { type Ask, asking, eventually, handleOf, hostRun, openGate, tcpServer } from '../host-helpers.ts'

interface Opened extends AsyncDisposable {
  readonly session: StreamSession
  readonly ask: Ask
}

function open(init: Partial<HostRun> = {}, resolver = systemResolver): Opened {
  const session = new StreamSession(hostRun(init), {
    resolver,
    drivers: NO_DRIVERS,
    connections: createConnectionPlaces(),
  })
  return { session, ask: asking(session), [Symbol.asyncDispose]: async () => await session.close() }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

suite('TCP connections', () => {
  test('are read and written, both ways, to the end', async () => {
    await using server = await tcpServer((socket) => {
      socket.on('data', (bytes) => socket.write(`<${bytes}>`)).on('end', () => socket.end('bye'))
    })
    await using opened = open()
    const { ask } = opened
    const handle = handleOf(await ask('stream.connect', { address: `127.0.0.1:${server.port}` }))
    assert.deepEqual((await ask('stream.write', { handle }, 'hello')).fields, { size: 5 })
    assert.equal(text((await ask('stream.read', { handle, size: 3 })).bytes), '<he')
    assert.equal(text((await ask('stream.read', { handle, size: 100 })).bytes), 'llo>')
    await ask('stream.shutdown', { handle, read: false, write: true })
    assert.equal(text((await ask('stream.read', { handle, size: 100 })).bytes), 'bye', 'half closed, it still reads')
    assert.deepEqual((await ask('stream.read', { handle, size: 100 })).bytes.length, 0)
    assert.equal((await ask('stream.write', { handle }, 'x')).status, 'closed')
    assert.equal((await ask('stream.close', { handle })).status, 'ok')
    assert.equal((await ask('stream.read', { handle, size: 1 })).status, 'bad-handle')
  })

  test('keep what a reader who gave up did not take', async () => {
    let peer: Socket | undefined
    await using server = await tcpServer((socket) => {
      peer = socket
    })
    await using opened = open()
    const { ask } = opened
    const handle = handleOf(await ask('stream.connect', { address: `127.0.0.1:${server.port}` }))
    await assert.rejects(ask('stream.read', { handle, size: 9 }, '', AbortSignal.timeout(20)))
    await eventually(() => peer !== undefined, 'the connection')
    peer?.write('late')
    assert.equal(text((await ask('stream.read', { handle, size: 9 })).bytes), 'late')
  })

  test('hold back a peer that sends without end', async () => {
    let sent = 0
    await using server = await tcpServer((socket) => {
      const more = (): void => {
        while (socket.write(Buffer.alloc(65_536))) sent += 65_536
      }
      socket.on('drain', more)
      more()
    })
    await using opened = open()
    const { ask } = opened
    const handle = handleOf(await ask('stream.connect', { address: `127.0.0.1:${server.port}` }))
    await ask('stream.read', { handle, size: 1 })
    let before = -1
    await eventually(() => {
      const isSame = before === sent
      before = sent
      return isSame
    }, 'a pause')
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken unread`)
  })

  test('wait for a peer that does not read, until they are given up', async () => {
    await using server = await tcpServer((socket) => socket.pause())
    await using opened = open()
    const { ask } = opened
    const handle = handleOf(await ask('stream.connect', { address: `127.0.0.1:${server.port}` }))
    const big = new Uint8Array(16 * 1024 * 1024)
    await assert.rejects(ask('stream.write', { handle }, big, AbortSignal.timeout(100)))
    await assert.rejects(
      ask('stream.write', { handle }, 'more', AbortSignal.timeout(50)),
      'it waits for the first piece',
    )
    const polled = await ask('stream.poll', { reads: [], writes: [handle], timeoutMs: 0 })
    assert.deepEqual(polled.fields, { reads: [], writes: [], waitedMs: 0 })
    assert.equal((await ask('stream.close', { handle })).status, 'ok')
  })

  test('tell of a reset and of a refusal', async () => {
    await using server = await tcpServer((socket) => void socket.once('data', () => socket.resetAndDestroy()))
    await using opened = open()
    const { ask } = opened
    const handle = handleOf(await ask('stream.connect', { address: `127.0.0.1:${server.port}` }))
    await ask('stream.write', { handle }, 'x')
    assert.equal((await ask('stream.read', { handle, size: 1 })).status, 'reset')
    await server[Symbol.asyncDispose]()
    assert.equal((await ask('stream.connect', { address: `127.0.0.1:${server.port}` })).status, 'refused')
    assert.equal((await ask('stream.connect', { address: 'nonsense' })).status, 'parameter')
    assert.equal((await ask('stream.connect', { address: '127.0.0.1:0' })).status, 'parameter')
  })

  test('end with the run', async () => {
    const ended = Promise.withResolvers<void>()
    await using server = await tcpServer((socket) => void socket.resume().on('end', () => ended.resolve()))
    const { session, ask } = open()
    await ask('stream.connect', { address: `127.0.0.1:${server.port}` })
    await session.close()
    await ended.promise
  })

  test('are as many as the run may have, by numbers that are not used again', async () => {
    await using server = await tcpServer((socket) => void socket.resume())
    await using opened = open({ limits: { ...HOST_CALL_DEFAULTS, handlesMax: 2 } })
    const { ask } = opened
    const address = `127.0.0.1:${server.port}`
    const first = handleOf(await ask('stream.connect', { address }))
    assert.equal(first, 1)
    assert.equal(handleOf(await ask('stream.connect', { address })), 2)
    assert.equal((await ask('stream.connect', { address })).status, 'limit')
    await ask('stream.close', { handle: first })
    assert.equal(handleOf(await ask('stream.connect', { address })), 3)
  })
})

suite('what the gate says', () => {
  test('nothing is reached or listened on without it', async () => {
    await using opened = open({ gate: CLOSED_GATE })
    for (const name of ['stream.connect', 'stream.listen']) {
      const answer = await opened.ask(name, { address: '127.0.0.1:1' })
      assert.equal(answer.status, 'denied')
      assert.equal(typeof answer.fields['missing'], 'string')
    }
    assert.equal((await opened.ask('stream.open', { url: 'tcp://127.0.0.1:1' })).status, 'denied')
    assert.equal((await opened.ask('stream.open', { url: 'redis://127.0.0.1:1' })).status, 'denied')
  })

  test('a name is looked up once, and only addresses that are allowed are tried', async () => {
    await using server = await tcpServer((socket) => socket.end('here'))
    let lookups = 0
    const resolver = {
      resolve: async () => {
        lookups++
        return [
          { address: '10.0.0.1', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ] as const
      },
    }
    const all = openGate()
    const gate: Gate = {
      ...all,
      decideAddress: (address) => {
        all.addresses.push(address)
        return address === '127.0.0.1' ? { isAllowed: true } : { isAllowed: false, missing: 'private addresses' }
      },
    }
    await using opened = open({ gate }, resolver)
    const handle = handleOf(await opened.ask('stream.connect', { address: `name.test:${server.port}` }))
    assert.equal(text((await opened.ask('stream.read', { handle, size: 9 })).bytes), 'here')
    assert.equal(lookups, 1)
    assert.deepEqual(all.asked, [{ kind: 'connect', host: 'name.test', port: server.port }])
    assert.deepEqual(all.addresses, ['10.0.0.1', '127.0.0.1'])
  })

  test('a name that leads nowhere, or only where nothing is allowed', async () => {
    const gate: Gate = { ...openGate(), decideAddress: () => ({ isAllowed: false, missing: 'loopback' }) }
    await using denied = open({ gate })
    const answer = await denied.ask('stream.connect', { address: 'localhost:1' })
    assert.deepEqual([answer.status, answer.fields['missing']], ['denied', 'loopback'])
    await using unknown = open({}, { resolve: async () => [] })
    assert.equal((await unknown.ask('stream.connect', { address: 'name.test:1' })).status, 'unknown-host')
  })
})

suite('TCP listeners', () => {
  test('accept, and close who was not accepted', async () => {
    await using opened = open()
    const { ask } = opened
    // port 0 cannot be asked for by number afterwards, so a free one is looked for first
    const probe = await tcpServer(() => {})
    await probe[Symbol.asyncDispose]()
    const address = `127.0.0.1:${probe.port}`
    const listener = handleOf(await ask('stream.listen', { address }))
    assert.equal((await ask('stream.listen', { address })).status, 'address-in-use')
    const accepting = ask('stream.accept', { handle: listener })
    const [first, second] = [connect(probe.port, '127.0.0.1'), connect(probe.port, '127.0.0.1')]
    first.write('hi')
    const connection = handleOf(await accepting)
    await ask('stream.write', { handle: connection }, 'welcome')
    assert.equal(text((await once(first, 'data'))[0]), 'welcome')
    assert.equal(text((await ask('stream.read', { handle: connection, size: 9 })).bytes), 'hi')
    second.on('error', () => {})
    const gone = once(second, 'close')
    await ask('stream.close', { handle: listener })
    await gone
    assert.equal((await ask('stream.write', { handle: connection }, 'still there')).status, 'ok')
    assert.equal((await ask('stream.accept', { handle: connection })).status, 'not-listening')
    first.destroy()
  })

  test('are on addresses of this machine only', async () => {
    await using opened = open()
    assert.equal((await opened.ask('stream.listen', { address: 'example.com:80' })).status, 'parameter')
    assert.equal((await opened.ask('stream.listen', { address: '203.0.113.1:8080' })).status, 'address-not-available')
  })
})

suite('stream.poll', () => {
  test('waits for the first that is ready', async () => {
    let peer: Socket | undefined
    await using server = await tcpServer((socket) => {
      peer = socket
    })
    await using opened = open()
    const { ask } = opened
    const [a, b] = [
      handleOf(await ask('stream.connect', { address: `127.0.0.1:${server.port}` })),
      handleOf(await ask('stream.connect', { address: `127.0.0.1:${server.port}` })),
    ]
    const waiting = ask('stream.poll', { reads: [a, b], writes: [], timeoutMs: 9000 })
    await eventually(() => peer !== undefined, 'the connection')
    peer?.write('four')
    const { fields } = await waiting
    assert.ok(Array.isArray(fields['reads']))
    assert.equal(fields['reads'].length, 1)
    assert.deepEqual((await ask('stream.poll', { reads: [], writes: [a, b], timeoutMs: 9000 })).fields, {
      reads: [],
      writes: [a, b],
      waitedMs: 0,
    })
  })

  test('is over after its time', async () => {
    await using server = await tcpServer(() => {})
    await using opened = open()
    const handle = handleOf(await opened.ask('stream.connect', { address: `127.0.0.1:${server.port}` }))
    const { fields } = await opened.ask('stream.poll', { reads: [handle], writes: [], timeoutMs: 20 })
    assert.deepEqual(fields, { reads: [], writes: [], waitedMs: 20 })
    assert.equal((await opened.ask('stream.poll', { reads: [99], writes: [], timeoutMs: 0 })).status, 'bad-handle')
  })
})

suite('calls that no guest makes', () => {
  const calls = [
    { name: 'stream.nothing', fields: { handle: 1 } },
    { name: 'stream.connect', fields: {} },
    { name: 'stream.connect', fields: { address: 7 } },
    { name: 'stream.connect', fields: { address: 'a'.repeat(301) } },
    { name: 'stream.read', fields: { handle: 1, size: -1 } },
    { name: 'stream.read', fields: { handle: 1.5, size: 1 } },
    { name: 'stream.shutdown', fields: { handle: 1, read: 'yes', write: false } },
    { name: 'stream.poll', fields: { reads: [-1], writes: [], timeoutMs: 0 } },
    { name: 'stream.poll', fields: { reads: Array.from({ length: 1025 }, () => 1), writes: [], timeoutMs: 0 } },
  ]
  for (const { name, fields } of calls) {
    test(`${name} with ${JSON.stringify(fields).slice(0, 40)} ends the run`, async () => {
      await using server = await tcpServer(() => {})
      await using opened = open()
      await opened.ask('stream.connect', { address: `127.0.0.1:${server.port}` })
      await assert.rejects(opened.ask(name, fields), TypeError)
    })
  }
})
