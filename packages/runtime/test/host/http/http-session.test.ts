import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HOST_CALL_DEFAULTS } from '../../../src/defaults.ts'
import { createHttpFamily } from '../../../src/host/http/http-family.ts'
import type { Resolver } from '../../../src/host/http/resolver.ts'
import type { Fields } from '../../../src/host-call/host-call.ts'
import type { HostRun, HostSession } from '../../../src/host-call/host-family.ts'
import { createGate } from '../../../src/policy/create-gate.ts'
import { createPolicy } from '../../../src/policy/policy.ts'
import { type Ask, asking, eventually, handleOf, hostRun } from '../host-helpers.ts'
import { startHttpServer, startTcpServer } from './test-server.ts'

const LOCAL = createGate(
  createPolicy({ manifest: ['http://*:*'], operator: { allow: ['*'], allowPrivate: ['127.0.0.0/8'] } }),
)

/** A session that ends with the test. */
function openSession(init: Partial<HostRun> = {}, resolver?: Resolver): AsyncDisposable & { readonly ask: Ask } {
  const components = resolver === undefined ? {} : { resolver }
  const session = createHttpFamily(components).open(hostRun({ gate: LOCAL, ...init }))
  return { ask: asking(session), [Symbol.asyncDispose]: async () => await session.close() }
}

function fieldsOf(url: string, fields: Fields = {}): Fields {
  return { url, method: 'GET', headers: [], connectTimeoutMs: 0, timeoutMs: 0, ...fields }
}

suite('an HTTP session', () => {
  test('opens, reads exactly what is asked for, and closes at the end', async () => {
    await using server = await startHttpServer((_, response) => {
      response.setHeader('X-One', '1')
      // in pieces, which must not show
      for (const piece of ['ab', 'cde', 'f', 'ghij']) response.write(piece)
      response.end()
    })
    await using session = openSession()
    const { ask } = session
    const opened = await ask('http.open', fieldsOf(server.origin))
    const handle = handleOf(opened)
    assert.equal(handle, 1)
    assert.deepEqual([opened.fields['status'], opened.fields['url']], [200, `${server.origin}/`])
    const headers = opened.fields['headers'] as string[]
    assert.equal(headers[headers.indexOf('X-One') + 1], '1')
    const read = async (size: number): Promise<string> =>
      Buffer.from((await ask('http.read', { handle, size })).bytes).toString()
    assert.deepEqual([await read(4), await read(4), await read(4)], ['abcd', 'efgh', 'ij'])
    assert.equal((await ask('http.read', { handle, size: 1 })).status, 'bad-handle')
    assert.equal((await ask('http.close', { handle })).status, 'bad-handle')
  })

  test('fetches all of a body at once, up to a size', async () => {
    await using server = await startHttpServer((_, response) => response.end('0123456789'))
    await using session = openSession()
    const whole = await session.ask('http.fetch', fieldsOf(server.origin, { sizeMax: 10 }))
    assert.equal(Buffer.from(whole.bytes).toString(), '0123456789')
    const cut = await session.ask('http.fetch', fieldsOf(server.origin, { sizeMax: 9 }))
    assert.deepEqual([cut.status, cut.fields], ['limit', { name: 'sizeMax', max: 9 }])
  })

  test('says what is wrong with a request', async () => {
    await using closed = await startTcpServer((socket) => socket.destroy())
    await using session = openSession()
    const statusOf = async (url: string, fields: Fields = {}): Promise<string> =>
      (await session.ask('http.open', fieldsOf(url, fields))).status
    assert.equal(await statusOf('not a url'), 'url')
    assert.equal(await statusOf('ftp://127.0.0.1/'), 'url')
    assert.equal(await statusOf('https://127.0.0.1/'), 'denied')
    assert.equal(await statusOf('http://10.0.0.1/'), 'address')
    assert.equal(await statusOf('http://127.0.0.1/', { method: 'CONNECT' }), 'method')
    assert.equal(await statusOf('http://127.0.0.1/', { headers: ['a b', 'c'] }), 'header')
    assert.equal(await statusOf(closed.origin), 'failed')
  })

  test('a call that no guest side makes is not served', async () => {
    await using session = openSession()
    const bad: readonly (readonly [string, Fields])[] = [
      ['http.other', {}],
      ['http.open', {}],
      ['http.open', fieldsOf('http://a/', { headers: ['one'] })],
      ['http.open', fieldsOf('http://a/', { headers: [1, 2] })],
      ['http.open', fieldsOf('http://a/', { timeoutMs: -1 })],
      ['http.read', { handle: 1, size: 0 }],
      ['http.read', { handle: 1, size: 99_999_999 }],
      ['http.close', { handle: 'x' }],
      ['http.fetch', fieldsOf('http://a/')],
    ]
    for (const [name, fields] of bad) await assert.rejects(session.ask(name, fields), TypeError)
  })

  test('bounds open responses, and frees a place when one is closed or read to its end', async () => {
    await using server = await startHttpServer((incoming, response) => {
      response.write('begun')
      if (incoming.url === '/ends') response.end()
    })
    await using session = openSession({ limits: { ...HOST_CALL_DEFAULTS, handlesMax: 3 } })
    const open = async (path: string): Promise<string> =>
      (await session.ask('http.open', fieldsOf(`${server.origin}${path}`))).status
    assert.deepEqual(
      [await open('/'), await open('/'), await open('/ends'), await open('/')],
      ['ok', 'ok', 'ok', 'limit'],
    )
    await session.ask('http.read', { handle: 3, size: 100 })
    assert.equal(await open('/'), 'ok')
    await session.ask('http.close', { handle: 1 })
    assert.equal(await open('/'), 'ok')
  })

  test('a thousand responses are open at once, and gone with the run', async () => {
    let connections = 0
    await using server = await startHttpServer((_, response) => {
      connections++
      response.on('close', () => connections--).write('begun')
    })
    const session = createHttpFamily({}, { responsesMax: 1000 }).open(
      hostRun({ gate: LOCAL, limits: { ...HOST_CALL_DEFAULTS, handlesMax: 1000 } }),
    )
    const ask = asking(session)
    for (let index = 1; index <= 1000; index++)
      assert.equal(handleOf(await ask('http.open', fieldsOf(server.origin))), index)
    assert.equal(connections, 1000)
    await session.close()
    await eventually(() => connections === 0, 'the end of all connections')
  })

  test('all runs of a node share its places, and each gives back what it took', async () => {
    await using server = await startHttpServer((_, response) => response.write('begun'))
    const family = createHttpFamily({}, { responsesMax: 2 })
    // what no guest's side sends takes no place for longer than its own call
    for (const fields of [{ url: 1 }, { headers: ['one'] }, { connectTimeoutMs: -1 }]) {
      const hostile = family.open(hostRun({ gate: LOCAL }))
      await assert.rejects(asking(hostile)('http.open', { ...fieldsOf(server.origin), ...fields }), TypeError)
      await hostile.close()
    }
    const [one, two] = [family.open(hostRun({ gate: LOCAL })), family.open(hostRun({ gate: LOCAL }))]
    const open = async (session: HostSession): Promise<Fields | string> => {
      const { status, fields } = await asking(session)('http.open', fieldsOf(server.origin))
      return status === 'ok' ? status : fields
    }
    assert.deepEqual([await open(one), await open(two)], ['ok', 'ok'])
    assert.deepEqual(await open(two), { name: 'responsesMax', max: 2 })
    await asking(one)('http.close', { handle: 1 })
    const refusedUrl = await asking(one)('http.fetch', fieldsOf('http://10.0.0.1/', { sizeMax: 1 }))
    assert.equal(refusedUrl.status, 'address')
    assert.equal(await open(two), 'ok')
    await two.close()
    assert.deepEqual([await open(one), await open(one)], ['ok', 'ok'])
    await one.close()
  })

  test('gives up on slow headers at the deadline of the call and at that of the guest', async () => {
    await using server = await startTcpServer((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n')),
    )
    await using session = openSession()
    const own = await session.ask('http.open', fieldsOf(server.origin, { timeoutMs: 30 }))
    assert.equal(own.status, 'timeout')
    const call = await session.ask('http.open', fieldsOf(server.origin), '', AbortSignal.timeout(30))
    assert.equal(call.status, 'timeout')
    const fetched = await session.ask('http.fetch', fieldsOf(server.origin, { sizeMax: 10, timeoutMs: 30 }))
    assert.equal(fetched.status, 'timeout')
  })

  test('a body that stalls ends where it stalled', async () => {
    await using server = await startHttpServer((_, response) => response.write('begun'))
    await using session = openSession()
    const handle = handleOf(await session.ask('http.open', fieldsOf(server.origin, { timeoutMs: 200 })))
    const read = await session.ask('http.read', { handle, size: 100 })
    assert.deepEqual([read.status, Buffer.from(read.bytes).toString()], ['ok', 'begun'])
    const second = handleOf(await session.ask('http.open', fieldsOf(server.origin)))
    const cut = await session.ask('http.read', { handle: second, size: 100 }, '', AbortSignal.timeout(50))
    assert.equal(Buffer.from(cut.bytes).toString(), 'begun')
    const fetched = await session.ask('http.fetch', fieldsOf(server.origin, { sizeMax: 100, timeoutMs: 50 }))
    assert.equal(fetched.status, 'timeout')
  })

  test('a body that breaks ends where it broke; fetching it fails', async () => {
    await using server = await startTcpServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun'))
    })
    await using session = openSession()
    const handle = handleOf(await session.ask('http.open', fieldsOf(server.origin)))
    const read = await session.ask('http.read', { handle, size: 100 })
    assert.equal(Buffer.from(read.bytes).toString(), 'begun')
    assert.equal((await session.ask('http.fetch', fieldsOf(server.origin, { sizeMax: 100 }))).status, 'failed')
  })

  test('an endless body fills what is asked for and no more', async () => {
    await using server = await startHttpServer((_, response) => {
      const pump = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
      }
      response.on('drain', pump)
      pump()
    })
    await using session = openSession()
    const fetched = await session.ask('http.fetch', fieldsOf(server.origin, { sizeMax: 1_000_000 }))
    assert.equal(fetched.status, 'limit')
    const handle = handleOf(await session.ask('http.open', fieldsOf(server.origin)))
    assert.equal((await session.ask('http.read', { handle, size: 1_048_576 })).bytes.length, 1_048_576)
  })

  test('does not follow a name to an address that it got in between', async () => {
    await using server = await startHttpServer((incoming, response) => {
      response
        .writeHead(302, { location: `http://other.example:${server.port}/`, connection: 'close' })
        .end(incoming.url)
    })
    const resolver: Resolver = {
      resolve: async (host) => [{ address: host === 'first.example' ? '127.0.0.1' : '169.254.169.254', family: 4 }],
    }
    await using session = openSession({}, resolver)
    const answer = await session.ask('http.open', fieldsOf(`http://first.example:${server.port}/`))
    assert.equal(answer.status, 'address')
    assert.equal(answer.fields['missing'], `"169.254.169.254:${server.port}" in the operator's "allowPrivate"`)
  })

  test('the end of the run ends what waits', async () => {
    await using server = await startHttpServer((_, response) => response.write('begun'))
    const over = new AbortController()
    await using session = openSession({ signal: over.signal })
    const handle = handleOf(await session.ask('http.open', fieldsOf(server.origin)))
    const reading = session.ask('http.read', { handle, size: 100 })
    over.abort(new Error('over'))
    assert.equal(Buffer.from((await reading).bytes).toString(), 'begun')
    assert.equal((await session.ask('http.open', fieldsOf(server.origin))).status, 'timeout')
  })
})
