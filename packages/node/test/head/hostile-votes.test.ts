import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'
import { toUtf8, type Vote, verify } from '@blockless/core'
import { InvocationError } from '@blockless/node'
import type { Execute, WorkResult } from '../../src/work/messages.ts'
import { RawWorker } from '../support/raw-worker.ts'
import { NO_ABORT, NO_INPUT, type TestFunction, TestNetwork, testIdentity } from '../support/test-network.ts'
import { until } from '../support/until.ts'
import { resultFor } from '../support/work.ts'

type Tamper = (honest: WorkResult, message: Execute) => WorkResult

describe('Head with a worker whose votes are wrong', () => {
  let net: TestNetwork
  let raw: RawWorker
  let called: TestFunction
  before(async () => {
    net = await TestNetwork.start({ workersCount: 0, membersCount: 2 })
    raw = await RawWorker.dial(net, 1)
    await net.head.waitForWorkers(1, AbortSignal.timeout(10_000))
    const { functionCid, settings } = await net.pack('hostile')
    called = { functionCid, settings: { ...settings, agreement: { kind: 'direct', nodes: 1, threshold: 1 } } }
    await net.head.deploy(called.functionCid, called.settings, NO_ABORT)
  })
  after(async () => await net[Symbol.asyncDispose]())

  const own = testIdentity(1).signer
  const revote = (honest: WorkResult, changes: Partial<Vote>): WorkResult => ({
    ...honest,
    vote: { ...honest.vote, ...changes },
  })
  const tampers: { name: string; tamper: Tamper; problem: RegExp }[] = [
    {
      name: 'in the name of another node',
      tamper: (honest) => revote(honest, { node: testIdentity(2).signer.nodeId }),
      problem: /in the name of/,
    },
    {
      name: 'for another request',
      tamper: (honest, message) => ({
        ...resultFor(own, { ...message, request: { ...message.request, nonce: new Uint8Array(16) } }, 'hello\n'),
        id: honest.id,
      }),
      problem: /does not sign this request/,
    },
    {
      name: 'for another subnet',
      tamper: (_honest, message) => resultFor(own, { ...message, subnetCid: message.request.functionCid }, 'hello\n'),
      problem: /does not sign this request/,
    },
    {
      name: 'for another result than it sent',
      tamper: (honest) => ({ ...honest, stdout: toUtf8('jello\n') }),
      problem: /another result than the one/,
    },
    {
      name: 'for a run that is said to be impure',
      tamper: (honest) => ({ ...honest, isPure: false }),
      problem: /another result than the one/,
    },
    {
      name: 'with another fuel than it signed',
      tamper: (honest) => revote(honest, { fuel: honest.vote.fuel + 1 }),
      problem: /another result than the one/,
    },
    {
      name: 'with more fuel than the limit',
      tamper: (_honest, message) => resultFor(own, message, 'hello\n', message.request.limits.fuel + 1),
      problem: /fuel of at most/,
    },
    {
      name: 'signed by another node',
      tamper: (_honest, message) => {
        const forged = resultFor(testIdentity(2).signer, message, 'hello\n')
        return revote(forged, { node: own.nodeId })
      },
      problem: /does not sign this request/,
    },
    {
      name: 'with a signature of zeros',
      tamper: (honest) => revote(honest, { signature: new Uint8Array(65) }),
      problem: /does not sign this request/,
    },
  ]
  for (const { name, tamper, problem } of tampers) {
    test(`invoke() does not count a vote ${name}`, async () => {
      raw.onExecute = (message) => raw.link.send(tamper(resultFor(own, message, 'hello\n'), message))
      const error = await net.head.invoke({ ...called, input: NO_INPUT }, NO_ABORT).catch((caught: unknown) => caught)
      assert.ok(error instanceof InvocationError && error.details.code === 'ERR_NOT_ENOUGH_ANSWERS')
      assert.equal(error.details.failed[0]?.code, 'ERR_VOTE_INVALID')
      assert.match(error.details.failed[0]?.message ?? '', problem)
    })
  }

  test('invoke() counts the first word of a worker that says two things', async () => {
    raw.onExecute = (message) => {
      raw.link.send(resultFor(own, message, 'first'))
      raw.link.send(resultFor(own, message, 'second'))
    }
    const { result, receipt } = await net.head.invoke({ ...called, input: NO_INPUT }, NO_ABORT)
    assert.equal(new TextDecoder().decode(result.stdout), 'first')
    assert.ok(verify(receipt, { output: result.stdout }).ok)
    assert.ok(net.headNode.log.messages('debug').includes('answer to no call'))
  })

  test('invoke() fails a worker that answers a request as if it were a preparation', async () => {
    raw.onExecute = ({ id }) => raw.link.send({ kind: 'prepared', id })
    const error = await net.head.invoke({ ...called, input: NO_INPUT }, NO_ABORT).catch((caught: unknown) => caught)
    assert.ok(error instanceof InvocationError && error.details.code === 'ERR_NOT_ENOUGH_ANSWERS')
    assert.equal(error.details.failed[0]?.code, 'ERR_ANSWER_KIND')
  })

  test('invoke() reminds a worker that forgot its subnet once, and no more', async () => {
    raw.onExecute = ({ id }) =>
      raw.link.send({ kind: 'refused', id, code: 'ERR_SUBNET_UNKNOWN', message: 'what subnet?' })
    await net.head.deploy(called.functionCid, called.settings, NO_ABORT)
    raw.received.length = 0
    await assert.rejects(net.head.invoke({ ...called, input: NO_INPUT }, NO_ABORT), /what subnet/)
    await until(() => raw.received.length >= 3, 'all frames came')
    assert.deepEqual(
      raw.received.map(({ kind }) => kind),
      ['execute', 'prepare', 'execute'],
    )
  })

  test('a thousand calls in one pipe are matched to their answers, in whatever order', async () => {
    const waiting: Execute[] = []
    raw.onExecute = (message) => {
      waiting.push(message)
      if (waiting.length % 200 > 0) return
      for (const each of waiting.splice(0).reverse()) raw.link.send(resultFor(own, each, `${each.input.args[0]}`))
    }
    for (let batch = 0; batch < 5; batch++) {
      const numbers = Array.from({ length: 200 }, (_, index) => String(batch * 200 + index))
      const outputs = await Promise.all(
        numbers.map(async (number) => {
          const { result } = await net.head.invoke({ ...called, input: { ...NO_INPUT, args: [number] } }, NO_ABORT)
          return new TextDecoder().decode(result.stdout)
        }),
      )
      assert.deepEqual(outputs, numbers)
    }
  })
})
