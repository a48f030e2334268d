import assert from 'node:assert/strict'
import { connect } from 'node:net'
import test, { after, before, describe } from 'node:test'
import { CodedError, decodeReceipt, receiptCidOf, receiptFromJson, verify } from '@blockless/core'
import { CID } from 'multiformats/cid'
import { findMismatch } from './support/json-schema.ts'
import { fetchRaw, report, TestGateway } from './support/test-gateway.ts'

describe('Gateway', () => {
  let gateway: TestGateway
  before(async () => {
    gateway = await TestGateway.start()
    await gateway.deploy({ name: 'api' })
  })
  after(async () => await gateway[Symbol.asyncDispose]())

  async function invoke(body: unknown = {}): ReturnType<TestGateway['post']> {
    return await gateway.post('/api/v1/functions/api/invoke', body)
  }

  test('/openapi.json lists the routes that the application has, and answers are as it says', async () => {
    const document = (await gateway.get('/openapi.json')).json()
    const invoked = (await invoke()).json()
    const cids = { '/receipts/{cid}': invoked.receiptCid, '/subnets/{cid}': invoked.receipt.subnet.cid }
    for (const [path, methods] of Object.entries<Record<string, { responses: Record<string, unknown> }>>(
      document.paths,
    )) {
      for (const method of Object.keys(methods)) {
        const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1')
        assert.ok(gateway.app.hasRoute({ method: method.toUpperCase() as 'GET', url: pattern }), `${method} ${path}`)
      }
      if (!('get' in methods)) continue
      const url = path
        .replace('{name}', 'api')
        .replace('{id}', invoked.requestId)
        .replace('{cid}', cids[path as keyof typeof cids] ?? '')
      const answer = await gateway.get(url)
      assert.equal(answer.statusCode, 200, url)
      const schema = document.paths[path].get.responses['200'].content['application/json'].schema
      assert.equal(findMismatch(schema, answer.json(), path), undefined)
    }
    for (const [path, body] of [
      ['/api/v1/functions/{nameOrCid}/invoke', {}],
      ['/api/v1/functions/execute', { function_id: 'api', method: 'api' }],
    ] as const) {
      const answer = await gateway.post(path.replace('{nameOrCid}', 'api'), body)
      const { schema } = document.paths[path].post.responses['200'].content['application/json']
      assert.equal(findMismatch(schema, answer.json(), path), undefined)
    }
    const failed = await gateway.get('/api/v1/functions/none')
    const { schema } = document.paths['/api/v1/functions/{name}'].get.responses.default.content['application/json']
    assert.equal(findMismatch(schema, failed.json(), 'error'), undefined)
  })

  test('the application has no route that /openapi.json does not list, but for functions themselves', async () => {
    const listed: string[] = []
    const document = (await gateway.get('/openapi.json')).json()
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of Object.keys(methods as object))
        listed.push(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`)
    }
    const known = gateway.app
      .printRoutes({ commonPrefix: false, includeHooks: false })
      .split('\n')
      .flatMap((line) => /^(.*)[├└]── (\S+)(?: \(([^)]*)\))?/.exec(line)?.[2] ?? [])
    const segments = new Set(known.flatMap((segment) => segment.split(/[/|]/)).filter((segment) => segment !== ''))
    const expected = new Set(
      listed.flatMap((route) => route.slice(route.indexOf(' ') + 1).split('/')).filter((segment) => segment !== ''),
    )
    for (const segment of segments) {
      assert.ok(expected.has(segment) || ['fn', ':name', '*'].includes(segment), `no route listed has "${segment}"`)
    }
  })

  test('POST invoke runs with arguments, environment, stdin and lower limits', async () => {
    const stdin = { base64: Buffer.from([0, 255]).toString('base64') }
    const limits = { fuel: 1_000, deadlineMs: 500 }
    let seen: unknown
    gateway.behave = ({ input, limits: given }) => {
      seen = {
        args: input.args,
        env: { ...input.env },
        stdin: [...input.stdin],
        fuel: given.fuel,
        deadlineMs: given.deadlineMs,
      }
      return report(Uint8Array.of(0xff, 0), { exit: { kind: 'exit', code: 3 } })
    }
    const answer = await invoke({ args: ['a'], env: { B: '1' }, stdin, limits })
    gateway.behave = () => report('hello\n')
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(seen, { args: ['a'], env: { B: '1' }, stdin: [0, 255], fuel: 1_000, deadlineMs: 500 })
    const { exit, stdout, receipt, receiptCid, requestId } = answer.json()
    assert.deepEqual(exit, { kind: 'exit', code: 3 })
    assert.deepEqual([...Buffer.from(stdout, 'base64')], [0xff, 0])
    const input = { args: ['a'], env: { B: '1' }, stdin: Uint8Array.of(0, 255) }
    const verdict = verify(receiptFromJson(receipt), {
      input,
      output: Uint8Array.of(0xff, 0),
      network: gateway.network,
    })
    assert.ok(verdict.ok)
    assert.equal(receiptCidOf(receiptFromJson(receipt)).toString(), receiptCid)
    assert.deepEqual(
      [answer.headers['x-blockless-receipt'], answer.headers['x-blockless-request-id']],
      [receiptCid, requestId],
    )
  })

  const refused = [
    { name: 'half a JSON', body: '{"args":', code: 'ERR_REQUEST' },
    { name: 'an unknown field', body: { arguments: [] }, code: 'ERR_SCHEMA' },
    { name: 'a number as argument', body: { args: [1] }, code: 'ERR_SCHEMA' },
    { name: 'NUL in an argument', body: { args: ['\0'] }, code: 'ERR_SCHEMA' },
    { name: 'half a character', body: '{"args":["\\ud800"]}', code: 'ERR_SCHEMA' },
    { name: 'bad base64', body: { stdin: { base64: '*' } }, code: 'ERR_SCHEMA' },
    { name: 'more fuel than the manifest', body: { limits: { fuel: 6_000_000_000 } }, code: 'ERR_LIMIT' },
    { name: 'a memory of one byte', body: { limits: { memoryBytes: 1 } }, code: 'ERR_SCHEMA' },
    { name: 'a list', body: [], code: 'ERR_SCHEMA' },
    { name: 'a prototype', body: '{"__proto__":{}}', code: /ERR_SCHEMA|ERR_REQUEST/ },
  ]
  for (const { name, body, code } of refused) {
    test(`POST invoke refuses ${name} and harms no link`, async () => {
      const answer = await invoke(body)
      assert.match(answer.json().error.code, new RegExp(code), answer.body)
      assert.equal(answer.statusCode, 400)
      assert.deepEqual(Object.keys(answer.json()), ['error'])
      assert.deepEqual(Object.keys(answer.json().error), ['code', 'message', 'details'])
      assert.equal(gateway.head.workers.length, 4)
    })
  }

  test('receipts and draws are given as JSON and as the bytes that their CID names, and are cached', async () => {
    const { receiptCid, receipt } = (await invoke()).json()
    for (const [url, value] of [
      [`/receipts/${receiptCid}`, receipt],
      [`/subnets/${receipt.subnet.cid}`, undefined],
    ] as const) {
      const cid = CID.parse(url.split('/')[2] ?? '')
      const json = await gateway.get(url)
      if (value !== undefined) assert.deepEqual(json.json(), value)
      for (const bytes of [
        await gateway.get(`${url}?format=dag-cbor`),
        await gateway.get(url, { accept: 'application/vnd.ipld.dag-cbor, */*;q=0.1' }),
      ]) {
        assert.equal(bytes.headers['content-type'], 'application/vnd.ipld.dag-cbor')
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes.rawPayload)))
        assert.deepEqual(digest, cid.multihash.digest)
        assert.notEqual(bytes.headers.etag, json.headers.etag)
        assert.equal(
          (await gateway.get(`${url}?format=dag-cbor`, { 'if-none-match': String(bytes.headers.etag) })).statusCode,
          304,
        )
      }
      assert.match(String(json.headers['cache-control']), /immutable/)
      const same = await gateway.get(url, { 'if-none-match': `"other", W/${json.headers.etag}` })
      assert.deepEqual([same.statusCode, same.body], [304, ''])
      assert.equal((await gateway.get(`${url}?format=xml`)).json().error.code, 'ERR_QUERY')
    }
    const bytes = await gateway.get(`/receipts/${receiptCid}?format=dag-cbor`)
    assert.equal(receiptCidOf(decodeReceipt(new Uint8Array(bytes.rawPayload))).toString(), receiptCid)
  })

  test('what is not there is a 404 in the one form of errors', async () => {
    for (const [url, code] of [
      ['/receipts/none', 'ERR_RECEIPT_UNKNOWN'],
      ['/subnets/none', 'ERR_SUBNET_UNKNOWN'],
      ['/api/v1/requests/00000000/story', 'ERR_REQUEST_UNKNOWN'],
      ['/api/v1/functions/none', 'ERR_FUNCTION_UNKNOWN'],
      ['/nothing', 'ERR_ROUTE_UNKNOWN'],
      ['/', 'ERR_ROUTE_UNKNOWN'],
    ] as const) {
      const answer = await gateway.get(url)
      assert.deepEqual([answer.statusCode, answer.json().error.code], [404, code], url)
    }
    for (const limit of ['0', '1001', 'x', '1.5']) {
      assert.equal((await gateway.get(`/api/v1/requests?limit=${limit}`)).json().error.code, 'ERR_QUERY')
    }
  })

  test('stories are listed newest first and found by the start of their id', async () => {
    const { requestId } = (await invoke()).json()
    const { requests } = (await gateway.get('/api/v1/requests?limit=2')).json()
    assert.equal(requests.length, 2)
    assert.equal(requests[0].requestId, requestId)
    assert.deepEqual((await gateway.get(`/api/v1/requests/${requestId.slice(0, 12)}/story`)).json(), requests[0])
  })

  test('nodes that fail are the network\u2019s fault, in the status and with when to come back', async () => {
    for (const [code, status] of [
      ['ERR_QUEUE_FULL', 503],
      ['ERR_DEADLINE', 504],
    ] as const) {
      gateway.behave = () => {
        throw new CodedError(code, 'Cannot run')
      }
      const answer = await invoke()
      assert.deepEqual([answer.statusCode, answer.json().error.code], [status, 'ERR_NOT_ENOUGH_ANSWERS'])
      assert.equal(answer.headers['retry-after'], status === 503 ? '1' : undefined)
    }
    gateway.behave = (_request, worker) => report(String(worker))
    assert.equal((await invoke()).statusCode, 502)
    gateway.behave = () => report('hello\n')
  })

  test('a fault of our own tells nothing but where to look', async () => {
    const find = gateway.journal.latest
    gateway.journal.latest = () => {
      throw new TypeError('secret of the house')
    }
    const answer = await gateway.get('/api/v1/requests')
    gateway.journal.latest = find
    assert.deepEqual([answer.statusCode, answer.json().error.code], [500, 'ERR_INTERNAL'])
    assert.doesNotMatch(answer.body, /secret/)
    assert.ok(
      gateway.log.entries.some(
        ({ level, fields }) => level === 'error' && /secret of the house/.test(String(fields['reason'])),
      ),
    )
  })

  test('pages of other origins and hosts that were pointed here get no API', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', 'a.b.localhost']) {
      const answer = await gateway.get('/api/v1/status', { host })
      assert.deepEqual([answer.statusCode, answer.json().error.code], [421, 'ERR_HOST'], host)
    }
    for (const host of ['localhost', 'localhost:8080', '127.0.0.1:1', '[::1]:80', 'LOCALHOST']) {
      assert.equal((await gateway.get('/api/v1/status', { host })).statusCode, 200, host)
    }
    for (const origin of ['http://evil.example', 'http://api.localhost', 'https://localhost', 'null']) {
      const answer = await gateway.get('/api/v1/status', { origin })
      assert.deepEqual([answer.statusCode, answer.json().error.code], [403, 'ERR_ORIGIN'], origin)
    }
    assert.equal((await gateway.get('/api/v1/status', { origin: 'http://localhost' })).statusCode, 200)
  })

  test('start() listens on a free port, keeps connections, and says so if a port is taken', async () => {
    const listening = gateway.createListening()
    await listening.start()
    const port = Number(new URL(listening.url).port)
    assert.ok(port > 0)
    assert.equal(listening.urlOf('x'), `http://x.localhost:${port}/`)
    const health = await fetchRaw(port, '/api/v1/health')
    assert.deepEqual([health.status, health.body], [200, '{"code":200,"type":"MsgHealthCheck"}'])
    assert.equal(health.headers['keep-alive'], 'timeout=72')
    assert.equal((await fetchRaw(port, '/x', { host: `api.localhost:${port}` })).body, 'hello\n')
    const second = gateway.createListening(port)
    await assert.rejects(
      second.start(),
      (error: CodedError) => error.code === 'ERR_PORT_TAKEN' && error.message.includes(String(port)),
    )
    await second.stop()
    await listening.stop()
  })

  test('a caller who hangs up ends the run', async () => {
    const listening = gateway.createListening()
    await listening.start()
    const running = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    gateway.behave = async (_request, _worker, signal) => {
      running.resolve()
      const aborted = Promise.withResolvers<never>()
      signal?.addEventListener('abort', () => {
        ended.resolve()
        aborted.reject(signal.reason)
      })
      return await aborted.promise
    }
    const port = Number(new URL(listening.url).port)
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /fn/api/ HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await running.promise
    socket.destroy()
    await ended.promise
    gateway.behave = () => report('hello\n')
    await listening.stop()
  })
})
