import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeCanonical,
  encodeReceipt,
  networkSchema,
  receiptCidOf,
  receiptToJson,
  subnetSchema,
} from '@blockless/core'
import { replyJson, sampleReceipt, startFakeGateway } from '@blockless/testing'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { bls } from '../support/test-io.ts'

const sample = sampleReceipt()
const receiptJson = JSON.stringify(receiptToJson(sample.receipt))

async function prepare(): Promise<{ folder: TemporaryFolder; all: string[] }> {
  const folder = await temporaryFolder()
  await folder.write('receipt.json', receiptJson)
  await folder.write('receipt.cbor', encodeReceipt(sample.receipt))
  await folder.write('network.json', JSON.stringify(networkSchema.toJson(sample.network)))
  await folder.write('subnet.json', JSON.stringify(subnetSchema.toJson(sample.subnet)))
  await folder.write('subnet.cbor', encodeCanonical(sample.subnet))
  await folder.write('input.json', '{"args": ["Ada"]}')
  await folder.write('output.txt', sample.stdout)
  const files = [
    '--network',
    'network.json',
    '--subnet',
    'subnet.json',
    '--input',
    'input.json',
    '--output',
    'output.txt',
  ]
  return { folder, all: ['--function', sample.functionCid.toString(), '--entry', '_start', ...files] }
}

test('bls verify passes a true receipt in every form, without any network', async () => {
  const { folder, all } = await prepare()
  await using _ = folder
  // Nothing listens there, so a verifier that asks somebody fails.
  const io = { cwd: folder.path, env: { BLS_GATEWAY: 'http://127.0.0.1:1' } }
  for (const [source, stdin] of [
    ['receipt.json'],
    ['receipt.cbor'],
    ['-', receiptJson],
    ['-', `{"receipt": ${receiptJson}}`],
  ]) {
    const { exitCode, stdout, stderr } = await bls(
      stdin === undefined ? io : { ...io, stdin },
      'verify',
      source ?? '',
      ...all,
    )
    assert.equal(stderr, '')
    assert.equal(exitCode, 0, stdout)
    assert.doesNotMatch(stdout, /✗/)
    assert.match(stdout, /^✓ {2}draw +6 drawn from 6 candidates$/m)
  }
})

test('bls verify says what it did not check', async () => {
  const { folder } = await prepare()
  await using _ = folder
  const { exitCode, stdout } = await bls({ cwd: folder.path }, 'verify', 'receipt.json')
  assert.equal(exitCode, 0)
  assert.match(stdout, /^– {2}function +ran bafy.*; give the function's CID to compare$/m)
  assert.match(stdout, /Valid as far as checked: .*skipped: function, .*network/)
  assert.match(stdout, /Without the network/)
})

test('bls verify fails a receipt with one changed byte, and says which check', async () => {
  const { folder, all } = await prepare()
  await using _ = folder
  const encoded = encodeReceipt(sample.receipt)
  const signature = encoded.length - 100 // inside the votes, which come last
  encoded[signature] = (encoded[signature] ?? 0) ^ 1
  await folder.write('changed.cbor', encoded)
  const { exitCode, stdout } = await bls({ cwd: folder.path }, 'verify', 'changed.cbor', ...all)
  assert.equal(exitCode, 1)
  assert.match(stdout, /^✗/m)
  assert.match(stdout, /Not valid: .+ failed/)
  const json = JSON.parse((await bls({ cwd: folder.path }, 'verify', 'changed.cbor', '--json')).stdout) as {
    ok: boolean
  }
  assert.equal(json.ok, false)
})

test('bls verify fails each thing that was given and is another', async () => {
  const { folder } = await prepare()
  await using _ = folder
  await folder.write('other.json', '{"args": ["Eve"]}')
  const cid = receiptCidOf(sample.receipt).toString()
  for (const [option, value, check] of [
    ['--function', cid, 'function'],
    ['--entry', 'main', 'function'],
    ['--input', 'other.json', 'input'],
    ['--output', 'input.json', 'output'],
  ] as const) {
    const { exitCode, stdout } = await bls({ cwd: folder.path }, 'verify', 'receipt.json', option, value)
    assert.equal(exitCode, 1, option)
    assert.match(stdout, new RegExp(`Not valid: ${check} failed`))
  }
})

test('bls verify fails what is not a receipt, without a stack', async () => {
  const { folder } = await prepare()
  await using _ = folder
  for (const stdin of ['', '{}', '[]', 'null', '<html>', '{"receipt": 5}', '{"version": 1}', Uint8Array.of(0xff)]) {
    const { exitCode, stdout } = await bls({ cwd: folder.path, stdin }, 'verify', '-')
    assert.equal(exitCode, 1, String(stdin))
    assert.match(stdout, /^✗ {2}schema/m)
  }
})

test('bls verify refuses documents that are none, and files that are not there', async () => {
  const { folder } = await prepare()
  await using _ = folder
  const io = { cwd: folder.path }
  for (const option of ['--network', '--subnet', '--input']) {
    const { exitCode, stderr } = await bls(io, 'verify', 'receipt.json', option, 'receipt.json')
    assert.equal(exitCode, 2, option)
    assert.match(stderr, new RegExp(`Cannot use ${option} "receipt.json"`))
  }
  const missing = await bls(io, 'verify', 'nothing.json')
  assert.equal(missing.exitCode, 5)
  assert.match(missing.stderr, /nothing\.json": it does not exist/)
  assert.equal((await bls(io, 'verify', '.')).exitCode, 5)
  assert.equal((await bls(io, 'verify', '-')).exitCode, 2)
})

test('bls verify fetches a receipt by its CID, with its draw and network', async () => {
  await using gateway = await startFakeGateway(({ url }, response) => {
    if (url.startsWith('/receipts/')) replyJson(response, receiptToJson(sample.receipt))
    else if (url.startsWith('/subnets/')) replyJson(response, subnetSchema.toJson(sample.subnet))
    else replyJson(response, networkSchema.toJson(sample.network))
  })
  const cid = receiptCidOf(sample.receipt).toString()
  const { exitCode, stdout, stderr } = await bls({ cwd: '/' }, 'verify', cid, '--gateway', gateway.url)
  assert.equal(exitCode, 0)
  assert.match(stdout, /^✓ {2}draw/m)
  assert.match(stderr, /as this gateway tells it/)
})

test('bls verify takes the network of a bls up above, if the receipt was made there', async () => {
  const { folder } = await prepare()
  await using _ = folder
  await folder.write('.bls/network.json', JSON.stringify(networkSchema.toJson(sample.network)))
  const own = await bls({ cwd: folder.path }, 'verify', 'receipt.json')
  assert.equal(own.exitCode, 0)
  assert.match(own.stdout, /✓ {2}network/)
  assert.match(own.stderr, /note: the network is that of .*network\.json/)
  const other = { ...sample.network, chainId: 'another' }
  await folder.write('.bls/network.json', JSON.stringify(networkSchema.toJson(other)))
  const foreign = await bls({ cwd: folder.path }, 'verify', 'receipt.json')
  assert.equal(foreign.exitCode, 0)
  assert.match(foreign.stdout, /– {2}network/)
})

test('bls verify holds a receipt against the agreement that was wanted', async () => {
  const { folder } = await prepare()
  await using _ = folder
  const { nodes, threshold } = sample.receipt.request.agreement
  const io = { cwd: folder.path }
  assert.equal((await bls(io, 'verify', 'receipt.json', '--agreement', `${threshold}/${nodes}`)).exitCode, 0)
  const wider = await bls(io, 'verify', 'receipt.json', '--agreement', `${nodes + 1}/${nodes + 1}`)
  assert.equal(wider.exitCode, 1)
  assert.match(wider.stdout, /✗ {2}threshold/)
  for (const wrong of ['1/4', '3', '3/4/5', 'most']) {
    assert.equal((await bls(io, 'verify', 'receipt.json', '--agreement', wrong)).exitCode, 2, wrong)
  }
})

test('bls verify says where JSON that was edited by hand breaks', async () => {
  const { folder } = await prepare()
  await using _ = folder
  await folder.write('receipt.json', receiptJson.replace(',', ' '))
  const { exitCode, stderr } = await bls({ cwd: folder.path }, 'verify', 'receipt.json')
  assert.equal(exitCode, 2)
  assert.match(stderr, /is not JSON: .* position \d+/)
})
