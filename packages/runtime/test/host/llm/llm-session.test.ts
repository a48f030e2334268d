import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { LlmFamily } from '../../../src/host/llm/llm-family.ts'
import type { HostAnswer } from '../../../src/host-call/host-call.ts'
import { startHttpServer } from '../http/test-server.ts'
import { openSession, RecordingGate, type SessionBench } from '../session-bench.ts'
import { type ChatRequestBody, type ChatServer, startChatServer } from './chat-server.ts'
import { startToolServer } from './tool-server.ts'

const MODELS = { 'Llama-3.2-1B-Instruct': 'llama-small' }
const echo = (body: ChatRequestBody): string => `you said: ${body.messages.at(-1)?.content}`

function familyOf(server: ChatServer, apiKey?: string): LlmFamily {
  return new LlmFamily({ endpoint: server.endpoint, models: MODELS, ...(apiKey === undefined ? {} : { apiKey }) })
}

async function openModel(session: SessionBench, options?: unknown): Promise<{ handle: number }> {
  const { status, fields } = await session.call('llm.open', { model: 'Llama-3.2-1B-Instruct' })
  assert.equal(status, 'ok')
  const handle = Number(fields.handle)
  if (options !== undefined) {
    const configured = await session.call('llm.configure', { handle, options: JSON.stringify(options) })
    assert.equal(configured.status, 'ok')
  }
  return { handle }
}

const textOf = ({ bytes }: HostAnswer): string => Buffer.from(bytes).toString()

/** Says something and gets the answer. */
async function ask(session: SessionBench, handle: number, text: string): Promise<HostAnswer> {
  assert.equal((await session.call('llm.prompt', { handle, text })).status, 'ok')
  return await session.call('llm.answer', { handle })
}

test('LlmSession holds a conversation with the model that the operator maps', async () => {
  await using server = await startChatServer(echo)
  await using session = openSession(familyOf(server, 'secret-key'))
  const { handle } = await openModel(session, { system_message: 'Be brief', temperature: 0.5, top_p: null })
  assert.equal(textOf(await session.call('llm.model', { handle })), 'Llama-3.2-1B-Instruct')
  assert.equal(textOf(await ask(session, handle, 'hello')), 'you said: hello')
  assert.equal(textOf(await ask(session, handle, 'again')), 'you said: again')
  const { path, authorization, body } = server.requests[1] ?? assert.fail('two requests were made')
  assert.deepEqual([path, authorization], ['/v1/chat/completions', 'Bearer secret-key'])
  assert.deepEqual(body, {
    model: 'llama-small',
    messages: [
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'you said: hello' },
      { role: 'user', content: 'again' },
    ],
    temperature: 0.5,
    stream: false,
  })
})

test('LlmSession asks the model again when the same answer is read twice', async () => {
  let count = 0
  await using server = await startChatServer(() => `answer ${++count}`)
  await using session = openSession(familyOf(server))
  const { handle } = await openModel(session)
  assert.equal(textOf(await ask(session, handle, 'hello')), 'answer 1')
  assert.equal(textOf(await session.call('llm.answer', { handle })), 'answer 2')
  assert.deepEqual(server.requests[1]?.body.messages, [{ role: 'user', content: 'hello' }])
})

test('LlmSession tells options in the order and words of the existing runtime', async () => {
  await using server = await startChatServer(echo)
  await using session = openSession(familyOf(server))
  const { handle } = await openModel(session)
  const none = '{"system_message":null,"tools_sse_urls":null,"temperature":null,"top_p":null}'
  assert.equal(textOf(await session.call('llm.options', { handle })), none)
  const refused = ['', '[]', '{"system_message":1}', '{"temperature":"hot"}', '{"temperature":3}', '{"top_p":-1}']
  const urls = ['"x"', '[1]', '["x"]', '["ftp://a"]', JSON.stringify(Array.from({ length: 9 }, () => 'http://a'))]
  for (const options of [...refused, ...urls.map((list) => `{"tools_sse_urls":${list}}`)]) {
    assert.equal((await session.call('llm.configure', { handle, options })).status, 'options', options)
  }
  const options = '{"tools_sse_urls":["http://127.0.0.1/sse"],"top_p":1,"other":true}'
  assert.equal((await session.call('llm.configure', { handle, options })).status, 'ok')
  const set = '{"system_message":null,"tools_sse_urls":["http://127.0.0.1/sse"],"temperature":null,"top_p":1}'
  assert.equal(textOf(await session.call('llm.options', { handle })), set)
})

test('LlmSession serves only models of the operator, and those that the gate allows', async () => {
  await using server = await startChatServer(echo)
  const gate = new RecordingGate((action) => action.kind === 'model' && action.model !== 'denied')
  await using session = openSession(familyOf(server), { gate, limits: { handlesMax: 1 } })
  assert.equal((await session.call('llm.open', { model: 'denied' })).status, 'denied')
  assert.equal((await session.call('llm.open', { model: 'gpt' })).status, 'unknown-model')
  assert.equal((await session.call('llm.open', { model: 'constructor' })).status, 'unknown-model')
  const { handle } = await openModel(session)
  assert.equal((await session.call('llm.open', { model: 'Llama-3.2-1B-Instruct' })).status, 'limit')
  assert.equal((await session.call('llm.close', { handle })).status, 'ok')
  assert.equal((await session.call('llm.close', { handle })).status, 'bad-handle')
  assert.equal((await session.call('llm.prompt', { handle, text: 'x' })).status, 'bad-handle')
  assert.equal((await openModel(session)).handle, 2)
  const any = new LlmFamily({ endpoint: server.endpoint, models: { '*': 'default' } })
  await using other = openSession(any)
  assert.equal((await other.call('llm.open', { model: 'whatever' })).status, 'ok')
})

const replies: readonly (readonly [name: string, status: number, text: string, why: string])[] = [
  ['an error', 500, '{"error":{"message":"key sk-1 is wrong"}}', 'status 500'],
  ['no JSON', 200, 'hello', 'no chat completion'],
  ['no choice', 200, '{"choices":[]}', 'no chat completion'],
  ['a choice without text', 200, '{"choices":[{"message":{"content":null}}]}', 'no chat completion'],
  ['too much', 200, 'x'.repeat(5_000_000), 'more than 4194304 bytes'],
]
for (const [name, status, text, why] of replies) {
  test(`LlmSession tells that the endpoint answered with ${name}`, async () => {
    await using server = await startChatServer(() => ({ status, text }))
    await using session = openSession(familyOf(server))
    const { handle } = await openModel(session)
    const answer = await ask(session, handle, 'hello')
    assert.deepEqual([answer.status, answer.fields], ['failed', { why }])
  })
}

test('LlmSession bounds what is said and answered', async () => {
  await using server = await startChatServer(() => 'ä'.repeat(40_000))
  await using session = openSession(familyOf(server))
  const { handle } = await openModel(session)
  assert.equal((await session.call('llm.answer', { handle })).status, 'failed')
  const { bytes } = await ask(session, handle, 'hello')
  assert.equal(bytes.length, 65_534, 'whole characters only')
  const statuses: string[] = []
  for (let index = 0; index < 260; index++)
    statuses.push((await session.call('llm.prompt', { handle, text: '' })).status)
  assert.equal(statuses.indexOf('limit'), 254)
  const { handle: other } = await openModel(session)
  const text = 'x'.repeat(700_000)
  assert.equal((await session.call('llm.prompt', { handle: other, text })).status, 'ok')
  assert.equal((await session.call('llm.prompt', { handle: other, text })).status, 'limit')
  await assert.rejects(session.call('llm.prompt', { handle, text: 7 }), TypeError)
  await assert.rejects(session.call('llm.sell', { handle }), TypeError)
  await assert.rejects(session.call('llm.open', { model: 'x'.repeat(2000) }), TypeError)
})

test('LlmSession calls a tool that the model names, and lets it answer with what the tool said', async () => {
  await using tools = await startToolServer()
  await using server = await startChatServer(({ messages }) => {
    const last = messages.at(-1)?.content ?? ''
    if (!last.includes('answered:')) return 'I will look. {"name": "time", "arguments": {}} Wait.'
    return `It is ${last.split('\n').slice(1, 3).join(' ')}.`
  })
  const gate = new RecordingGate()
  await using session = openSession(familyOf(server), { gate })
  const { handle } = await openModel(session, { system_message: 'Help', tools_sse_urls: [tools.url] })
  assert.equal(textOf(await ask(session, handle, 'What time is it?')), 'It is half past seven.')
  const [first, second] = server.requests
  assert.match(first?.body.messages[0]?.content ?? '', /^Help\n\n.*Tells the time/s)
  assert.equal(second?.body.messages.length, 4)
  const fetches = gate.actions.filter((action) => action.kind === 'fetch')
  assert.ok(fetches.length >= 5 && fetches.every(({ url }) => url.origin === tools.origin))
  assert.equal(fetches[0]?.url.href, tools.url)
  while (tools.openCount() > 0) await setImmediate()
})

test('LlmSession hands on an answer that calls no tool, and what a failing tool says', async () => {
  await using tools = await startToolServer()
  await using server = await startChatServer(({ messages }) => {
    const last = messages.at(-1)?.content ?? ''
    if (last === 'fail') return '{"name":"fail","arguments":{}}'
    return last === 'json' ? '{"name":"unknown","arguments":{}}' : last
  })
  await using session = openSession(familyOf(server))
  const { handle } = await openModel(session, { tools_sse_urls: [tools.url, tools.url] })
  assert.equal(textOf(await ask(session, handle, 'json')), '{"name":"unknown","arguments":{}}')
  assert.match(textOf(await ask(session, handle, 'fail')), /The tool "fail" answered:\nout of order/)
})

const events = (text: string): ((_: unknown, response: import('node:http').ServerResponse) => void) => {
  return (_request, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text)
}
const brokenServers: readonly (readonly [name: string, handle: ReturnType<typeof events>, why: string])[] = [
  ['sends no events', (_request, response) => void response.end('hello'), 'no events, status 200'],
  ['ends at once', events(''), 'it ended the connection'],
  ['points elsewhere', events('event: endpoint\ndata: http://169.254.169.254/x\n\n'), 'it names an endpoint elsewhere'],
  ['sends an endless event', events(`data: ${'x'.repeat(3_000_000)}`), 'the connection broke'],
]
for (const [name, handle, why] of brokenServers) {
  test(`LlmSession tells of a server of tools that ${name}`, async () => {
    await using tools = await startHttpServer(handle)
    await using server = await startChatServer(echo)
    await using session = openSession(familyOf(server))
    const model = await openModel(session, { tools_sse_urls: [tools.origin] })
    const answer = await ask(session, model.handle, 'hello')
    assert.deepEqual([answer.status, answer.fields], ['tools', { why }])
    assert.equal(server.requests.length, 0)
  })
}

test('LlmSession reaches servers of tools only where the gate lets it, and never the operator’s endpoint', async () => {
  await using server = await startChatServer(echo)
  const denying = new RecordingGate((action) => action.kind === 'model')
  await using session = openSession(familyOf(server), { gate: denying })
  const { handle } = await openModel(session)
  const options = JSON.stringify({ tools_sse_urls: [server.origin] })
  assert.equal((await session.call('llm.configure', { handle, options })).status, 'denied')
  await using other = openSession(familyOf(server), { gate: new RecordingGate(() => true, false) })
  const model = await openModel(other, { tools_sse_urls: [server.origin] })
  const answer = await ask(other, model.handle, 'hello')
  assert.deepEqual([answer.status, answer.fields], ['denied', { missing: 'the address' }])
  assert.equal(server.requests.length, 0)
})

test('LlmSession ends a completion when its call is over', async () => {
  await using server = await startHttpServer(() => {})
  await using session = openSession(new LlmFamily({ endpoint: new URL(server.origin), models: { '*': 'any' } }))
  const { handle } = await openModel(session)
  await session.call('llm.prompt', { handle, text: 'hello' })
  const deadline = new AbortController()
  const answer = session.call('llm.answer', { handle }, undefined, deadline.signal)
  deadline.abort(new Error('late'))
  await assert.rejects(answer)
  const next = session.call('llm.answer', { handle })
  session.abort()
  await assert.rejects(next)
})

test('LlmFamily refuses an endpoint that is not HTTP', () => {
  assert.throws(() => new LlmFamily({ endpoint: new URL('file:///v1'), models: {} }), RangeError)
})
