import assert from 'node:assert/strict'
import { buffer, text } from 'node:stream/consumers'
import { after, suite, test } from 'node:test'
import type { GuardedResponse } from '../../../src/host/http/guarded-request.ts'
import { HttpError } from '../../../src/host/http/http-error.ts'
import type { Verdict } from '../../../src/policy/gate.ts'
import { ALLOWED, closeAgents, failsWith, request } from './guarded-helpers.ts'
import { echoRequest, startHttpServer } from './test-server.ts'

async function arrivedAt(
  response: GuardedResponse,
): Promise<{ method: string; url: string; rawHeaders: string[]; body: string }> {
  return JSON.parse(await text(response.body))
}

suite('guardedRequest()', () => {
  after(closeAgents)

  test('sends method, path, headers and body, and hands out what comes back', async () => {
    await using server = await startHttpServer((incoming, response) => void echoRequest(incoming, response))
    const response = await request(`${server.origin}/a?b=c#d`, {
      method: 'PATCH',
      headers: [
        ['X-One', ' 1 '],
        ['Connection', 'upgrade'],
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '999'],
        ['Host', server.origin.slice(7)],
      ],
      body: new TextEncoder().encode('hello'),
    })
    assert.equal(response.status, 200)
    assert.deepEqual(response.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1], 'application/json')
    const arrived = await arrivedAt(response)
    assert.deepEqual([arrived.method, arrived.url, arrived.body], ['PATCH', '/a?b=c', 'hello'])
    const names = arrived.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
    assert.deepEqual(names.toSorted(), ['accept', 'connection', 'content-length', 'host', 'x-one'])
  })

  test('keeps repeated headers apart and does not decompress', async () => {
    await using server = await startHttpServer((_, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('content-encoding', 'gzip').end('not unpacked')
    })
    const response = await request(server.origin)
    const cookies = response.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value)
    assert.deepEqual(cookies, ['a=1', 'b=2'])
    assert.equal(await text(response.body), 'not unpacked')
  })

  const badHeaders: [string, string][] = [
    ['a b', 'x'],
    ['', 'x'],
    ['a', 'x\r\nb: y'],
    ['a', 'x\0'],
    ['a', 'ü'],
    ['host', 'other.example'],
    ['x'.repeat(300), 'x'],
    ['a', 'x'.repeat(70_000)],
  ]
  for (const [name, value] of badHeaders) {
    test(`refuses header ${JSON.stringify(name.slice(0, 8))}: ${JSON.stringify(value.slice(0, 16))}`, async () => {
      await assert.rejects(request('http://127.0.0.1:9/', { headers: [[name, value]] }), failsWith('ERR_HTTP_HEADER'))
    })
  }

  for (const method of ['CONNECT', 'get', '', 'A B', 'GET / HTTP/1.1\r\n', 'X'.repeat(40)]) {
    test(`refuses method ${JSON.stringify(method)}`, async () => {
      await assert.rejects(request('http://127.0.0.1:9/', { method }), failsWith('ERR_HTTP_METHOD'))
    })
  }

  test('turns a user and password in the URL into a header', async () => {
    await using server = await startHttpServer((incoming, response) => void echoRequest(incoming, response))
    const response = await request(`http://us%20er:p%40ss@127.0.0.1:${server.port}/`)
    assert.equal(response.url, `${server.origin}/`)
    const { rawHeaders } = await arrivedAt(response)
    assert.equal(rawHeaders[rawHeaders.indexOf('authorization') + 1], `Basic ${btoa('us er:p@ss')}`)
  })

  test('decides each URL and takes no credentials to another origin', async () => {
    await using other = await startHttpServer((incoming, response) => void echoRequest(incoming, response))
    await using server = await startHttpServer((incoming, response) => {
      const location = incoming.url === '/a' ? '/b' : `http://eve:x@127.0.0.1:${other.port}/c`
      response.writeHead(307, { location }).end('moved')
    })
    const seen: string[] = []
    const response = await request(`${server.origin}/a`, {
      method: 'POST',
      headers: [
        ['Authorization', 'secret'],
        ['Cookie', 'secret'],
        ['X-Kept', 'kept'],
      ],
      body: new TextEncoder().encode('body'),
      redirectsMax: 10,
      decide: (url, method) => {
        seen.push(`${method} ${url.port === String(other.port) ? 'other' : 'first'} ${url.pathname}`)
        return ALLOWED
      },
    })
    assert.deepEqual(seen, ['POST first /a', 'POST first /b', 'POST other /c'])
    assert.equal(response.url, `${other.origin}/c`)
    const arrived = await arrivedAt(response)
    assert.equal(arrived.body, 'body')
    assert.doesNotMatch(arrived.rawHeaders.join('\n'), /secret|authorization/i)
    assert.ok(arrived.rawHeaders.includes('X-Kept'))
  })

  const rewrites = [
    { status: 301, method: 'POST', becomes: 'GET' },
    { status: 302, method: 'POST', becomes: 'GET' },
    { status: 302, method: 'PUT', becomes: 'PUT' },
    { status: 303, method: 'PUT', becomes: 'GET' },
    { status: 303, method: 'HEAD', becomes: 'HEAD' },
    { status: 307, method: 'POST', becomes: 'POST' },
    { status: 308, method: 'POST', becomes: 'POST' },
  ]
  for (const { status, method, becomes } of rewrites) {
    test(`makes ${becomes} of ${method} after ${status}`, async () => {
      let last: string | undefined
      await using server = await startHttpServer((incoming, response) => {
        last = `${incoming.method} ${incoming.headers['content-type']} ${incoming.headers['content-length']}`
        if (incoming.url === '/to') response.end()
        else response.writeHead(status, { location: 'to' }).end()
      })
      const body = method === 'HEAD' ? {} : { body: new TextEncoder().encode('abc') }
      const headers: [string, string][] = [['content-type', 'text/plain']]
      const response = await request(`${server.origin}/from`, { method, headers, redirectsMax: 10, ...body })
      await buffer(response.body)
      const keepsBody = becomes === method
      assert.equal(
        last,
        `${becomes} ${keepsBody ? 'text/plain' : undefined} ${keepsBody && method !== 'HEAD' ? 3 : undefined}`,
      )
    })
  }

  test('hands out a redirect unless asked to follow, and one without a target', async () => {
    await using server = await startHttpServer((incoming, response) => {
      response.writeHead(302, incoming.url === '/to' ? { location: '/x' } : {}).end('moved')
    })
    assert.equal((await request(`${server.origin}/to`)).status, 302)
    assert.equal((await request(`${server.origin}/`, { redirectsMax: 10 })).status, 302)
  })

  test('ends a loop of redirects at its limit', async () => {
    let requests = 0
    await using server = await startHttpServer((_, response) => {
      requests += 1
      response.writeHead(302, { location: '/' }).end()
    })
    await assert.rejects(request(server.origin, { redirectsMax: 10 }), failsWith('ERR_HTTP_REDIRECTS'))
    assert.equal(requests, 11)
  })

  test('does not follow to a URL that is denied, to another protocol or to none', async () => {
    await using server = await startHttpServer((incoming, response) => {
      const location = decodeURIComponent(incoming.url?.slice(1) ?? '')
      response.writeHead(302, { location }).end()
    })
    const decide = (url: URL): Verdict =>
      url.origin === server.origin || url.protocol === 'file:' ? ALLOWED : { isAllowed: false, missing: 'the rule' }
    const follow = async (location: string): Promise<GuardedResponse> =>
      await request(`${server.origin}/${encodeURIComponent(location)}`, { decide, redirectsMax: 10 })
    await assert.rejects(follow('http://10.0.0.1/?secret'), (error: unknown) => {
      assert.ok(error instanceof HttpError && error.details.code === 'ERR_HTTP_DENIED')
      assert.deepEqual([error.details.url, error.details.missing], ['http://10.0.0.1/', 'the rule'])
      return true
    })
    await assert.rejects(follow('file:///etc/passwd'), failsWith('ERR_HTTP_URL'))
    await assert.rejects(follow('http://['), failsWith('ERR_HTTP_URL'))
  })

  test('reads no more of a body than is asked for', async () => {
    let sent = 0
    await using server = await startHttpServer((_, response) => {
      const pump = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536
      }
      response.on('drain', pump)
      pump()
    })
    const response = await request(server.origin)
    for await (const chunk of response.body) {
      assert.ok((chunk as Uint8Array).length > 0)
      break
    }
    assert.ok(response.body.destroyed)
    assert.ok(sent < 64 << 20, `${sent} bytes were sent`)
  })

  test('fails with the reason of its signal, before and while the body is read', async () => {
    await using server = await startHttpServer((incoming, response) => {
      if (incoming.url === '/body') response.write('begun')
    })
    const early = new AbortController()
    const waiting = request(server.origin, { signal: early.signal })
    early.abort(new Error('over'))
    await assert.rejects(waiting, failsWith('ERR_HTTP_TIMEOUT'))
    const late = new AbortController()
    const response = await request(`${server.origin}/body`, { signal: late.signal })
    late.abort(new Error('over'))
    await assert.rejects(text(response.body), /over/)
  })
})
