import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProfile, encodeProfile, HOST_PART, PART_SHIFT } from '../../src/profile/profile-bytes.ts'

interface Node {
  readonly parent?: number
  readonly key?: number
  readonly fuel?: number
}

function bytesOf(nodes: readonly Node[], hosts: readonly string[] = ['env.f']): Uint8Array {
  return encodeProfile({
    count: nodes.length,
    parents: Int32Array.from(nodes, ({ parent = 0 }) => parent),
    keys: Int32Array.from(nodes, ({ key = 0 }) => key),
    selfFuel: Float64Array.from(nodes, ({ fuel = 0 }) => fuel),
    hosts,
  })
}

const HOST = HOST_PART << PART_SHIFT

test('decodeProfile() reads functions of modules and of the host', () => {
  const nodes = [{}, {}, { parent: 0, key: (2 << PART_SHIFT) | 7, fuel: 3 }, { parent: 2, key: HOST, fuel: 4 }]
  assert.deepEqual(decodeProfile(bytesOf(nodes), 7), [
    { parent: 0, function: { kind: 'root' }, selfFuel: 0 },
    { parent: 0, function: { kind: 'other' }, selfFuel: 0 },
    { parent: 0, function: { kind: 'guest', module: 2, index: 7 }, selfFuel: 3 },
    { parent: 2, function: { kind: 'host', name: 'env.f' }, selfFuel: 4 },
  ])
})

const WRONG: readonly { name: string; bytes: Uint8Array; fuel?: number }[] = [
  { name: 'nothing', bytes: new Uint8Array() },
  { name: 'less than a head', bytes: new Uint8Array(7) },
  { name: 'no root', bytes: bytesOf([]) },
  { name: 'a byte too few', bytes: bytesOf([{}, {}]).subarray(0, -1) },
  { name: 'a byte too many', bytes: Uint8Array.of(...bytesOf([{}, {}]), 0) },
  { name: 'a node before its parent', bytes: bytesOf([{}, {}, { parent: 2 }]) },
  { name: 'a root with a parent', bytes: bytesOf([{ parent: 1 }, {}]) },
  { name: 'fuel below zero', bytes: bytesOf([{ fuel: -1 }, { fuel: 1 }]) },
  { name: 'parts of units', bytes: bytesOf([{ fuel: 0.5 }, { fuel: 0.5 }]), fuel: 1 },
  { name: 'no number', bytes: bytesOf([{ fuel: Number.NaN }, {}]) },
  { name: 'another sum than the run', bytes: bytesOf([{ fuel: 5 }, {}]), fuel: 6 },
  { name: 'a function in no module', bytes: bytesOf([{}, {}, { key: 65 << PART_SHIFT }]) },
  { name: 'a function of the host without a name', bytes: bytesOf([{}, {}, { key: HOST + 1 }]) },
  { name: 'a name that is too long', bytes: bytesOf([{}, {}], ['x'.repeat(257)]) },
  { name: 'too many names', bytes: bytesOf([{}, {}], Array<string>(1025).fill('a')) },
  { name: 'a name that is no text', bytes: bytesOf([{}, {}], [7 as unknown as string]) },
]

for (const { name, bytes, fuel = 0 } of WRONG) {
  test(`decodeProfile() refuses ${name}`, () => {
    assert.throws(() => decodeProfile(bytes, fuel), RangeError)
  })
}

test('decodeProfile() refuses a count that the bytes cannot hold', () => {
  const bytes = bytesOf([{}, {}])
  new DataView(bytes.buffer).setUint32(0, 0xffff_ffff, true)
  assert.throws(() => decodeProfile(bytes, 0), RangeError)
})
