import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeReceipt, type Receipt, receiptFromJson, receiptToJson, signReceipt, verify } from '@blockless/core'
import { body, head, network, receiptOf, subnet, workers } from '../support/sample.ts'

// Enough facts for the checks of the head's and members' keys; the request's own facts the signatures cover.
const facts = { network, subnet }
const members = workers.slice(0, 5).map(({ nodeId }) => nodeId)
/** With a replaced member, so that its fields are there too. */
const receipt: Receipt = receiptOf({
  subnet: { ...body.subnet, members },
  replaced: [{ node: members[4] ?? '', reason: 'ERR_ANSWER_TIMEOUT' }],
})

test('verify() accepts the receipt that the tests below change', () => {
  assert.equal(verify(receipt, facts).ok, true)
})

test('verify() fails when any byte of the canonical encoding is changed', () => {
  const bytes = encodeReceipt(receipt)
  const survivors: number[] = []
  for (let index = 0; index < bytes.length; index++) {
    // One bit and all bits: every byte, and for text both a neighbour and something that is no text.
    for (const mask of [1 << (index % 8), 0xff]) {
      const changed = bytes.slice()
      changed[index] = (changed[index] ?? 0) ^ mask
      if (verify(changed, facts).ok) survivors.push(index)
    }
  }
  assert.deepEqual(survivors, [])
})

test('verify() fails when two bytes of the canonical encoding are exchanged', () => {
  const bytes = encodeReceipt(receipt)
  for (let index = 0; index + 1 < bytes.length; index++) {
    const [a = 0, b = 0] = bytes.subarray(index, index + 2)
    if (a === b) continue
    const changed = bytes.slice()
    changed.set([b, a], index)
    assert.equal(verify(changed, facts).ok, false, `at ${index}`)
  }
})

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Every place in a JSON value: the object or list that holds it, and its key. */
function placesOf(json: Json, path: string[] = []): string[][] {
  if (typeof json !== 'object' || json === null) return [path]
  return [
    ...(path.length > 0 ? [path] : []),
    ...Object.entries(json).flatMap(([key, value]) => placesOf(value, [...path, key])),
  ]
}

function changesOf(value: Json): (Json | undefined)[] {
  if (typeof value === 'number') return [value + 1, value - 1, -value || 1, value + 0.5, String(value), null]
  if (typeof value === 'boolean') return [!value, null]
  if (typeof value === 'string') {
    const last = value.at(-1) === '0' ? '1' : '0'
    return [
      value.slice(0, -1) + last,
      value.slice(0, -1),
      `${value}0`,
      value.toUpperCase(),
      ` ${value}`,
      '',
      null,
    ].filter((text) => text !== value)
  }
  if (Array.isArray(value))
    return [
      [...value, null],
      value.slice(1),
      value.length > 1 ? value.toReversed() : null,
      [...value, ...value.slice(0, 1)],
      {},
    ].filter((list) => JSON.stringify(list) !== JSON.stringify(value))
  return [null, {}, [], undefined]
}

test('verify() fails when any place of the JSON form is changed or taken away', () => {
  const text = JSON.stringify(receiptToJson(receipt))
  const places = placesOf(JSON.parse(text))
  assert.ok(places.length > 60)
  for (const path of places) {
    const last = path.at(-1) ?? ''
    const original = path.reduce((place, key) => place[key], JSON.parse(text))
    for (const change of [...changesOf(original), undefined]) {
      const changed = JSON.parse(text)
      const parent = path.slice(0, -1).reduce((place, key) => place[key], changed)
      if (change !== undefined) parent[last] = change
      else if (Array.isArray(parent)) parent.splice(Number(last), 1)
      else delete parent[last]
      assert.equal(verify(changed, facts).ok, false, `${path.join('.')} = ${JSON.stringify(change)}`)
    }
  }
})

test('a receipt has one canonical encoding: what reads as the same receipt is the same bytes', () => {
  const again = receiptFromJson(JSON.parse(JSON.stringify(receiptToJson(receipt))))
  assert.deepEqual(encodeReceipt(again), encodeReceipt(receipt))
  const { head: _, signature: __, ...unsigned } = receipt
  const shuffled = Object.fromEntries(Object.entries(unsigned).toReversed()) as unknown as typeof unsigned
  assert.deepEqual(encodeReceipt(signReceipt(head, shuffled)), encodeReceipt(receipt))
})
