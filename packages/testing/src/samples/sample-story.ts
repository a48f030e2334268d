import type { Story } from '@blockless/core'
import { testSigner } from '../test-keys.ts'

/** The story of a request to which the first of two nodes did not answer. */
export function sampleStory(): Story {
  const [first, second] = [testSigner(1).nodeId, testSigner(2).nodeId]
  const timings = { checkUs: 10, queueUs: 5.5, instantiateUs: 100, runUs: 200, totalUs: 320 }
  const cid = 'bafyreigbnqssqhbmtqjc5duo4a5pnyhxpqpagxdj5a6jtlyy4rjlr6bzfa'
  return {
    requestId: '00'.repeat(32),
    functionCid: cid,
    functionName: 'hello',
    timestampMs: 1_767_225_600_000,
    agreement: { kind: 'aggregate', nodes: 1, threshold: 1 },
    epoch: 2,
    subnet: { cid, members: [first], spares: [second], candidatesCount: 2, declined: [], formedInMs: 3.25 },
    outcome: 'decided',
    detail: '1 of 1 agree',
    receiptCid: cid,
    events: [
      { atMs: 0.1, kind: 'asked', node: first },
      { atMs: 0.2, kind: 'failed', node: first, code: 'ERR_LINK_CLOSED', message: 'gone' },
      { atMs: 0.2, kind: 'asked', node: second },
      {
        atMs: 1.5,
        kind: 'voted',
        node: second,
        resultHash: 'ab'.repeat(32),
        exit: 'The function ended normally',
        fuel: 1_234,
        memoryPeakBytes: 65_536,
        roundTripMs: 1.3,
        timings,
      },
      { atMs: 1.6, kind: 'ended', outcome: 'decided', detail: '1 of 1 agree' },
    ],
    timings: {
      subnetMs: 0,
      encodeMs: 0.05,
      wireMs: 0.98,
      workerCheckMs: 0.01,
      queueMs: 0.0055,
      instantiateMs: 0.1,
      runMs: 0.2,
      handoverMs: 0.06,
      verifyMs: 0.1,
      settleMs: 0.1,
      totalMs: 1.6,
    },
  }
}
