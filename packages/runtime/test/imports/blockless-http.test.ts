import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createHttpFamily } from '../../src/host/http/http-family.ts'
import { blocklessHttpFunctions } from '../../src/imports/blockless-http.ts'
import { createGate } from '../../src/policy/create-gate.ts'
import { CLOSED_GATE } from '../../src/policy/gate.ts'
import { createPolicy } from '../../src/policy/policy.ts'
import { echoRequest, startHttpServer, startTcpServer } from '../host/http/test-server.ts'
import { TestGuest, type TestGuestInit } from './test-guest.ts'

const GATE = createGate(
  createPolicy({ manifest: ['http://127.0.0.1:*'], operator: { allow: ['*'], allowPrivate: ['127.0.0.1'] } }),
)

/** A program's view of `blockless_http`. */
class Program extends TestGuest {
  readonly #functions = blocklessHttpFunctions(this.guest)

  constructor(init: Partial<TestGuestInit> = {}) {
    super({ families: [createHttpFamily()], gate: GATE, ...init })
  }

  async open(url: string | Uint8Array, options: string | Uint8Array = '{}', name = 'http_req') {
    const [handleAt, codeAt] = [this.room(4), this.room(4)]
    const error = await this.call(this.#functions, name, ...this.put(url), ...this.put(options), handleAt, codeAt)
    return { error, handle: this.u32(handleAt), code: this.u32(codeAt) }
  }

  async header(handle: number, name: string | Uint8Array, size = 2048) {
    const [address, result] = [this.room(size), this.room(4)]
    const at = [handle, ...this.put(name), address, size, result]
    return { ...(await this.headerAt(at)), at }
  }

  /** The same call again, as a loop makes it. */
  async headerAt(at: number[]) {
    const error = await this.call(this.#functions, 'http_read_header', ...at)
    const count = this.u32(at[5] ?? 0)
    return { error, count, text: this.text(at[3] ?? 0, count) }
  }

  async body(handle: number, size: number) {
    const [address, result] = [this.room(size), this.room(4)]
    const error = await this.call(this.#functions, 'http_read_body', handle, address, size, result)
    return { error, text: this.text(address, this.u32(result)) }
  }

  async close(handle: number): Promise<number> {
    return await this.call(this.#functions, 'http_close', handle)
  }

  async http(name: string, ...values: number[]): Promise<number> {
    return await this.call(this.#functions, name, ...values)
  }
}

suite('blockless_http', () => {
  test('requests, reads headers and body, and closes', async () => {
    await using server = await startHttpServer((_, response) => {
      response
        .writeHead(201, { 'X-Long': 'y'.repeat(3000), 'x-empty': '', 'set-cookie': ['a=1', 'b=2'] })
        .end('x'.repeat(5000))
    })
    await using program = new Program()
    const { error, handle, code } = await program.open(server.origin)
    assert.deepEqual([error, handle, code], [0, 1, 201])
    assert.deepEqual((await program.header(handle, 'X-LONG')).text, 'y'.repeat(2048))
    assert.deepEqual((await program.header(handle, 'x-long')).count, 2048)
    assert.equal((await program.header(handle, 'set-cookie')).text, 'a=1, b=2')
    const empty = await program.header(handle, 'x-empty')
    assert.deepEqual([empty.error, empty.count], [0, 0])
    assert.equal((await program.header(handle, 'x-none')).error, 4)
    assert.equal((await program.header(handle, Uint8Array.of(0xff))).error, 5)
    assert.equal((await program.body(handle, 0)).text, '')
    assert.equal((await program.header(handle, 'x-long')).error, 11)
    let length = 0
    for (let read = await program.body(handle, 1024); read.text !== ''; read = await program.body(handle, 1024)) {
      length += read.text.length
    }
    assert.equal(length, 5000)
    assert.equal(await program.close(handle), 0)
    assert.equal(await program.close(handle), 1)
    assert.equal((await program.open(server.origin, '', 'http_open')).handle, 2)
  })

  test('fills a large buffer from one call or more, and a small one from what was fetched ahead', async () => {
    await using server = await startHttpServer((_, response) => response.end('x'.repeat(3_000_000)))
    await using program = new Program()
    const large = await program.open(server.origin)
    assert.equal((await program.body(large.handle, 2_500_000)).text.length, 2_500_000)
    const small = await program.open(server.origin)
    const before = program.calls.length
    for (let index = 0; index < 1000; index++) await program.body(small.handle, 100)
    assert.ok(program.calls.length - before < 12, `${program.calls.length - before} calls`)
  })

  test('gives a first byte as soon as it is asked for alone', async () => {
    await using server = await startHttpServer((_, response) => response.write('x'.repeat(1024)))
    await using program = new Program()
    const { handle } = await program.open(server.origin)
    assert.equal((await program.body(handle, 10)).text, 'x'.repeat(10))
  })

  const options: readonly { name: string; text: string; method?: string; body?: string; header?: string }[] = [
    { name: 'no text', text: '' },
    { name: 'null', text: 'null' },
    { name: 'no members', text: '{}' },
    { name: 'a lower-case method', text: '{"method":"put"}', method: 'PUT' },
    { name: 'headers as JSON in a text', text: '{"headers":"{\\"x-a\\":\\"1\\"}"}', header: '1' },
    { name: 'headers as an object', text: '{"headers":{"X-A":1}}', header: '1' },
    { name: 'a header with two values', text: '{"headers":{"x-a":["1","2"]}}', header: '1, 2' },
    { name: 'empty headers', text: '{"headers":""}' },
    { name: 'null headers', text: '{"headers":null,"body":null,"method":null}' },
    { name: 'headers whose text is null', text: '{"headers":"null"}' },
    { name: 'seconds', text: '{"connectTimeout":30,"readTimeout":0.5}' },
    { name: 'seconds in a text', text: '{"connectTimeout":"30","readTimeout":"5"}' },
    { name: 'seconds that make no sense', text: '{"connectTimeout":-1,"readTimeout":{}}' },
    { name: 'an empty body', text: '{"method":"GET","body":""}' },
    { name: 'a body', text: '{"method":"POST","body":"ä"}', method: 'POST', body: 'Ã¤' },
    { name: 'a body of bytes', text: '{"method":"DELETE","body":[104,105]}', method: 'DELETE', body: 'hi' },
    { name: 'a method of its own', text: '{"method":"PROPFIND"}', method: 'PROPFIND' },
  ]
  for (const { name, text, method = 'GET', body = '', header } of options) {
    test(`takes options with ${name}`, async () => {
      await using server = await startHttpServer((incoming, response) => void echoRequest(incoming, response))
      await using program = new Program()
      const { error, handle } = await program.open(server.origin, text)
      assert.equal(error, 0)
      const arrived = JSON.parse((await program.body(handle, 10_000)).text)
      const values = arrived.rawHeaders.filter(
        (_: string, index: number, all: string[]) => all[index - 1]?.toLowerCase() === 'x-a',
      )
      assert.deepEqual([arrived.method, arrived.body, values.join(', ')], [method, body, header ?? ''])
    })
  }

  const failures: readonly { name: string; url?: string | Uint8Array; options?: string | Uint8Array; error: number }[] =
    [
      { name: 'a URL that is not UTF-8', url: Uint8Array.of(0xff), error: 5 },
      { name: 'options that are not UTF-8', options: Uint8Array.of(0xff), error: 5 },
      { name: 'an address that is not allowed', url: 'http://10.0.0.1/', error: 6 },
      { name: 'a method that is none', options: '{"method":"A B"}', error: 7 },
      { name: 'a method that is no text', options: '{"method":7}', error: 7 },
      { name: 'CONNECT', options: '{"method":"CONNECT"}', error: 7 },
      { name: 'options that are no JSON', options: '{', error: 8 },
      { name: 'options that are no object', options: '[]', error: 8 },
      { name: 'a body that is no text', options: '{"body":{}}', error: 8 },
      { name: 'no URL', url: '', error: 9 },
      { name: 'a relative URL', url: '/x', error: 9 },
      { name: 'a URL of another protocol', url: 'file:///etc/passwd', error: 9 },
      { name: 'a URL that is too long', url: `http://127.0.0.1/${'x'.repeat(70_000)}`, error: 9 },
      { name: 'no server', url: 'http://127.0.0.1:1/', error: 10 },
      { name: 'a URL that is not allowed', url: 'http://127.0.0.2/', error: 14 },
      { name: 'headers that are no JSON', options: '{"headers":"x"}', error: 15 },
      { name: 'headers that are a list', options: '{"headers":[]}', error: 15 },
      { name: 'a header that is no text', options: '{"headers":{"a":{}}}', error: 15 },
      { name: 'a header with a line break', options: '{"headers":{"a":"b\\r\\nc: d"}}', error: 15 },
      { name: "another host's name", options: '{"headers":{"Host":"other"}}', error: 15 },
      {
        name: 'headers that are too large',
        options: JSON.stringify({ headers: { a: 'x'.repeat(70_000) } }),
        error: 15,
      },
    ]
  for (const { name, url = 'http://127.0.0.1:9/', options: text = '{}', error } of failures) {
    test(`answers ${error} to ${name}`, async () => {
      await using program = new Program({
        gate: name.includes('address')
          ? createGate(createPolicy({ manifest: ['http://'], operator: { allow: ['*'] } }))
          : GATE,
      })
      assert.deepEqual(await program.open(url, text), { error, handle: 0, code: 0 })
    })
  }

  test('answers 10 to a broken response and to one that takes too long, 12 to too many, 13 and 14 where HTTP is not offered', async () => {
    await using garbage = await startTcpServer((socket) => socket.once('data', () => socket.end('garbage')))
    await using silent = await startTcpServer(() => {})
    await using server = await startHttpServer((_, response) => response.write('x'))
    await using program = new Program({ limits: { handlesMax: 1 } })
    assert.equal((await program.open(garbage.origin)).error, 10)
    assert.equal((await program.open(silent.origin, '{"readTimeout":0.05}')).error, 10)
    assert.equal((await program.open(server.origin)).error, 0)
    assert.equal((await program.open(server.origin)).error, 12)
    await using alone = new Program({ families: [] })
    assert.equal((await alone.open(server.origin)).error, 13)
    await using closed = new Program({ gate: CLOSED_GATE })
    assert.equal((await closed.open(server.origin)).error, 14)
  })

  test('answers 1 to handles that are none', async () => {
    await using program = new Program()
    for (const handle of [0, 1, -1]) {
      assert.equal((await program.header(handle, 'a')).error, 1)
      assert.equal((await program.body(handle, 1)).error, 1)
      assert.equal(await program.close(handle), 1)
    }
  })

  test('answers 11 where a limit of the run keeps the body back', async () => {
    await using server = await startHttpServer((_, response) => response.end('x'.repeat(100_000)))
    await using program = new Program({ limits: { totalBytesMax: 2000 } })
    const { handle } = await program.open(server.origin)
    let read = await program.body(handle, 1000)
    while (read.error === 0) read = await program.body(handle, 1000)
    assert.equal(read.error, 11)
  })

  test('a pointer outside the memory ends the run, before anything is requested', async () => {
    await using program = new Program()
    for (const name of ['http_req', 'http_read_header', 'http_read_body']) {
      await assert.rejects(async () => await program.http(name, 1, -8, 1, -8, 16, -8), { name: 'GuestEnd' })
    }
    assert.deepEqual(program.guest.end, { kind: 'memory-out-of-bounds', code: 0 })
    assert.equal(program.calls.length, 0)
  })

  test('a loop that reads a header until nothing comes ends, and others are given it each time', async () => {
    const value = 'v'.repeat(1500)
    await using server = await startHttpServer((_, response) =>
      response.setHeader('x-a', value).setHeader('x-b', 'b').end(),
    )
    await using program = new Program()
    const { handle } = await program.open(server.origin)
    for (let round = 0; round < 2; round++) {
      const first = await program.header(handle, 'x-a', 1024)
      const rest = await program.headerAt(first.at)
      assert.deepEqual([first.text + rest.text, (await program.headerAt(first.at)).count], [value, 0])
    }
    const loop = await program.header(handle, 'x-b', 1024)
    await program.header(handle, 'x-a', 1024)
    assert.equal((await program.headerAt(loop.at)).text, 'b', 'another header in between')
    assert.equal((await program.headerAt(loop.at)).text, '')
    for (const size of [1023, 2048, 10_240]) {
      const single = await program.header(handle, 'x-b', size)
      assert.equal((await program.headerAt(single.at)).text, 'b', `a buffer of ${size}`)
    }
  })
})
