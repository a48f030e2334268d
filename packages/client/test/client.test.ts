import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkSchema, receiptCidOf, receiptToJson, subnetCidOf, subnetSchema, toHex } from '@blockless/core'
import { importCar, MemoryBlockStore, readFunction } from '@blockless/storage'
import { fixture, replyJson, sampleReceipt, sampleStory, startFakeGateway } from '@blockless/testing'
import { createClient } from '../src/index.ts'

const sample = sampleReceipt()
const receiptCid = receiptCidOf(sample.receipt)

function invocationJson(): Record<string, unknown> {
  return {
    requestId: toHex(sample.receipt.requestId),
    receiptCid: receiptCid.toString(),
    functionCid: sample.functionCid.toString(),
    exit: { kind: 'exit', code: 0 },
    stdout: Buffer.from(sample.stdout).toString('base64'),
    stderr: '',
    fuelUsed: 1_234,
    receipt: receiptToJson(sample.receipt),
  }
}

test('invoke() sends arguments, environment and stdin, and reads output and receipt', async () => {
  await using gateway = await startFakeGateway((_, response) => replyJson(response, { ...invocationJson(), news: 1 }))
  const client = createClient({ url: gateway.url })
  const call = { args: ['Ada'], env: { A: 'b=c' }, stdin: Uint8Array.of(0, 255), limits: { fuel: 5 } }
  const invocation = await client.invoke('hello', call)
  assert.deepEqual(invocation.stdout, sample.stdout)
  assert.ok(receiptCidOf(invocation.receipt).equals(receiptCid))
  const [seen] = gateway.seen
  assert.equal(seen?.url, '/api/v1/functions/hello/invoke')
  const body = { args: ['Ada'], env: { A: 'b=c' }, limits: { fuel: 5 }, stdin: { base64: 'AP8=' } }
  assert.deepEqual(JSON.parse(seen?.body.toString() ?? ''), body)
})

test('invoke() sends text as text and escapes the name', async () => {
  await using gateway = await startFakeGateway((_, response) => replyJson(response, invocationJson()))
  await createClient({ url: `${gateway.url}/base?x#y` }).invoke('../a b', { stdin: 'é' })
  assert.equal(gateway.seen[0]?.url, '/base/api/v1/functions/..%2Fa%20b/invoke')
  assert.deepEqual(JSON.parse(gateway.seen[0]?.body.toString() ?? ''), { stdin: 'é' })
})

const lies: readonly { name: string; change: Record<string, unknown>; problem: RegExp }[] = [
  { name: 'stdout', change: { stdout: 'SGk=' }, problem: /stdout is not what/ },
  { name: 'stderr', change: { stderr: 'SGk=' }, problem: /stderr is not what/ },
  { name: 'the exit', change: { exit: { kind: 'exit', code: 1 } }, problem: /the exit is not/ },
  { name: 'the fuel', change: { fuelUsed: 1 }, problem: /the fuel is not/ },
  { name: 'the request', change: { requestId: '00'.repeat(32) }, problem: /another request/ },
  { name: 'the function', change: { functionCid: receiptCid.toString() }, problem: /another function/ },
  { name: 'the receipt', change: { receiptCid: sample.functionCid.toString() }, problem: /another CID/ },
]
for (const { name, change, problem } of lies) {
  test(`invoke() refuses an answer that lies about ${name}`, async () => {
    await using gateway = await startFakeGateway((_, response) =>
      replyJson(response, { ...invocationJson(), ...change }),
    )
    const invoked = createClient({ url: gateway.url }).invoke('hello')
    await assert.rejects(invoked, { code: 'ERR_GATEWAY_ANSWER', message: problem })
  })
}

test('invoke() refuses the run of another function than the CID asked for', async () => {
  await using gateway = await startFakeGateway((_, response) => replyJson(response, invocationJson()))
  const client = createClient({ url: gateway.url })
  await assert.rejects(client.invoke(receiptCid), { code: 'ERR_GATEWAY_ANSWER', message: /another function/ })
  assert.equal((await client.invoke(sample.functionCid)).fuelUsed, 1_234)
})

test('deploy() packs the function into a CAR that holds it', async () => {
  const wasm = await fixture('hello')
  const manifest = {
    version: 1,
    name: 'hello',
    modules: [{ file: 'hello.wasm', name: 'hello', type: 'entry' }],
  } as const
  const { order, epoch } = sample.subnet
  const answered = {
    name: 'hello',
    functionCid: sample.functionCid.toString(),
    version: 1,
    isNew: true,
    createdAtMs: 5,
    url: 'http://hello.localhost:8380/',
    agreement: { kind: 'aggregate', nodes: 4, threshold: 3 },
    subnet: { cid: subnetCidOf(sample.subnet).toString(), epoch, members: order.slice(0, 4), spares: order.slice(4) },
  }
  await using gateway = await startFakeGateway((_, response) => replyJson(response, answered, 201))
  const deployment = await createClient({ url: gateway.url }).deploy({ manifest, wasm })
  assert.equal(deployment.subnet.members.length, 4)
  const [seen] = gateway.seen
  assert.equal(seen?.headers['content-type'], 'application/vnd.ipld.car')
  const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
  const { roots } = await importCar(store, seen?.body ?? new Uint8Array(0), { sizeMax: 1_000_000 })
  assert.ok(roots[0] !== undefined)
  assert.deepEqual((await readFunction(store, roots[0])).wasm, wasm)
})

test('receipt() and subnet() refuse what does not hash to the CID asked for', async () => {
  await using gateway = await startFakeGateway(({ url }, response) =>
    replyJson(
      response,
      url.startsWith('/receipts/') ? receiptToJson(sample.receipt) : subnetSchema.toJson(sample.subnet),
    ),
  )
  const client = createClient({ url: gateway.url })
  const subnetCid = subnetCidOf(sample.subnet)
  assert.ok(receiptCidOf(await client.receipt(receiptCid)).equals(receiptCid))
  assert.deepEqual((await client.subnet(subnetCid.toString())).order, sample.subnet.order)
  await assert.rejects(client.receipt(subnetCid), { code: 'ERR_GATEWAY_ANSWER', message: /and sent/ })
  await assert.rejects(client.subnet(receiptCid), { code: 'ERR_GATEWAY_ANSWER', message: /and sent/ })
})

test('the listings read their answers', async () => {
  const listed = { name: 'a', functionCid: sample.functionCid.toString(), version: 2, createdAtMs: 1, url: 'http://a/' }
  const head = sample.network.heads[0]
  const answers: Record<string, unknown> = {
    '/api/v1/network': networkSchema.toJson(sample.network),
    '/api/v1/functions': { functions: [listed] },
    '/api/v1/functions/a': listed,
    '/api/v1/requests?limit=2': { requests: [sampleStory(), sampleStory()] },
    '/api/v1/requests/00000000/story': sampleStory(),
    '/api/v1/status': { chainId: 'c', version: '0', head, workers: [head], underWay: 0, functions: 1, startedAtMs: 1 },
  }
  await using gateway = await startFakeGateway(({ url, method }, response) => {
    if (method === 'DELETE') response.writeHead(204).end()
    else replyJson(response, answers[url], answers[url] === undefined ? 500 : 200)
  })
  const client = createClient({ url: gateway.url })
  assert.deepEqual(await client.network(), sample.network)
  assert.equal((await client.functions())[0]?.version, 2)
  assert.ok((await client.function('a')).functionCid.equals(sample.functionCid))
  assert.deepEqual((await client.requests(2))[1], sampleStory())
  assert.equal((await client.story('00000000')).outcome, 'decided')
  assert.equal((await client.status()).workers.length, 1)
  await client.remove('a')
  assert.equal(gateway.seen.at(-1)?.method, 'DELETE')
  await assert.rejects(client.requests(0), RangeError)
})

test('createClient() refuses what is not an HTTP URL', () => {
  for (const url of ['', 'localhost:8380', 'ftp://localhost', '/x'])
    assert.throws(() => createClient({ url }), TypeError)
})
