import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock, type Transcript } from '@blockless/core'
import { createGate, createHttpFamily, createPolicy, type Executor, RunHost, type RunReport } from '@blockless/runtime'
import { echoRequest, startHttpServer } from '../host/http/test-server.ts'
import { codeOf, deterministicPart, type RunOptions, requestOf, startExecutor, textOf } from '../run-helpers.ts'
import { compileSdkExample, compileSdkProgram } from './compile-sdk-program.ts'

const FUEL = 5_000_000_000

/** A program that asks for the URL on its stdin, as text, and tells what it got. */
const CLIENT = `
  import { Console } from "as-wasi/assembly"
  import { http, memory } from "@blockless/sdk/assembly"

  const url = new memory.Stdin(4096).read().toString().replaceAll("\\0", "")
  const options = new http.HttpOptions("POST")
  options.headers = '{"X-Asked":"yes"}'
  options.body = "hello"
  const handle = http.HttpOpen(url, options)
  if (handle == null) {
    Console.log("refused")
  } else {
    const body = handle!.getAllBody()
    Console.log(handle!.toString())
    Console.log(body == null ? "no body" : body.length > 100 ? body.length.toString() : body)
    handle!.close()
  }
`

/** Answers that are the same for every request, for comparing fuel. */
const PIECES: readonly string[] = ['x'.repeat(700), 'y'.repeat(70_000), 'z'.repeat(9)]

suite('programs of the existing AssemblyScript SDK use HTTP', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor({ threads: 2 })
    const [http, memory, client] = await Promise.all([
      compileSdkExample('http'),
      compileSdkExample('memory'),
      compileSdkProgram(CLIENT),
    ])
    await executor.prepare('http', http)
    await executor.prepare('memory', memory)
    await executor.prepare('client', client)
  })
  after(async () => await executor.stop())

  async function run(
    cid: string,
    permission: string,
    options: RunOptions = {},
    address = '127.0.0.1',
    replay?: Transcript,
  ): Promise<RunReport> {
    const operator = { allow: ['http://*:*'], allowPrivate: ['127.0.0.0/8'] }
    const resolver = { resolve: async () => [{ address, family: 4 as const }] }
    await using host = new RunHost(
      { families: [createHttpFamily({ resolver })], clock: systemClock, log: silentLogger },
      {
        functionCid: cid,
        gate: createGate(createPolicy({ manifest: [permission], operator })),
        ...(replay === undefined ? {} : { replay }),
      },
    )
    return await executor.run(requestOf(cid, { fuel: FUEL, ...options }), AbortSignal.timeout(20_000), host)
  }

  test('the http example runs unchanged', async (context) => {
    // it asks httpbin.org on port 80, so this is where our server has to be
    const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`
    const server = createServer((incoming, response) => {
      response
        .setHeader('content-type', 'application/json')
        .end(`{"url":"http://${incoming.headers.host}${incoming.url}","origin":"test"}`)
    })
    server.listen(80, address)
    const isListening = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isListening) return context.skip('port 80 of a loopback address cannot be had here')
    try {
      const report = await run('http', 'http://httpbin.org/', {}, address)
      assert.equal(
        textOf(report.stdout),
        'code:handle:1, code:200\napplication/json\n{"url":"http://httpbin.org/anything","origin":"test"}\n' +
          'url: http://httpbin.org/anything\norigin: test\n',
      )
      assert.deepEqual(report.exit, { kind: 'exit', code: 0 })
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  test('the http example is told that it may not, and ends well', async () => {
    const report = await run('http', 'https://httpbin.org/')
    assert.deepEqual([textOf(report.stdout), textOf(report.stderr), report.exit], ['', '', { kind: 'exit', code: 0 }])
  })

  test('the memory example runs unchanged', async () => {
    const options = { stdin: '{"results":"24"}', env: { ENV_VAR_NAME: 'there' } }
    const report = await run('memory', 'http://none.example/', options)
    assert.equal(textOf(report.stdout), 'Hello 1024.0\nHello there\n')
  })

  test('a request with headers and a body arrives, and its response comes back', async () => {
    await using server = await startHttpServer((incoming, response) => {
      if (incoming.headers['x-asked'] === 'yes') void echoRequest(incoming, response)
      else response.end()
    })
    const report = await run('client', server.origin, { stdin: `${server.origin}/path` })
    const [handle, body] = textOf(report.stdout).split('\n')
    assert.equal(handle, 'handle:1, code:200')
    assert.ok(Number(body) > 100)
    const denied = await run('client', `${server.origin}/other`, { stdin: `${server.origin}/path` })
    assert.equal(textOf(denied.stdout), 'refused\n')
  })

  test('the same response costs the same, however it came', async () => {
    let round = 0
    await using server = await startHttpServer((_, response) => {
      const isSlow = round++ % 2 === 1
      const pieces = isSlow ? (PIECES.join('').match(/.{1,9000}/g) ?? []) : [...PIECES]
      response.writeHead(200, { date: 'none' })
      const next = (): void => {
        const piece = pieces.shift()
        if (piece === undefined) response.end()
        else response.write(piece, () => setImmediate(next))
      }
      next()
    })
    const reports: RunReport[] = []
    for (let index = 0; index < 4; index++) reports.push(await run('client', server.origin, { stdin: server.origin }))
    for (const report of reports) assert.equal(report.fuelUsed, reports[0]?.fuelUsed)
    assert.match(textOf(reports[0]?.stdout ?? new Uint8Array()), /\n70709\n/)
  })

  test('a run is repeated from its transcript without the server', async () => {
    let report: RunReport
    const stdin = async (origin: string): Promise<RunReport> => await run('client', 'http://*:*', { stdin: origin })
    let origin: string
    {
      await using server = await startHttpServer((incoming, response) => void echoRequest(incoming, response))
      origin = server.origin
      report = await stdin(origin)
    }
    const again = await run('client', 'http://*:*', { stdin: origin }, '127.0.0.1', report.transcript)
    assert.deepEqual(deterministicPart(again), deterministicPart(report))
    assert.deepEqual(
      await codeOf(run('client', 'http://*:*', { stdin: `${origin}/x` }, '127.0.0.1', report.transcript)),
      'ERR_REPLAY_DIVERGED',
    )
  })

  test('a run that is given up ends its request', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using server = await startHttpServer((_, response) => void response.on('close', resolve).write('begun'))
    const host = new RunHost(
      { families: [createHttpFamily()], clock: systemClock, log: silentLogger },
      {
        functionCid: 'client',
        gate: createGate(
          createPolicy({ manifest: ['http://*:*'], operator: { allow: ['*'], allowPrivate: ['127.0.0.1'] } }),
        ),
      },
    )
    const request = requestOf('client', { fuel: FUEL, stdin: server.origin, deadlineMs: 300 })
    assert.equal(await codeOf(executor.run(request, undefined, host)), 'ERR_DEADLINE')
    await host.close()
    await promise
  })
})
