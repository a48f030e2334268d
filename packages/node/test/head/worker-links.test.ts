import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'
import { encodeCanonical } from '@blockless/core'
import { WORK_PROTOCOL } from '../../src/work/messages.ts'
import { RawWorker, wire, wireOf } from '../support/raw-worker.ts'
import { NO_ABORT, NO_INPUT, TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const HELLO = { kind: 'hello', version: 2, chainId: 'node-test' }

/** Index of a node that the network does not list. */
const STRANGER = 40

describe('WorkerLinks', () => {
  let net: TestNetwork
  let next = 10
  before(async () => {
    net = await TestNetwork.start({ workersCount: 0, membersCount: 30 })
  })
  after(async () => await net[Symbol.asyncDispose]())

  /** A worker that nobody has used yet, linked. */
  async function link(): Promise<RawWorker> {
    const raw = await RawWorker.dial(net, next++)
    await until(() => isLinked(raw), 'the worker is linked')
    return raw
  }

  function isLinked({ node }: RawWorker): boolean {
    return net.head.workers.includes(node.signer.nodeId)
  }

  const frames = [
    { name: 'a frame of garbage', bytes: wire(Uint8Array.of(0xff, 0xff, 0x00)), code: 'ERR_FRAME_INVALID' },
    { name: 'an empty frame', bytes: Uint8Array.of(0), code: 'ERR_FRAME_INVALID' },
    { name: 'CBOR of no schema', bytes: wireOf({ kind: 'hallo' }), code: 'ERR_FRAME_INVALID' },
    { name: 'a field too many', bytes: wireOf({ ...HELLO, extra: 1 }), code: 'ERR_FRAME_INVALID' },
    { name: 'a field too few', bytes: wireOf({ kind: 'prepared' }), code: 'ERR_FRAME_INVALID' },
    { name: 'a head\u2019s frame', bytes: wireOf({ kind: 'cancel', id: 1 }), code: 'ERR_FRAME_INVALID' },
    { name: 'a length above the cap', bytes: Uint8Array.of(0xff, 0xff, 0xff, 0x7f), code: 'ERR_FRAME_SIZE' },
    { name: 'a length that does not end', bytes: new Uint8Array(64).fill(0xff), code: 'ERR_FRAME_SIZE' },
    {
      name: 'arrays in arrays without end',
      bytes: wire(new Uint8Array(100_000).fill(0x81)),
      code: 'ERR_FRAME_INVALID',
    },
  ]
  for (const { name, bytes, code } of frames) {
    test(`a link ends with ${code} on ${name}`, async () => {
      const raw = await link()
      raw.stream.send(bytes)
      await raw.ended
      await until(() => !isLinked(raw), 'the head has let go')
      const lost = net.headNode.log.entries.findLast(({ message }) => message === 'worker lost')
      assert.equal(lost?.fields['code'], code)
    })
  }

  test('a link ends without fault on a frame that is cut off', async () => {
    const raw = await link()
    raw.stream.send(wireOf(HELLO).subarray(0, 5))
    await raw.stream.close()
    await raw.ended
    await until(() => !isLinked(raw), 'the head has let go')
  })

  test('a node that the network does not list gets no link', async () => {
    const raw = await RawWorker.dial(net, STRANGER)
    await raw.ended
    assert.ok(net.headNode.log.messages('warn').includes('worker refused'))
    assert.ok(!isLinked(raw))
  })

  test('a worker of another chain gets no link', async () => {
    const raw = await RawWorker.dial(net, next++, 'another-chain')
    await raw.ended
    assert.ok(net.headNode.log.messages('warn').includes('worker of another chain'))
  })

  test('a worker that speaks before it greets gets no link', async () => {
    const raw = await RawWorker.dial(net, next++, '')
    raw.link.send({ kind: 'prepared', id: 1 })
    await raw.ended
    assert.ok(net.headNode.log.messages('warn').includes('worker did not greet'))
  })

  test('a worker that links twice is served on its last link', async () => {
    const raw = await link()
    const lost = net.headNode.log.messages('info').filter((message) => message === 'worker lost').length
    const connection = raw.node.host.getConnections()[0]
    const stream = await connection?.newStream(WORK_PROTOCOL)
    assert.ok(stream !== undefined)
    stream.send(wireOf(HELLO))
    await raw.ended
    const lostNow = (): number =>
      net.headNode.log.messages('info').filter((message) => message === 'worker lost').length
    await until(() => lostNow() === lost + 1 && isLinked(raw), 'the new link serves')
    assert.equal(net.head.workers.filter((node) => node === raw.node.signer.nodeId).length, 1)
    stream.abort(new Error('done'))
    await until(() => !isLinked(raw), 'it is gone')
  })

  test('answers to no call are dropped', async () => {
    const raw = await link()
    for (let id = 0; id < 100; id++) raw.link.send({ kind: 'refused', id, code: 'ERR_X', message: '' })
    await until(
      () => net.headNode.log.messages('debug').filter((text) => text === 'answer to no call').length >= 100,
      'read',
    )
    assert.ok(isLinked(raw))
    raw.link.close()
    await until(() => !isLinked(raw), 'it is gone')
  })

  test('a forged candidacy is dropped, and a decline is told', async () => {
    const [forger, decliner] = [await link(), await link()]
    forger.standing = (candidacy) => ({ ...candidacy, weight: 4_000_000_000 })
    decliner.standing = ({ rollCallId }) => ({ kind: 'decline', rollCallId, code: 'ERR_EPOCH', message: 'no' })
    const { functionCid, settings } = await net.pack('forged')
    const agreement = { kind: 'direct' as const, nodes: 1, threshold: 1 }
    await assert.rejects(net.head.deploy(functionCid, { ...settings, agreement }, NO_ABORT), {
      code: 'ERR_SUBNET_TOO_SMALL',
      details: { code: 'ERR_SUBNET_TOO_SMALL', wanted: 1, found: 0 },
    })
    assert.ok(net.headNode.log.messages('warn').includes('candidacy forged'))
    const honest = await link()
    await net.head.deploy(functionCid, { ...settings, agreement }, NO_ABORT)
    honest.onExecute = ({ id }) => honest.link.send({ kind: 'refused', id, code: 'ERR_TEST', message: 'no' })
    const call = { functionCid, settings: { ...settings, agreement }, input: NO_INPUT }
    const error = await net.head.invoke(call, NO_ABORT).catch((caught: unknown) => caught)
    assert.ok(error instanceof Error && /each node said: no/.test(error.message))
    const requestId = /bls explain ([0-9a-f]{64})/.exec(error.message)?.[1] ?? ''
    const declined = net.journal.findStory(requestId)?.subnet.declined.map(({ node, code }) => ({ node, code }))
    assert.deepEqual(
      new Set(declined?.map((entry) => JSON.stringify(entry))),
      new Set([
        JSON.stringify({ node: decliner.node.signer.nodeId, code: 'ERR_EPOCH' }),
        JSON.stringify({ node: forger.node.signer.nodeId, code: 'ERR_CANDIDACY_INVALID' }),
      ]),
    )
    for (const raw of [forger, decliner, honest]) raw.link.close()
    await until(() => net.head.workers.length === 0, 'all are gone')
  })

  test('a worker that does not read is busy, then replaced, and a cancel to it harms nobody', async () => {
    const stuck = await link()
    const stored = await net.pack('stuck')
    const { functionCid, settings } = stored
    const agreement = { kind: 'direct' as const, nodes: 1, threshold: 1 }
    const call = {
      functionCid,
      settings: { ...settings, agreement },
      input: { ...NO_INPUT, stdin: new Uint8Array(4_000_000) },
    }
    await net.head.deploy(functionCid, call.settings, NO_ABORT)
    stuck.stream.pause()
    const caller = new AbortController()
    const running = Array.from({ length: 12 }, async () => await net.head.invoke(call, caller.signal))
    const errors = Promise.all(running.map(async (one) => await one.catch((caught: unknown) => caught)))
    const busy = await Promise.race(running.map(async (one) => await one.catch((caught: unknown) => caught)))
    assert.match(String(busy), /it reads too slowly/)
    caller.abort(new Error('enough'))
    assert.equal((await errors).length, 12)
    stuck.link.close()
    await until(() => !isLinked(stuck), 'it is gone')
  })
})

describe('RollCaller over gossip', () => {
  test('workers answer only the head that a roll call names, and no oversized gossip', async () => {
    await using net = await TestNetwork.start({ workersCount: 1, membersCount: 3 })
    const [worker] = net.workers
    const impostor = await net.createNode(2)
    await impostor.host.dial(worker?.host.getMultiaddrs() ?? [])
    const { functionCid, settings } = await net.pack('gossip')
    const { pubsub } = impostor.host.services
    const topic = 'blockless/roll-call/2.0.0/node-test'
    await until(
      () =>
        pubsub
          .getSubscribers(topic)
          .map(String)
          .includes(worker?.signer.nodeId ?? ''),
      'gossip knows it',
    )
    const call = { version: 2, chainId: 'node-test', rollCallId: new Uint8Array(16), functionCid, epoch: 0 }
    const heard: Uint8Array[] = []
    worker?.host.services.pubsub.addEventListener('message', ({ detail }) => heard.push(detail.data))
    const messages = [
      encodeCanonical({ ...call, head: net.head.nodeId }),
      encodeCanonical({ ...call, head: impostor.signer.nodeId }),
      encodeCanonical({ ...call, head: net.head.nodeId, padding: new Uint8Array(100_000) }),
      new Uint8Array(500_000).fill(0x81),
      Uint8Array.of(),
    ]
    for (const data of messages) await pubsub.publish(topic, data)
    await until(() => heard.length === messages.length, 'the worker heard all of it')
    const agreement = { kind: 'direct' as const, nodes: 1, threshold: 1 }
    await net.head.deploy(functionCid, { ...settings, agreement }, NO_ABORT)
    assert.deepEqual(net.headNode.log.messages('warn'), [])
    assert.equal(net.head.workers.length, 1)
  })
})
