import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  agreementSchema,
  beaconOf,
  candidacyDigest,
  cidOfCanonical,
  defaultAgreement,
  describeExit,
  drawSeedOf,
  EXIT_KINDS,
  epochAt,
  executionInputSchema,
  exitSchema,
  inputHashOf,
  manifestSchema,
  randomSeedOf,
  requestIdOf,
  resultHashOf,
  runtimeExitCode,
  sha256,
  statementOf,
  toHex,
  toUtf8,
} from '@blockless/core'
import fc from 'fast-check'
import { inputArbitrary, requestArbitrary } from '../support/arbitraries.ts'
import { functionCid, input, network, request, result } from '../support/sample.ts'

test('agreementSchema takes a threshold exactly if it is more than half and at most all', () => {
  for (let nodes = 0; nodes <= 66; nodes++) {
    for (let threshold = 0; threshold <= 67; threshold++) {
      const isGood = nodes >= 1 && nodes <= 64 && threshold <= nodes && threshold * 2 > nodes
      const check = (): unknown => agreementSchema.check({ kind: 'aggregate', nodes, threshold }, 'agreement')
      if (isGood) check()
      else assert.throws(check, { code: 'ERR_SCHEMA', message: /agreement\.(nodes|threshold)/ })
    }
  }
  const direct = { kind: 'direct', nodes: 3, threshold: 2 }
  assert.throws(() => agreementSchema.fromJson(direct, 'agreement'), { message: /"agreement\.nodes": expected 1/ })
})

test('defaultAgreement() fits its schema and takes more than two thirds', () => {
  for (let nodes = 1; nodes <= 64; nodes++) {
    const agreement = defaultAgreement(nodes)
    assert.deepEqual(agreementSchema.check(agreement, ''), agreement)
    assert.ok(agreement.threshold * 3 > nodes * 2)
  }
  assert.deepEqual(
    [1, 4, 7].map((nodes) => defaultAgreement(nodes).threshold),
    [1, 3, 5],
  )
})

test('exitSchema gives an end one spelling, and every end has words and a code', () => {
  for (const kind of EXIT_KINDS) {
    assert.deepEqual(exitSchema.check({ kind, code: 0 }, ''), { kind, code: 0 })
    const withCode = (): unknown => exitSchema.check({ kind, code: 3 }, 'exit')
    if (kind === 'exit') withCode()
    else assert.throws(withCode, { message: /"exit\.code": expected 0/ })
    assert.match(describeExit({ kind, code: 0 }), /^The function (ended|was stopped)/)
    assert.equal(runtimeExitCode({ kind, code: 0 }) === 0, kind === 'exit')
  }
  assert.equal(runtimeExitCode({ kind: 'exit', code: 0x1_02 }), 2)
  assert.equal(describeExit({ kind: 'exit', code: 3 }), 'The function exited with code 3')
  assert.throws(() => exitSchema.check({ kind: 'exit', code: 2 ** 32 }, ''), { code: 'ERR_SCHEMA' })
})

for (const { name, timeMs, epoch } of [
  { name: 'the first moment', timeMs: network.genesisTimeMs, epoch: 0 },
  { name: 'the last moment of an epoch', timeMs: network.genesisTimeMs + network.epochMs - 1, epoch: 0 },
  { name: 'the first moment of the next', timeMs: network.genesisTimeMs + network.epochMs, epoch: 1 },
  { name: 'a time before genesis', timeMs: 0, epoch: 0 },
]) {
  test(`epochAt() places ${name} in epoch ${epoch}`, () => {
    assert.equal(epochAt(network, timeMs), epoch)
  })
}

test('requestIdOf() and inputHashOf() differ for different values and do not mix', () => {
  const distinct = <T>(values: fc.Arbitrary<T>, json: (value: T) => string, hash: (value: T) => Uint8Array): void =>
    fc.assert(
      fc.property(values, values, (a, b) => {
        assert.equal(toHex(hash(a)) === toHex(hash(b)), json(a) === json(b))
      }),
      { numRuns: 100 },
    )
  const sorted = (_: string, value: unknown): unknown =>
    value instanceof Uint8Array
      ? toHex(value)
      : value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
        : value
  distinct(requestArbitrary, (value) => JSON.stringify(value, sorted), requestIdOf)
  distinct(inputArbitrary, (value) => JSON.stringify(executionInputSchema.toJson(value), sorted), inputHashOf)
})

test('inputHashOf() tells apart inputs that differ in where their text stands', () => {
  const inputs = [
    { args: ['ab'], env: {}, stdin: new Uint8Array() },
    { args: ['a', 'b'], env: {}, stdin: new Uint8Array() },
    { args: ['a'], env: { b: '' }, stdin: new Uint8Array() },
    { args: [], env: { a: 'b' }, stdin: new Uint8Array() },
    { args: [], env: {}, stdin: toUtf8('ab') },
    { args: [], env: { ab: '' }, stdin: new Uint8Array() },
  ]
  assert.equal(new Set(inputs.map((one) => toHex(inputHashOf(one)))).size, inputs.length)
})

test('each purpose has a hash of its own', () => {
  const epoch = 1
  const hashes = [
    requestIdOf(request),
    inputHashOf(input),
    resultHashOf(result),
    randomSeedOf(requestIdOf(request)),
    beaconOf(network),
    drawSeedOf({ beacon: beaconOf(network), functionCid, epoch, size: 4 }),
    candidacyDigest({ chainId: network.chainId, functionCid, epoch, weight: 4 }),
  ]
  assert.equal(new Set(hashes.map(toHex)).size, hashes.length)
})

test('statementOf() votes on fuel only when the run was pure', () => {
  const run = {
    exit: result.exit,
    stdout: toUtf8('a'),
    stderr: toUtf8('b'),
    fuelUsed: 5,
    transcriptHash: new Uint8Array(32),
  }
  const statement = { exit: result.exit, outputHash: sha256(toUtf8('a')), stderrHash: sha256(toUtf8('b')) }
  assert.deepEqual(statementOf({ ...run, isPure: true }), { ...statement, fuel: 5 })
  assert.deepEqual(statementOf({ ...run, isPure: false }), statement)
  assert.notDeepEqual(resultHashOf(statementOf({ ...run, isPure: true })), resultHashOf(statement))
})

const manifest = (file: string): unknown => ({
  version: 1,
  name: 'hello',
  modules: [{ file, name: 'main', type: 'entry' }],
})

test('manifestSchema takes paths that stay inside the package', () => {
  for (const file of ['a.wasm', 'build/release.wasm', '..a', 'a..', '...', 'a/..b/c', '.hidden/a', 'ä b']) {
    manifestSchema.fromJson(manifest(file), '')
  }
})

test('manifestSchema refuses paths that may leave it', () => {
  const outside = [
    '',
    '/a',
    '..',
    '../a',
    'a/..',
    'a/../b',
    './a',
    'a/.',
    '.',
    'a\\..\\b',
    'a\0',
    'x\n/../../b',
    'x\r/..',
    '..\n/../a',
  ]
  for (const file of [...outside, 'x\u2028/../b', 'a'.repeat(257)]) {
    assert.throws(
      () => manifestSchema.fromJson(manifest(file), ''),
      { message: /modules\[0\]\.file/ },
      JSON.stringify(file),
    )
  }
})

test('manifestSchema refuses a field that it does not know, by name', () => {
  const fields = { ...(manifest('a.wasm') as object), permission: [] }
  assert.throws(() => manifestSchema.fromJson(fields, ''), { message: /"permission".*did you mean "permissions"/ })
})

test('candidacyDigest() binds each of its facts', () => {
  const facts = { chainId: 'a', functionCid, epoch: 1, weight: 2 }
  const changes = [{}, { chainId: 'b' }, { functionCid: cidOfCanonical(Uint8Array.of(9)) }, { epoch: 2 }, { weight: 3 }]
  assert.equal(new Set(changes.map((change) => toHex(candidacyDigest({ ...facts, ...change })))).size, changes.length)
})
