import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createHttpFamily } from '../../src/host/http/http-family.ts'
import { blessFunctions } from '../../src/imports/bless-rpc.ts'
import { createGate } from '../../src/policy/create-gate.ts'
import { createPolicy } from '../../src/policy/policy.ts'
import { echoRequest, startHttpServer, startTcpServer, type TestServer } from '../host/http/test-server.ts'
import { TestGuest } from './test-guest.ts'

const GATE = createGate(
  createPolicy({ manifest: ['http://*:*'], operator: { allow: ['*'], allowPrivate: ['127.0.0.1'] } }),
)

/** What a response can hold, as far as these tests look. */
interface RpcResponse {
  readonly jsonrpc: string
  readonly id: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

interface HttpResult {
  readonly success: boolean
  readonly data: { status: number; headers: Record<string, string>; body: number[]; url: string } | null
  readonly error: string | null
}

class Program extends TestGuest {
  readonly #functions = blessFunctions(this.guest)

  constructor() {
    super({ families: [createHttpFamily()], gate: GATE })
  }

  /** `rpc_call` with a buffer of `size` bytes. */
  async rpc(request: string | Uint8Array, size = 100_000): Promise<{ code: number; written: number; text: string }> {
    const [buffer, result] = [this.room(size), this.room(4)]
    const code = await this.call(this.#functions, 'rpc_call', ...this.put(request), buffer, size, result)
    const written = this.u32(result)
    return { code, written, text: this.text(buffer, written) }
  }

  async ask(method: string, params?: unknown, size?: number): Promise<RpcResponse> {
    const { code, text } = await this.rpc(JSON.stringify({ jsonrpc: '2.0', method, params, id: 7 }), size)
    assert.equal(code, 0)
    return JSON.parse(text)
  }

  async request(url: string, options?: unknown): Promise<HttpResult> {
    const response = await this.ask('http.request', { url, options }, 4_000_000)
    assert.equal(response.error, undefined)
    return response.result as HttpResult
  }
}

/** What arrived at a server that echoes. */
async function arrived(program: Program, server: TestServer, options?: unknown, path = '') {
  const { data, success, error } = await program.request(`${server.origin}${path}`, options)
  assert.ok(success && data !== null, String(error))
  const echoed = JSON.parse(Buffer.from(data.body).toString()) as {
    method: string
    url: string
    rawHeaders: string[]
    body: string
  }
  const type = echoed.rawHeaders[echoed.rawHeaders.findIndex((name) => name.toLowerCase() === 'content-type') + 1]
  return { ...echoed, type: echoed.rawHeaders.some((name) => name.toLowerCase() === 'content-type') ? type : undefined }
}

suite('bless.rpc_call', () => {
  test('answers ping, echo and version', async () => {
    await using program = new Program()
    assert.deepEqual(await program.ask('ping'), { jsonrpc: '2.0', result: 'pong', id: 7 })
    assert.deepEqual((await program.ask('echo', { a: ['ä', null, 1.5] })).result, { a: ['ä', null, 1.5] })
    assert.deepEqual((await program.ask('echo')).result, null)
    const version = (await program.ask('version')).result as Record<string, unknown>
    assert.deepEqual(Object.keys(version), ['runtime', 'version', 'rpc_version'])
    assert.equal(program.calls.length, 0)
  })

  test('answers with the id of the request', async () => {
    await using program = new Program()
    for (const [id, expected] of [
      ['"x"', 'x'],
      ['0', 0],
      ['null', null],
      ['{}', null],
      ['1e999', null],
    ] as const) {
      assert.equal(JSON.parse((await program.rpc(`{"method":"ping","id":${id}}`)).text).id, expected)
    }
    assert.equal(JSON.parse((await program.rpc('{"method":"ping"}')).text).id, null)
  })

  test('answers a method that it does not know, and parameters that make no sense, in JSON-RPC', async () => {
    await using program = new Program()
    assert.deepEqual((await program.ask('no.such')).error, { code: -32_601, message: 'Method not found' })
    const bad = [undefined, [], {}, { url: 7 }, { url: 'http://a', options: 7 }]
    const options = [
      { method: 7 },
      { headers: [] },
      { headers: { a: {} } },
      { body: 7 },
      { body: { a: {} } },
      { body: [256] },
      { body: [{}] },
    ]
    for (const params of [...bad, ...options.map((each) => ({ url: 'http://a', options: each }))]) {
      const { error } = await program.ask('http.request', params)
      assert.equal(error?.code, -32_602, JSON.stringify(params))
    }
  })

  for (const request of ['', '{', '[]', '7', '{}', '{"method":7}', Uint8Array.of(0xff), '['.repeat(100_000)]) {
    test(`returns 1 for ${JSON.stringify(typeof request === 'string' ? request.slice(0, 12) : 'no UTF-8')}`, async () => {
      await using program = new Program()
      assert.deepEqual(await program.rpc(request), { code: 1, written: 0, text: '' })
    })
  }

  test('charges for each byte of JSON, and refuses what would take too much memory', async () => {
    await using program = new Program()
    const before = program.guest.fuelUsed
    const text = 'x'.repeat(10_000)
    await program.ask('echo', text)
    const used = Number(program.guest.fuelUsed - before)
    assert.ok(used > 2 * 16 * 10_000 && used < 2 * 17 * 10_000, String(used))
    const objects = `{"method":"echo","params":[${'{},'.repeat(1_300_000)}{}]}`
    assert.equal((await program.rpc(objects)).code, 1)
    assert.equal((await program.rpc(`{"method":"ping","params":"${'x'.repeat(34_000_000)}"}`)).code, 1)
  })

  test('returns 5 if the response is larger than the buffer', async () => {
    await using server = await startHttpServer((_, response) => response.end('x'.repeat(100_000)))
    await using program = new Program()
    const exact = '{"jsonrpc":"2.0","result":"pong","id":1}'
    assert.equal((await program.rpc('{"method":"ping","id":1}', exact.length)).text, exact)
    assert.equal((await program.rpc('{"method":"ping","id":1}', exact.length - 1)).code, 5)
    const request = JSON.stringify({ method: 'http.request', params: { url: server.origin } })
    for (const size of [4096, 150_000, 250_000]) assert.equal((await program.rpc(request, size)).code, 5, String(size))
    assert.equal((await program.rpc(request, 500_000)).code, 0)
  })

  test('a pointer outside the memory ends the run', async () => {
    await using program = new Program()
    const functions = blessFunctions(program.guest)
    await assert.rejects(program.call(functions, 'rpc_call', 0, 4, -8, 16, 0), { name: 'GuestEnd' })
  })
})

suite('http.request', () => {
  test('gives status, headers, body and where it came from', async () => {
    await using server = await startHttpServer((incoming, response) => {
      if (incoming.url === '/from') response.writeHead(302, { location: '/to' }).end()
      else response.writeHead(418, { 'X-A': ['1', '2'], __proto__: 'x' }).end(Buffer.from([0, 127, 255]))
    })
    await using program = new Program()
    const { data, ...rest } = await program.request(`${server.origin}/from`)
    assert.deepEqual(rest, { success: true, error: null })
    assert.deepEqual([data?.status, data?.body, data?.url], [418, [0, 127, 255], `${server.origin}/to`])
    assert.equal(data?.headers['x-a'], '1, 2')
  })

  const form = 'application/x-www-form-urlencoded'
  const bodies: readonly { name: string; options: object; body: string | RegExp; type?: string | RegExp }[] = [
    { name: 'a text', options: { body: 'ä' }, body: 'Ã¤' },
    { name: 'bytes', options: { body: [0, 255] }, body: '\0ÿ' },
    { name: 'no bytes', options: { body: [] }, body: '' },
    { name: 'nothing', options: { body: null }, body: '' },
    {
      name: 'an object as a form',
      options: { body: { 'a b': 'ä&', c: '1' }, headers: { 'Content-Type': form } },
      body: 'a+b=%C3%A4%26&c=1',
      type: form,
    },
    {
      name: 'an object as JSON',
      options: { body: { a: [1] }, headers: { 'content-type': 'application/json; charset=utf-8' } },
      body: '{"a":[1]}',
      type: /json/,
    },
    {
      name: 'an object',
      options: { body: { a: '1' } },
      body: /^------blockless-form-0\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n------blockless-form-0--\r\n$/,
      type: 'multipart/form-data; boundary=----blockless-form-0',
    },
    {
      name: 'form data',
      options: {
        headers: { 'content-type': 'multipart/form-data' },
        body: [
          { name: 'a"b', value: { Text: 'x' } },
          { name: 'f', value: { Binary: { data: [65, 66], filename: 'n\n.bin', content_type: null } } },
          { name: 'g', value: { Binary: { data: [45], filename: null, content_type: 'text/plain' } } },
        ],
      },
      body: /name="a%22b"\r\n\r\nx\r\n.*name="f"; filename="n%0A\.bin"\r\nContent-Type: application\/octet-stream\r\n\r\nAB\r\n.*name="g"\r\nContent-Type: text\/plain\r\n\r\n-\r\n/s,
      type: /^multipart\/form-data; boundary=/,
    },
    {
      name: 'a field with the boundary in it',
      options: { body: [{ name: 'a', value: { Text: '----blockless-form-0' } }] },
      body: /^------blockless-form-1\r\n/,
      type: /form-1$/,
    },
  ]
  for (const { name, options, body, type } of bodies) {
    test(`sends ${name}`, async () => {
      await using server = await startHttpServer((incoming, response) => void echoRequest(incoming, response))
      await using program = new Program()
      const echoed = await arrived(program, server, { method: 'POST', ...options })
      if (body instanceof RegExp) assert.match(echoed.body, body)
      else assert.equal(echoed.body, body)
      if (type instanceof RegExp) assert.match(echoed.type ?? '', type)
      else assert.equal(echoed.type, type)
    })
  }

  test('adds parameters to a URL that has none', async () => {
    await using server = await startHttpServer((incoming, response) => void echoRequest(incoming, response))
    await using program = new Program()
    const options = { query_params: { 'a b': 'ä&', n: 1 } }
    assert.equal((await arrived(program, server, options, '/x')).url, '/x?a+b=%C3%A4%26&n=1')
    assert.equal((await arrived(program, server, options, '/x?y')).url, '/x?y')
    assert.equal((await arrived(program, server, { method: 'delete' }, '/x')).method, 'DELETE')
  })

  test('says why there is no response', async () => {
    await using silent = await startTcpServer(() => {})
    await using program = new Program()
    const errorOf = async (url: string, options?: object): Promise<string | null> => {
      const { success, data, error } = await program.request(url, options)
      assert.deepEqual([success, data], [false, null])
      return error
    }
    assert.equal(await errorOf('x'), 'Invalid URL')
    assert.equal(
      await errorOf('https://a.example/x'),
      `Not allowed: "https://a.example/" in the manifest's "permissions" needed`,
    )
    assert.equal(
      await errorOf('http://10.0.0.1/'),
      `Not allowed: "10.0.0.1:80" in the operator's "allowPrivate" needed`,
    )
    assert.equal(await errorOf('http://127.0.0.1/', { method: 'CONNECT' }), 'Invalid method')
    assert.equal(
      await errorOf('http://127.0.0.1/', { headers: { 'a b': '' } }),
      'Invalid header "a b": its name is no token',
    )
    assert.equal(await errorOf('http://127.0.0.1:1/'), 'Request failed: ECONNREFUSED')
    assert.equal(await errorOf(silent.origin, { timeout: 30 }), 'Request timed out')
    assert.equal(await errorOf(`http://127.0.0.1/${'x'.repeat(70_000)}`), 'The request is too large')
  })
})
