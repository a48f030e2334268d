import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'
import { CodedError } from '@blockless/core'
import { type RunRequest, report, TestGateway } from '../support/test-gateway.ts'

const URL = '/api/v1/functions/execute'
const BODY = { function_id: 'run', method: 'run.wasm' }

describe('POST /api/v1/functions/execute', () => {
  let gateway: TestGateway
  before(async () => {
    gateway = await TestGateway.start()
    await gateway.deploy({ name: 'run', permissions: ['https://a.example/', 'https://b.example/'], env: { OWN: '1' } })
  })
  after(async () => await gateway[Symbol.asyncDispose]())

  /** Executes, and gives what the first worker's run was asked for. */
  async function execute(
    config: object,
    body: object = BODY,
  ): Promise<{ answer: Awaited<ReturnType<TestGateway['post']>>; runs: RunRequest[] }> {
    const runs: RunRequest[] = []
    gateway.behave = (request) => {
      runs.push(request)
      return report('out\n', { stderr: Buffer.from('err\n') })
    }
    const answer = await gateway.post(URL, { ...body, config })
    gateway.behave = () => report('hello\n')
    return { answer, runs }
  }

  test('answers in the form of existing heads', async () => {
    const { answer, runs } = await execute(
      {
        runtime: { entry: '_start' },
        env_vars: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        stdin: 'in',
        number_of_nodes: 4,
        threshold: 1,
      },
      { ...BODY, parameters: [{ name: 'ignored', value: 'x' }, { value: 'y' }] },
    )
    assert.equal(answer.statusCode, 200)
    const { request_id, cluster, receipt, results, ...rest } = answer.json()
    assert.deepEqual(rest, { code: '200' })
    assert.match(request_id, /^[0-9a-f]{64}$/)
    assert.equal(cluster.peers.length, 4)
    assert.deepEqual(answer.headers['x-blockless-request-id'], request_id)
    assert.deepEqual(answer.headers['x-blockless-receipt'], receipt)
    const [{ peers, ...result }] = results
    assert.deepEqual(result, { result: { stdout: 'out\n', stderr: 'err\n', exit_code: 0 }, frequency: 100 })
    assert.deepEqual(peers.toSorted(), cluster.peers.toSorted())
    const [run] = runs
    assert.deepEqual(run?.input.args, ['x', 'y'])
    assert.deepEqual({ ...run?.input.env }, { OWN: '1', A: '1', B: '2', BLS_LIST_VARS: 'A;B' })
    assert.equal(new TextDecoder().decode(run?.input.stdin), 'in')
  })

  test('gives groups of results with their frequency in percent, largest first', async () => {
    gateway.behave = async (_request, worker) => {
      if (worker > 0) await new Promise(setImmediate)
      return report(worker === 0 ? 'other' : 'same', { exit: { kind: 'exit', code: worker === 0 ? 7 : 0 } })
    }
    const answer = await gateway.post(URL, { ...BODY, config: { number_of_nodes: 4 } })
    gateway.behave = () => report('hello\n')
    const [first, second] = answer.json().results
    assert.deepEqual([first.frequency, first.result.exit_code], [75, 0])
    assert.deepEqual([second?.frequency, second?.result.exit_code], [25, 7])
  })

  const agreements = [
    { config: {}, nodes: 4, threshold: 3 },
    { config: { number_of_nodes: 0 }, nodes: 4, threshold: 3 },
    { config: { number_of_nodes: -1 }, nodes: 4, threshold: 3 },
    { config: { number_of_nodes: 1 }, nodes: 1, threshold: 1 },
    { config: { number_of_nodes: 2 }, nodes: 2, threshold: 2 },
    { config: { number_of_nodes: 3 }, nodes: 3, threshold: 2 },
    { config: { number_of_nodes: 4, threshold: 1 }, nodes: 4, threshold: 4 },
    { config: { number_of_nodes: 4, threshold: 0 }, nodes: 4, threshold: 3 },
    { config: { threshold: 0.9 }, nodes: 4, threshold: 4 },
  ]
  for (const { config, nodes, threshold } of agreements) {
    test(`asks ${nodes} nodes with a threshold of ${threshold} for ${JSON.stringify(config)}`, async () => {
      const { answer } = await execute(config)
      const { receipt } = answer.json()
      const { request } = (await gateway.get(`/receipts/${receipt}`)).json()
      assert.deepEqual(request.agreement, { kind: nodes === 1 ? 'direct' : 'aggregate', nodes, threshold })
    })
  }

  test('lowers limits and permissions, and never raises them', async () => {
    const { answer, runs } = await execute({
      runtime: { limited_fuel: 1_000, limited_memory: 2, run_time: 500 },
      permissions: ['https://a.example/'],
    })
    assert.deepEqual(
      [runs[0]?.limits.fuel, runs[0]?.limits.memoryBytes, runs[0]?.limits.deadlineMs],
      [1_000, 131_072, 500],
    )
    const { request } = (await gateway.get(`/receipts/${answer.json().receipt}`)).json()
    assert.deepEqual(request.permissions, ['https://a.example/'])
    const high = await execute({ runtime: { limited_fuel: 9_000_000_000_000, limited_memory: 65_536 } })
    assert.deepEqual([high.runs[0]?.limits.fuel, high.runs[0]?.limits.memoryBytes], [5_000_000_000, 134_217_728])
  })

  const refused: { name: string; body: object; code: string; status?: number }[] = [
    { name: 'raft', body: { ...BODY, config: { consensus_algorithm: 'raft' } }, code: 'ERR_CONSENSUS' },
    { name: 'an unknown consensus', body: { ...BODY, config: { consensus_algorithm: 'x' } }, code: 'ERR_CONSENSUS' },
    { name: 'a wider permission', body: { ...BODY, config: { permissions: ['https://'] } }, code: 'ERR_PERMISSION' },
    {
      name: 'another permission',
      body: { ...BODY, config: { permissions: ['https://a.example/', 'file:///'] } },
      code: 'ERR_PERMISSION',
    },
    {
      name: 'aggregation',
      body: { ...BODY, config: { result_aggregation: { enable: true } } },
      code: 'ERR_AGGREGATION',
    },
    { name: 'another method', body: { ...BODY, method: 'other.wasm' }, code: 'ERR_METHOD' },
    { name: 'another entry', body: { ...BODY, config: { runtime: { entry: 'main' } } }, code: 'ERR_ENTRY' },
    { name: 'a topic', body: { ...BODY, topic: 'mine' }, code: 'ERR_OPTION' },
    { name: 'a logger path', body: { ...BODY, config: { runtime: { runtime_logger: '/etc/x' } } }, code: 'ERR_OPTION' },
    { name: 'a drivers path', body: { ...BODY, config: { runtime: { drivers_root_path: '/x' } } }, code: 'ERR_OPTION' },
    { name: 'attributes', body: { ...BODY, config: { attributes: {} } }, code: 'ERR_SCHEMA' },
    { name: 'an unknown field', body: { ...BODY, functionId: 'x' }, code: 'ERR_SCHEMA' },
    { name: 'no method', body: { function_id: 'run' }, code: 'ERR_SCHEMA' },
    { name: 'an empty function', body: { function_id: '', method: 'x' }, code: 'ERR_SCHEMA' },
    {
      name: 'an unknown function',
      body: { function_id: 'nope', method: 'x' },
      code: 'ERR_FUNCTION_UNKNOWN',
      status: 404,
    },
    { name: '-2 nodes', body: { ...BODY, config: { number_of_nodes: -2 } }, code: 'ERR_SCHEMA' },
    { name: 'a threshold in percent', body: { ...BODY, config: { threshold: 60 } }, code: 'ERR_SCHEMA' },
    { name: 'NUL in a parameter', body: { ...BODY, parameters: [{ value: 'a\0' }] }, code: 'ERR_SCHEMA' },
    {
      name: 'a variable without a name',
      body: { ...BODY, config: { env_vars: [{ name: '', value: '' }] } },
      code: 'ERR_SCHEMA',
    },
    { name: 'a list', body: [], code: 'ERR_SCHEMA' },
  ]
  for (const { name, body, code, status = 400 } of refused) {
    test(`refuses ${name} with ${code}`, async () => {
      const answer = await gateway.post(URL, body)
      assert.equal(answer.json().error?.code, code, answer.body)
      assert.equal(answer.statusCode, status)
      assert.equal(gateway.head.workers.length, 4, 'all links stand')
    })
  }

  test('tells both the status and the code of existing heads when nodes are too few, differ, or fail', async () => {
    const few = await gateway.post(URL, { ...BODY, config: { number_of_nodes: 9 } })
    assert.deepEqual([few.statusCode, few.json().code, few.headers['retry-after']], [503, '408', '1'])
    assert.match(few.json().message, /4 candidates found, 9 needed/)
    gateway.behave = (_request, worker) => report(String(worker))
    const different = await gateway.post(URL, BODY)
    assert.deepEqual([different.statusCode, different.json().code, different.json().results], [502, '206', []])
    assert.match(different.json().request_id, /^[0-9a-f]{64}$/)
    gateway.behave = () => {
      throw new CodedError('ERR_QUEUE_FULL', 'Cannot accept run: too many wait')
    }
    const failed = await gateway.post(URL, BODY)
    assert.deepEqual([failed.statusCode, failed.json().code, failed.headers['retry-after']], [503, '500', '1'])
    gateway.behave = () => report('hello\n')
  })

  test('ends at its timeout and tells the workers', async () => {
    const ended = Promise.withResolvers<void>()
    gateway.behave = async (_request, _worker, signal) => {
      const aborted = Promise.withResolvers<never>()
      signal?.addEventListener('abort', () => {
        ended.resolve()
        aborted.reject(signal.reason)
      })
      return await aborted.promise
    }
    const answer = await gateway.post(URL, { ...BODY, config: { timeout: 1 } })
    assert.deepEqual([answer.statusCode, answer.json().code], [504, '408'])
    await ended.promise
    gateway.behave = () => report('hello\n')
  })
})
