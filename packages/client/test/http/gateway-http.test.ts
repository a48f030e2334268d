import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { replyJson, startFakeGateway } from '@blockless/testing'
import { type ClientError, createClient, GatewayError } from '../../src/index.ts'

test('a gateway that is not there is unreachable, with a hint', async () => {
  const gateway = await startFakeGateway(() => {})
  await gateway[Symbol.asyncDispose]()
  await assert.rejects(createClient({ url: gateway.url }).status(), (error: ClientError) => {
    assert.equal(error.code, 'ERR_GATEWAY_UNREACHABLE')
    assert.match(error.message, /ECONNREFUSED/)
    assert.ok('hint' in error.details && error.details.hint === 'is `bls up` running?')
    return true
  })
})

test('a connection cut in the middle of an answer is unreachable', async () => {
  await using gateway = await startFakeGateway((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{')
    setImmediate(() => response.destroy())
  })
  await assert.rejects(createClient({ url: gateway.url }).status(), { code: 'ERR_GATEWAY_UNREACHABLE' })
})

const garbage: readonly { name: string; status: number; body: string | Uint8Array; message: RegExp }[] = [
  { name: 'HTML', status: 200, body: '<!doctype html><title>It works!</title>', message: /not JSON: "<!doctype html>/ },
  { name: 'nothing', status: 200, body: '', message: /not JSON: empty/ },
  { name: 'no UTF-8', status: 200, body: Uint8Array.of(0x22, 0xff, 0x22), message: /not JSON/ },
  { name: 'JSON of another kind', status: 200, body: '[]', message: /expected an object, got list/ },
  { name: 'JSON that lacks a field', status: 200, body: '{"chainId": "c"}', message: /"version": expected text/ },
  { name: 'an HTML error', status: 502, body: '<h1>Bad gateway</h1>', message: /its error has no code.*HTTP 502/ },
  { name: 'an error without a code', status: 400, body: '{"error": "no"}', message: /its error has no code/ },
  {
    name: 'an error with a made-up code',
    status: 400,
    body: '{"error": {"code": "x", "message": ""}}',
    message: /no code/,
  },
]
for (const { name, status, body, message } of garbage) {
  test(`an answer is refused when it is ${name}`, async () => {
    await using gateway = await startFakeGateway((_, response) => void response.writeHead(status).end(body))
    await assert.rejects(createClient({ url: gateway.url }).status(), { code: 'ERR_GATEWAY_ANSWER', message })
  })
}

const MIB = 1 << 20
const huge: readonly { name: string; answer: (response: ServerResponse) => void }[] = [
  { name: 'announced', answer: (response) => response.writeHead(200, { 'content-length': `${100 * MIB}` }).write('{') },
  { name: 'not announced', answer: (response) => response.writeHead(200).write(Buffer.alloc(20 * MIB)) },
  { name: 'an error', answer: (response) => response.writeHead(500).write(Buffer.alloc(2 * MIB)) },
]
for (const { name, answer } of huge) {
  test(`an answer that is too large is not read to its end when it is ${name}`, async () => {
    // None of these answers ever ends, so a reader that waits for the end hangs.
    await using gateway = await startFakeGateway((_, response) => answer(response))
    const asked = createClient({ url: gateway.url }).status()
    await assert.rejects(asked, { code: 'ERR_GATEWAY_ANSWER', message: /longer than/ })
  })
}

test("the gateway's own errors keep code, details, status and pause", async () => {
  const error = { code: 'ERR_SUBNET_TOO_SMALL', message: 'Cannot form subnet', details: { wanted: 4, found: 2 } }
  await using gateway = await startFakeGateway((_, response) =>
    replyJson(response, { error }, 503, { 'retry-after': '2' }),
  )
  await assert.rejects(createClient({ url: gateway.url }).status(), (thrown: GatewayError) => {
    assert.ok(thrown instanceof GatewayError)
    assert.deepEqual(
      { ...error, status: 503, retryAfterMs: 2_000 },
      {
        code: thrown.code,
        message: thrown.message,
        details: thrown.details,
        status: thrown.status,
        retryAfterMs: thrown.retryAfterMs,
      },
    )
    return true
  })
})

test('a signal ends a call, of the call and of the client, with its own reason', async () => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>()
  await using gateway = await startFakeGateway(() => resolve())
  const reason = new Error('enough')
  const call = new AbortController()
  const asked = createClient({ url: gateway.url }).status({ signal: call.signal })
  await arrived
  call.abort(reason)
  await assert.rejects(asked, reason)
  const client = createClient({ url: gateway.url, signal: AbortSignal.abort(reason) })
  await assert.rejects(client.functions(), reason)
})
