import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toUtf8, type VerifyOptions, verify } from '@blockless/core'
import { given, network, otherCid, receiptOf, subnet, subnetOf } from '../support/sample.ts'

const honest = receiptOf()

const wrongFacts: { name: string; options: VerifyOptions; failed: string[] }[] = [
  { name: 'another function', options: { functionCid: otherCid }, failed: ['function'] },
  { name: 'another entry', options: { entry: 'main' }, failed: ['function'] },
  { name: 'more nodes', options: { agreement: { kind: 'aggregate', nodes: 7, threshold: 5 } }, failed: ['threshold'] },
  {
    name: 'as many votes of more nodes',
    options: { agreement: { kind: 'aggregate', nodes: 5, threshold: 3 } },
    failed: ['threshold'],
  },
  {
    name: 'a higher threshold',
    options: { agreement: { kind: 'aggregate', nodes: 4, threshold: 4 } },
    failed: ['threshold'],
  },
  { name: 'another argument', options: { input: { ...given.input, args: ['b'] } }, failed: ['input'] },
  { name: 'another stdin', options: { input: { ...given.input, stdin: new Uint8Array() } }, failed: ['input'] },
  { name: 'another output', options: { output: toUtf8('answer ') }, failed: ['output'] },
  {
    name: 'the record of another beacon',
    options: { subnet: subnetOf({ beacon: new Uint8Array(32).fill(1) }) },
    failed: ['subnet'],
  },
  {
    name: 'the record of another order',
    options: { subnet: { ...subnet, order: subnet.order.toReversed() } },
    failed: ['subnet'],
  },
  { name: 'a network without the head', options: { network: { ...network, heads: [] } }, failed: ['network'] },
  {
    name: 'a network without a voter',
    options: { network: { ...network, workers: network.workers.slice(1) } },
    failed: ['network'],
  },
  { name: 'another chain', options: { network: { ...network, chainId: 'other' } }, failed: ['network'] },
]

for (const { name, options, failed } of wrongFacts) {
  test(`verify() fails when the caller expects ${name}`, () => {
    const { checks } = verify(honest, { ...given, ...options })
    assert.deepEqual(
      checks.filter(({ status }) => status === 'failed').map(({ name: check }) => check),
      failed,
    )
  })
}
