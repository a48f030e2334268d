import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, suite, test } from 'node:test'
import type { ResolvedAddress } from '../../../src/host/http/resolver.ts'
import type { Verdict } from '../../../src/policy/gate.ts'
import { agentOf, closeAgents, failsWith, request } from './guarded-helpers.ts'
import { startHttpServer, startTcpServer } from './test-server.ts'

suite('createGuardedAgent()', () => {
  after(closeAgents)

  function resolverOf(...answers: readonly (readonly string[])[]) {
    let calls = 0
    return {
      async resolve(): Promise<readonly ResolvedAddress[]> {
        const answer = answers[Math.min(calls, answers.length - 1)] ?? []
        calls += 1
        return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      },
    }
  }

  test('refuses an address that the gate refuses, as a literal and behind a name', async () => {
    await assert.rejects(request('http://10.0.0.1/'), failsWith('ERR_HTTP_ADDRESS'))
    await assert.rejects(request('http://[::1]/'), failsWith('ERR_HTTP_ADDRESS'))
    const agent = agentOf({ resolver: resolverOf(['10.0.0.1', '::1']) })
    await assert.rejects(request('http://inside.example/', {}, agent), failsWith('ERR_HTTP_ADDRESS'))
  })

  test('connects to what was decided, however the name changes', async () => {
    await using server = await startHttpServer((incoming, response) => response.end(incoming.headers.host))
    const agent = agentOf({ resolver: resolverOf(['127.0.0.1'], ['10.0.0.1']) })
    const first = await request(`http://rebind.example:${server.port}/`, {}, agent)
    assert.equal(await text(first.body), `rebind.example:${server.port}`)
    const second = request(`http://rebind.example:${server.port + 1}/`, {}, agent)
    await assert.rejects(second, failsWith('ERR_HTTP_ADDRESS'))
  })

  test('connects to the allowed addresses of a name that has others too', async () => {
    await using server = await startHttpServer((_, response) => response.end('reached'))
    const agent = agentOf({ resolver: resolverOf(['10.0.0.1', '127.0.0.1']) })
    assert.equal(await text((await request(`http://both.example:${server.port}/`, {}, agent)).body), 'reached')
  })

  test('asks for the certificate of the name, not of the address', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    await using server = await startTcpServer((socket) => {
      socket.once('data', (hello) => {
        resolve(hello.toString('latin1'))
        socket.destroy()
      })
    })
    const agent = agentOf({ resolver: resolverOf(['127.0.0.1']) })
    const failed = assert.rejects(
      request(`https://secure.example:${server.port}/`, {}, agent),
      failsWith('ERR_HTTP_FAILED'),
    )
    assert.match(await promise, /secure\.example/)
    await failed
  })

  test("connects to the operator's endpoints whatever their address, and to nothing else there", async () => {
    await using server = await startHttpServer((_, response) => response.end('reached'))
    const closed = { decideAddress: (): Verdict => ({ isAllowed: false, missing: 'the address' }) }
    const agent = agentOf({ operatorEndpoints: [new URL(`${server.origin}/api/v0`)] }, closed)
    assert.equal(await text((await request(`${server.origin}/x`, {}, agent)).body), 'reached')
    await assert.rejects(request(`http://127.0.0.1:${server.port + 1}/`, {}, agent), failsWith('ERR_HTTP_ADDRESS'))
    await assert.rejects(request(`http://localhost:${server.port}/`, {}, agent), failsWith('ERR_HTTP_ADDRESS'))
  })

  test('says why there is no connection or no response', async () => {
    await using hangUp = await startTcpServer((socket) => socket.once('data', () => socket.end()))
    await using garbage = await startTcpServer((socket) => socket.once('data', () => socket.end('garbage\r\n\r\n')))
    await using endless = await startTcpServer((socket) => {
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(100)}\r\n`))
    })
    for (const server of [hangUp, garbage, endless]) {
      await assert.rejects(request(server.origin), failsWith('ERR_HTTP_FAILED'))
    }
    const nowhere = agentOf({ resolver: resolverOf([]) })
    await assert.rejects(request('http://nowhere.example/', {}, nowhere), failsWith('ERR_HTTP_FAILED'))
    const silent = agentOf({
      resolver: {
        resolve: async (_host, signal) =>
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      },
      connectTimeoutMs: 20,
    })
    await assert.rejects(request('http://slow.example/', {}, silent), failsWith('ERR_HTTP_TIMEOUT'))
  })
})
