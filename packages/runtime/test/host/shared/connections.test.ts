import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@blockless/core'
import { createExtensionFamilies } from '../../../src/host/extension-families.ts'
import { createHttpFamily } from '../../../src/host/http/http-family.ts'
import type { Resolver } from '../../../src/host/http/resolver.ts'
import { S3Family } from '../../../src/host/s3/s3-family.ts'
import { Places } from '../../../src/host/shared/places.ts'
import type { Fields, HostAnswer } from '../../../src/host-call/host-call.ts'
import type { HostFamily } from '../../../src/host-call/host-family.ts'
import { type Ask, asking, eventually, handleOf, hostRun } from '../host-helpers.ts'
import { startHttpServer } from '../http/test-server.ts'

const LOOPBACK: Resolver = { resolve: async () => [{ address: '127.0.0.1', family: 4 }] }

/** A session of a family that ends with the test. */
function openSession(family: HostFamily | undefined): AsyncDisposable & { readonly ask: Ask } {
  assert.ok(family !== undefined)
  const session = family.open(hostRun())
  return { ask: asking(session), [Symbol.asyncDispose]: async () => await session.close() }
}

/** How many more places there are. */
function countFree(places: Places): number {
  let count = 0
  while (places.take()) count++
  for (let index = 0; index < count; index++) places.give()
  return count
}

function fetchFields(url: string): Fields {
  return { url, method: 'GET', headers: [], connectTimeoutMs: 0, timeoutMs: 0, sizeMax: 10 }
}

test('connections that are kept for a next request count, and a server cannot have them kept for long', async () => {
  await using server = await startHttpServer((_, response) => {
    response.setHeader('keep-alive', 'timeout=600')
    response.end('x')
  })
  const connections = new Places(3)
  const family = createHttpFamily({ resolver: LOOPBACK, connections })
  await using session = openSession(family)
  const fetchFrom = async (index: number): Promise<HostAnswer> =>
    await session.ask('http.fetch', fetchFields(`http://h${index}.test:${server.port}/`))
  for (let index = 0; index < 3; index++) assert.equal((await fetchFrom(index)).status, 'ok')
  assert.equal((await fetchFrom(0)).status, 'ok')
  assert.deepEqual((await fetchFrom(3)).fields, { host: 'h3.test', why: 'ERR_TOO_MANY_CONNECTIONS' })
  await eventually(() => countFree(connections) === 3, 'the end of connections that nobody uses')
  assert.equal((await fetchFrom(3)).status, 'ok')
})

test('families share the connections of a node, and give back those that failed, were closed, or ended with a run', async () => {
  await using server = await startHttpServer((_, response) => response.write('begun'))
  await using closed = await startHttpServer(() => {})
  await closed[Symbol.asyncDispose]()
  const connections = new Places(2)
  const [stream] = createExtensionFamilies({}, { clock: systemClock, connections })
  const address = `127.0.0.1:${server.port}`
  const bucket = { access_key: 'a', secret_key: 's', endpoint: server.origin, bucket_name: 'b', path: 'key' }
  {
    await using tcp = openSession(stream)
    await using http = openSession(createHttpFamily({ connections }))
    await using s3 = openSession(new S3Family({ connections }))
    const connect = async (to: string): Promise<HostAnswer> => await tcp.ask('stream.connect', { address: to })
    assert.equal((await connect(`127.0.0.1:${closed.port}`)).status, 'refused')
    const gone = await http.ask('http.fetch', fetchFields(`http://127.0.0.1:${closed.port}/`))
    assert.equal(gone.fields['why'], 'ECONNREFUSED')
    assert.equal(countFree(connections), 2)
    const handle = handleOf(await connect(address))
    const options = JSON.stringify(bucket)
    assert.equal((await s3.ask('s3.command', { command: 3, options })).status, 'ok')
    assert.deepEqual((await connect(address)).fields, { name: 'connectionsMax', max: 2 })
    assert.equal((await s3.ask('s3.command', { command: 3, options })).fields['why'], 'ERR_TOO_MANY_CONNECTIONS')
    await tcp.ask('stream.close', { handle })
    await eventually(() => countFree(connections) === 1, 'the end of a connection')
    assert.equal((await connect(address)).status, 'ok')
  }
  await eventually(() => countFree(connections) === 2, 'the end of all connections')
})
