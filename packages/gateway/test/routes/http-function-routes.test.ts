import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'
import { type RunRequest, report, TestGateway } from '../support/test-gateway.ts'

describe('functions over HTTP', () => {
  let gateway: TestGateway
  before(async () => {
    gateway = await TestGateway.start()
    await gateway.deploy({ name: 'web', contentType: 'html', env: { OWN: '1' } })
    await gateway.deploy({ name: 'a-b', contentType: 'json' })
    await gateway.deploy({ name: 'cli', http: false })
  })
  after(async () => await gateway[Symbol.asyncDispose]())

  /** What the function sees of a request. */
  async function seen(
    url: string,
    host: string,
    options: { method?: string; payload?: Buffer; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; env: Readonly<Record<string, string>>; stdin: Uint8Array | undefined }> {
    let run: RunRequest | undefined
    gateway.behave = (request) => {
      run = request
      return report('')
    }
    const { method = 'GET', payload, headers } = options
    const answer = await gateway.app.inject({
      method: method as 'GET',
      url,
      headers: { ...headers, host },
      ...(payload === undefined ? {} : { payload }),
    })
    gateway.behave = () => report('hello\n')
    return { status: answer.statusCode, env: { ...run?.input.env }, stdin: run?.input.stdin }
  }

  const routes = [
    { host: 'web.localhost', url: '/', path: '/', query: '' },
    { host: 'web.localhost:8080', url: '/a.b/c.html?x=1?y=%20', path: '/a.b/c.html', query: 'x=1?y=%20' },
    { host: 'WEB.LocalHost', url: '/%20/%C3%A9', path: '/%20/%C3%A9', query: '' },
    { host: 'web.localhost', url: '//double//', path: '//double//', query: '' },
    { host: 'web.localhost', url: '/api/v1/functions', path: '/api/v1/functions', query: '' },
    { host: 'web.localhost', url: '/fn/a-b/x', path: '/fn/a-b/x', query: '' },
    { host: 'web.localhost', url: '/?', path: '/', query: '' },
    { host: 'web.localhost', url: 'http://web.localhost/abs?q', path: '/abs', query: 'q' },
    { host: 'localhost', url: '/fn/web', path: '/', query: '' },
    { host: 'localhost', url: '/fn/web?q=1', path: '/', query: 'q=1' },
    { host: '127.0.0.1:8080', url: '/fn/web/x/y?q', path: '/x/y', query: 'q' },
    { host: 'localhost', url: '/fn/%77eb/x', path: '/x', query: '' },
    { host: 'anything.example', url: '/fn/web/x', path: '/x', query: '' },
  ]
  for (const { host, url, path, query } of routes) {
    test(`${host} ${url} reaches the function as ${path} and "${query}"`, async () => {
      const { status, env } = await seen(url, host)
      assert.equal(status, 200)
      assert.deepEqual([env['BLS_REQUEST_PATH'], env['BLS_REQUEST_QUERY']], [path, query])
      assert.equal(env['OWN'], '1')
    })
  }

  const misses = [
    { host: 'nobody.localhost', url: '/', status: 404, code: 'ERR_FUNCTION_UNKNOWN' },
    { host: 'x.web.localhost', url: '/', status: 421, code: 'ERR_HOST' },
    { host: 'web.localhost.example', url: '/', status: 421, code: 'ERR_HOST' },
    { host: 'cli.localhost', url: '/', status: 404, code: 'ERR_FUNCTION_UNKNOWN' },
    { host: 'localhost', url: '/fn/', status: 404, code: 'ERR_FUNCTION_UNKNOWN' },
    { host: 'localhost', url: `/fn/${'x'.repeat(300)}`, status: 400, code: 'ERR_REQUEST' },
    { host: 'localhost', url: '/fn/web/%zz', status: 400, code: 'ERR_REQUEST' },
  ]
  for (const { host, url, status, code } of misses) {
    test(`${host} ${url.slice(0, 20)} is answered with ${status} ${code}`, async () => {
      const answer = await gateway.app.inject({ url, headers: { host } })
      assert.equal(answer.json().error?.code, code, answer.body)
      assert.equal(answer.statusCode, status)
    })
  }

  test('method, headers and body reach the function as they were sent', async () => {
    const body = Buffer.from([0, 255, 10, 13])
    const { env, stdin } = await seen('/', 'web.localhost', {
      method: 'POST',
      payload: body,
      headers: { 'content-type': 'image/png', 'x-own': 'a', cookie: 'c=1', connection: 'keep-alive' },
    })
    assert.equal(env['BLS_REQUEST_METHOD'], 'POST')
    assert.deepEqual(new Uint8Array(stdin ?? []), new Uint8Array(body))
    const headers = JSON.parse(env['BLS_REQUEST_HEADERS'] ?? '')
    assert.deepEqual([headers['x-own'], headers.cookie, headers.connection], ['a', 'c=1', undefined])
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
      assert.equal((await seen('/', 'web.localhost', { method })).env['BLS_REQUEST_METHOD'], method)
    }
    const broken = { method: 'POST', payload: Buffer.from('{"half'), headers: { 'content-type': 'application/json' } }
    assert.equal((await seen('/', 'web.localhost', broken)).env['BLS_REQUEST_BODY'], '{"half')
  })

  test('bodies of up to 4 MiB are taken, larger ones refused, and marks of byte order end no link', async () => {
    const large = { method: 'POST', payload: Buffer.alloc(4_194_304, 1) }
    assert.equal((await seen('/', 'web.localhost', large)).stdin?.length, 4_194_304)
    assert.equal((await seen('/', 'web.localhost', { method: 'POST', payload: Buffer.alloc(4_194_305) })).status, 413)
    const marks = Buffer.from([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf])
    assert.equal((await seen('/', 'web.localhost', { method: 'POST', payload: marks })).status, 200)
    assert.equal(gateway.head.workers.length, 4)
  })

  /** What a caller gets when the function writes this. */
  async function answerOf(stdout: string, host = 'web.localhost', url = '/'): ReturnType<TestGateway['get']> {
    gateway.behave = () => report(stdout)
    const answer = await gateway.get(url, { host })
    gateway.behave = () => report('hello\n')
    return answer
  }

  test('what the function writes is the answer, with the receipt in its headers', async () => {
    const html = await answerOf('<h1>hi</h1>')
    assert.deepEqual(
      [html.statusCode, html.body, html.headers['content-type']],
      [200, '<h1>hi</h1>', 'text/html; charset=utf-8'],
    )
    const receipt = await gateway.get(`/receipts/${html.headers['x-blockless-receipt']}`)
    assert.equal(receipt.json().requestId, html.headers['x-blockless-request-id'])
    assert.equal((await answerOf('{}', 'a-b.localhost')).headers['content-type'], 'application/json')
    const cgi = await answerOf(
      'Status: 418\nContent-Type: text/x\nSet-Cookie: a=1, b\nSet-Cookie: c=2\nVary: a\nVary: b\nX-Blockless-Receipt: forged\n\nteapot',
    )
    assert.deepEqual([cgi.statusCode, cgi.body, cgi.headers['content-type']], [418, 'teapot', 'text/x'])
    assert.deepEqual(cgi.headers['set-cookie'], ['a=1, b', 'c=2'])
    assert.equal(cgi.headers['vary'], 'a, b')
    assert.match(String(cgi.headers['x-blockless-receipt']), /^bafy/)
    const redirect = await answerOf('Status: 302\nLocation: /there\n\n')
    assert.deepEqual([redirect.statusCode, redirect.headers.location, redirect.body], [302, '/there', ''])
    const image = await answerOf('data:image/gif;base64,R0lG')
    assert.deepEqual([image.headers['content-type'], image.body], ['image/gif', 'GIF'])
  })

  test('a response that is not well formed is the function\u2019s fault, and its receipt is named', async () => {
    const answer = await answerOf('Status: 200\nX-A: 1\r\nX-B: \x01\n\n')
    assert.deepEqual([answer.statusCode, answer.json().error.code], [502, 'ERR_FUNCTION_RESPONSE'])
    assert.match(String(answer.headers['x-blockless-receipt']), /^bafy/)
    assert.equal(answer.headers['x-a'], undefined)
  })

  test('a function that fails is answered with 500, its receipt and what to do', async () => {
    gateway.behave = () => report('half a page', { exit: { kind: 'unreachable', code: 0 } })
    const answer = await gateway.get('/', { host: 'web.localhost' })
    gateway.behave = () => report('hello\n')
    assert.equal(answer.statusCode, 500)
    const { error } = answer.json()
    assert.equal(error.code, 'ERR_FUNCTION_FAILED')
    assert.match(error.message, /unreachable.*bls explain [0-9a-f]{12}/)
    assert.deepEqual(error.details.exit, { kind: 'unreachable', code: 0 })
    assert.equal(error.details.receiptCid, answer.headers['x-blockless-receipt'])
  })

  test('pages that share the API\u2019s address are in a sandbox, those of their own host are not', async () => {
    const shared = await answerOf('Status: 200\nContent-Security-Policy: none\n\n', 'localhost', '/fn/web/')
    assert.match(String(shared.headers['content-security-policy']), /^sandbox /)
    assert.doesNotMatch(String(shared.headers['content-security-policy']), /same-origin/)
    const own = await answerOf('Status: 200\nContent-Security-Policy: own\n\n')
    assert.equal(own.headers['content-security-policy'], 'own')
    const opaque = await gateway.post('/api/v1/functions/web/invoke', {}, 'application/json', { origin: 'null' })
    assert.deepEqual([opaque.statusCode, opaque.json().error.code], [403, 'ERR_ORIGIN'])
  })

  test('HEAD has the headers of GET and no body', async () => {
    const answer = await gateway.app.inject({ method: 'HEAD', url: '/', headers: { host: 'web.localhost' } })
    assert.deepEqual([answer.statusCode, answer.body], [200, ''])
    assert.equal(answer.headers['content-length'], '6')
  })
})
