import assert from 'node:assert/strict'
import test from 'node:test'
import { CodedError } from '@blockless/core'
import { report } from '../support/fake-executor.ts'
import { NO_ABORT, NO_INPUT, TestNetwork } from '../support/test-network.ts'

const DIRECT = { agreement: { kind: 'direct' as const, nodes: 1, threshold: 1 } }
const crash = new CodedError('ERR_EXECUTOR_CRASHED', 'Cannot finish run: the executor ended')

test('a worker whose sandbox breaks under a run prepares the function again and runs once more', async () => {
  await using net = await TestNetwork.start({ workersCount: 1 })
  const executor = net.workers[0]?.executor
  assert.ok(executor !== undefined)
  const { functionCid, settings } = await net.pack('fragile', DIRECT)
  await net.head.deploy(functionCid, settings, NO_ABORT)
  executor.behave = () => {
    if (executor.runsCount > 1) return report('second try\n')
    executor.prepared.clear() // as a new process begins
    throw crash
  }
  const { receipt, result } = await net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT)
  assert.equal(new TextDecoder().decode(result.stdout), 'second try\n')
  assert.deepEqual(receipt.replaced, [])
  assert.ok(executor.prepared.has(functionCid.toString()))
})

test('a worker tries a broken run once more and no oftener, and other errors not at all', async () => {
  await using net = await TestNetwork.start({ workersCount: 1 })
  const executor = net.workers[0]?.executor
  assert.ok(executor !== undefined)
  const { functionCid, settings } = await net.pack('hopeless', DIRECT)
  await net.head.deploy(functionCid, settings, NO_ABORT)
  for (const [error, runs] of [
    [crash, 2],
    [new CodedError('ERR_DEADLINE', 'Cannot finish run: too slow'), 1],
  ] as const) {
    executor.runsCount = 0
    executor.behave = () => {
      throw error
    }
    await assert.rejects(net.head.invoke({ functionCid, settings, input: NO_INPUT }, NO_ABORT), {
      code: 'ERR_NOT_ENOUGH_ANSWERS',
    })
    assert.equal(executor.runsCount, runs)
  }
})
