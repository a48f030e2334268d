import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { receiptCidOf, receiptToJson, toHex } from '@blockless/core'
import { replyJson, sampleReceipt, sampleStory, startFakeGateway } from '@blockless/testing'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { bls } from '../support/test-io.ts'

const sample = sampleReceipt()
const invocation = {
  requestId: toHex(sample.receipt.requestId),
  receiptCid: receiptCidOf(sample.receipt).toString(),
  functionCid: sample.functionCid.toString(),
  exit: { kind: 'exit', code: 0 },
  stdout: Buffer.from(sample.stdout).toString('base64'),
  stderr: '',
  fuelUsed: 1_234,
  receipt: receiptToJson(sample.receipt),
}

test('bls invoke prints stdout as it is, saves the receipt, and verify takes it', async () => {
  await using folder = await temporaryFolder()
  await using gateway = await startFakeGateway((_, response) => replyJson(response, invocation))
  const io = { cwd: folder.path, env: { BLS_GATEWAY: gateway.url } }
  const { exitCode, stdout, stderr } = await bls(io, 'invoke', 'hello', 'Ada', '--', '--loud')
  assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: 'Hello, Ada!\n', stderr: '' })
  assert.deepEqual(JSON.parse(gateway.seen[0]?.body.toString() ?? '').args, ['Ada', '--loud'])
  for (const file of ['r.json', 'r.cbor']) {
    await bls(io, 'invoke', 'hello', '--receipt', file)
    assert.equal((await bls(io, 'verify', file)).exitCode, 0)
  }
  assert.match(await readFile(join(folder.path, 'r.json'), 'utf8'), /^\{\n {2}"version": 1/)
  const unwritable = await bls(io, 'invoke', 'hello', '--receipt', 'r.json/x')
  assert.equal(unwritable.exitCode, 5)
})

test('bls invoke --json prints one object, which verify takes', async () => {
  await using gateway = await startFakeGateway((_, response) => replyJson(response, invocation))
  const io = { cwd: '/', env: { BLS_GATEWAY: gateway.url } }
  const { stdout } = await bls(io, 'invoke', 'hello', '--json')
  assert.equal(JSON.parse(stdout).stdout, 'Hello, Ada!\n')
  assert.equal((await bls({ ...io, stdin: stdout }, 'verify', '-')).exitCode, 0)
})

test('bls invoke tells a person about votes, and sends stdin, environment and limits', async () => {
  await using gateway = await startFakeGateway((_, response) => replyJson(response, invocation))
  const io = { cwd: '/', env: { BLS_GATEWAY: gateway.url, NO_COLOR: '1' }, isTty: true, stdin: 'Grace' }
  const flags = ['--stdin', '-', '--env', 'A=b=c d', '--fuel', '1_000', '--memory', '64MiB', '--deadline', '2s']
  const { stderr } = await bls(io, 'invoke', 'hello', ...flags)
  assert.match(stderr, /4 votes, 3 of 4 needed, signatures checked · 1,234 fuel/)
  const limits = { fuel: 1_000, memoryBytes: 67_108_864, deadlineMs: 2_000 }
  const body = { args: [], env: { A: 'b=c d' }, stdin: { base64: 'R3JhY2U=' }, limits }
  assert.deepEqual(JSON.parse(gateway.seen[0]?.body.toString() ?? ''), body)
})

test('bls invoke refuses a receipt that is forged', async () => {
  const forged = { ...sample.receipt, fuelUsed: 1_233 }
  const answer = {
    ...invocation,
    fuelUsed: 1_233,
    receipt: receiptToJson(forged),
    receiptCid: receiptCidOf(forged).toString(),
  }
  await using gateway = await startFakeGateway((_, response) => replyJson(response, answer))
  const { exitCode, stderr } = await bls({ cwd: '/' }, 'invoke', 'hello', '--gateway', gateway.url)
  assert.equal(exitCode, 1)
  assert.match(stderr, /Cannot trust the receipt: fuel: .*head: /)
})

const down: readonly { name: string; status: number; body: string; exitCode: number; stderr: RegExp }[] = [
  { name: 'HTML', status: 200, body: '<html>It works!</html>', exitCode: 3, stderr: /not JSON: "<html>/ },
  { name: 'garbage', status: 200, body: '{"exit": 1}', exitCode: 3, stderr: /is it a Blockless gateway\?/ },
  { name: 'a huge body', status: 200, body: ' '.repeat(20_000_000), exitCode: 3, stderr: /longer than/ },
  {
    name: 'an error of its own, with control characters',
    status: 404,
    body: '{"error": {"code": "ERR_FUNCTION_UNKNOWN", "message": "no\\u001b[2Jsuch"}}',
    exitCode: 4,
    stderr: /error: no·\[2Jsuch\ncode: ERR_FUNCTION_UNKNOWN\nhint: "bls status" lists/,
  },
]
for (const { name, status, body, exitCode, stderr } of down) {
  test(`bls invoke says what is wrong when the gateway answers ${name}`, async () => {
    await using gateway = await startFakeGateway((_, response) => void response.writeHead(status).end(body))
    const ran = await bls({ cwd: '/' }, 'invoke', 'hello', '--gateway', gateway.url)
    assert.equal(ran.exitCode, exitCode)
    assert.match(ran.stderr, stderr)
    assert.equal(ran.stdout, '')
  })
}

test('a gateway that is down is told apart, with a hint', async () => {
  const gateway = await startFakeGateway(() => {})
  await gateway[Symbol.asyncDispose]()
  for (const args of [['status'], ['explain'], ['invoke', 'hello'], ['verify', invocation.receiptCid]]) {
    const { exitCode, stderr } = await bls({ cwd: '/' }, ...args, '--gateway', gateway.url)
    assert.equal(exitCode, 3, args.join(' '))
    assert.match(stderr, /code: ERR_GATEWAY_UNREACHABLE\nhint: is `bls up` running\?/)
  }
})

test('Ctrl-C ends a call with exit code 130', async () => {
  const controller = new AbortController()
  const { CancelledError } = await import('../../src/errors/cli-error.ts')
  await using gateway = await startFakeGateway(() => controller.abort(new CancelledError('SIGINT')))
  const ran = await bls({ cwd: '/', signal: controller.signal }, 'invoke', 'hello', '--gateway', gateway.url)
  assert.equal(ran.exitCode, 130)
  assert.match(ran.stderr, /interrupted/)
})

test('bls status shows the network and its functions', async () => {
  const [head] = sample.network.heads
  const status = {
    chainId: 'local-1',
    version: '0.1.0',
    head,
    workers: sample.network.workers,
    underWay: 2,
    functions: 1,
  }
  const listed = {
    name: 'hello',
    functionCid: invocation.functionCid,
    version: 3,
    createdAtMs: 0,
    url: 'http://hello.localhost/',
  }
  await using gateway = await startFakeGateway(({ url }, response) =>
    replyJson(
      response,
      url.endsWith('status') ? { ...status, startedAtMs: 1_767_225_600_000 } : { functions: [listed] },
    ),
  )
  const { stdout } = await bls({ cwd: '/' }, 'status', '--gateway', gateway.url)
  assert.match(stdout, /network +local-1, version 0\.1\.0, up 1 min/)
  assert.match(stdout, /workers +6: …/)
  assert.match(stdout, /^hello +3 +1970-01-01 00:00 +http:\/\/hello\.localhost\//m)
  const json = JSON.parse((await bls({ cwd: '/' }, 'status', '--json', '--gateway', gateway.url)).stdout)
  assert.equal(json.functions[0].functionCid, invocation.functionCid)
})

test('bls explain tells the latest story, or the one asked for', async () => {
  await using gateway = await startFakeGateway(({ url }, response) =>
    replyJson(response, url.endsWith('story') ? sampleStory() : { requests: [sampleStory()] }),
  )
  const io = { cwd: '/', env: { BLS_GATEWAY: gateway.url } }
  const { exitCode, stdout } = await bls(io, 'explain')
  assert.equal(exitCode, 0)
  assert.equal(gateway.seen[0]?.url, '/api/v1/requests?limit=1')
  assert.equal((await bls(io, 'explain', '00000000')).stdout, stdout)
  assert.deepEqual(JSON.parse((await bls(io, 'explain', '--json')).stdout), sampleStory())
})

test('bls explain says so when there was no request', async () => {
  await using gateway = await startFakeGateway((_, response) => replyJson(response, { requests: [] }))
  const { exitCode, stderr } = await bls({ cwd: '/' }, 'explain', '--gateway', gateway.url)
  assert.equal(exitCode, 4)
  assert.match(stderr, /there was none yet/)
})
