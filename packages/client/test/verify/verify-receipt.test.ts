import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeReceipt, receiptToJson, type Subnet, type VerifyOptions } from '@blockless/core'
import { sampleReceipt } from '@blockless/testing'
import { type ReceiptVerdict, verifyReceipt } from '../../src/index.ts'

const sample = sampleReceipt()
const { receipt, subnet, network, functionCid, input } = sample
const all: VerifyOptions = {
  functionCid,
  input,
  output: sample.stdout,
  subnet,
  network,
  entry: '_start',
  agreement: receipt.request.agreement,
}

function statusOf(verdict: ReceiptVerdict, name: string): string | undefined {
  return verdict.checks.find((check) => check.name === name)?.status
}

test('verifyReceipt() passes every check of a true receipt in each form', () => {
  for (const source of [receipt, receiptToJson(receipt), encodeReceipt(receipt)]) {
    const { ok, isComplete, checks } = verifyReceipt(source, all)
    assert.deepEqual(
      checks.filter(({ status }) => status !== 'passed'),
      [],
    )
    assert.ok(ok && isComplete)
  }
})

test('verifyReceipt() skips the draw when its record is not given', () => {
  const verdict = verifyReceipt(receipt)
  assert.ok(verdict.ok && !verdict.isComplete)
  assert.equal(statusOf(verdict, 'draw'), 'skipped')
  const names = verdict.checks.map(({ name }) => name)
  assert.equal(names.indexOf('draw'), names.indexOf('subnet') + 1)
})

test('verifyReceipt() fails the draw when its record is not what the seed gives', () => {
  const swapped = [subnet.order[1], subnet.order[0], ...subnet.order.slice(2)] as Subnet['order']
  assert.equal(statusOf(verifyReceipt(receipt, { subnet: { ...subnet, order: swapped } }), 'draw'), 'failed')
  const otherSeed = { ...network, genesisTimeMs: network.genesisTimeMs + 1 }
  const verdict = verifyReceipt(receipt, { subnet, network: otherSeed })
  assert.match(verdict.checks.find(({ name }) => name === 'draw')?.detail ?? '', /another beacon/)
  assert.equal(verdict.ok, false)
})

test('verifyReceipt() fails when any one byte of a receipt is changed', () => {
  const encoded = encodeReceipt(receipt)
  const stride = 13 // every byte would take minutes; a stride prime to the field sizes reaches each field
  for (let at = 0; at < encoded.length; at += stride) {
    const changed = encoded.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(verifyReceipt(changed, all).ok, false, `byte ${at}`)
  }
})

test('verifyReceipt() never throws for what is not a receipt', () => {
  for (const source of [undefined, null, 1, 'x', [], {}, new Uint8Array(3), { requestId: new Uint8Array(1) }]) {
    const verdict = verifyReceipt(source, all)
    assert.equal(verdict.ok, false)
    assert.equal(statusOf(verdict, 'draw'), 'skipped')
  }
})
