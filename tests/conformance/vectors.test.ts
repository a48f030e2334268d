import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { drawOrder, orderCountOf, verifySubnet } from '@blockless/consensus'
import {
  cid,
  createSigner,
  decodeReceipt,
  drawSeedOf,
  encodeReceipt,
  executionInputSchema,
  executionRequestSchema,
  fromHex,
  inputHashOf,
  networkSchema,
  randomSeedOf,
  receiptCidOf,
  receiptFromJson,
  receiptToJson,
  requestIdOf,
  resultHashOf,
  resultStatementSchema,
  subnetCidOf,
  subnetSchema,
  toHex,
  verify,
  verifySignature,
  voteDigest,
} from '@blockless/core'
import { makeVectors } from './make-vectors.ts'

const directory = join(import.meta.dirname, 'vectors')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(directory, name), 'utf8')) as T

interface HashVectors {
  readonly inputs: readonly { readonly input: unknown; readonly inputHash: string }[]
  readonly requests: readonly { readonly request: unknown; readonly requestId: string; readonly randomSeed: string }[]
  readonly results: readonly { readonly result: unknown; readonly resultHash: string }[]
}

interface VoteVector {
  readonly privateKey: string
  readonly publicKey: string
  readonly node: string
  readonly chainId: string
  readonly requestId: string
  readonly functionCid: string
  readonly subnetCid: string
  readonly epoch: number
  readonly resultHash: string
  readonly fuel: number
  readonly transcriptHash: string
  readonly digest: string
  readonly signature: string
}

interface DrawVectors {
  readonly draws: readonly {
    readonly seed: string
    readonly candidates: readonly { readonly node: string; readonly weight: number }[]
    readonly order: readonly string[]
  }[]
  readonly subnet: { readonly seed: string; readonly record: unknown; readonly cid: string }
}

interface ReceiptVectors {
  readonly network: unknown
  readonly subnet: unknown
  readonly input: unknown
  readonly output: string
  readonly receipt: unknown
  readonly bytes: string
  readonly cid: string
}

test('inputs, requests and results have the hashes of the vectors', () => {
  const { inputs, requests, results } = read<HashVectors>('hashes.json')
  for (const { input, inputHash } of inputs) {
    assert.equal(toHex(inputHashOf(executionInputSchema.fromJson(input, ''))), inputHash)
  }
  for (const { request, requestId, randomSeed } of requests) {
    const id = requestIdOf(executionRequestSchema.fromJson(request, ''))
    assert.deepEqual([toHex(id), toHex(randomSeedOf(id))], [requestId, randomSeed])
  }
  for (const { result, resultHash } of results) {
    assert.equal(toHex(resultHashOf(resultStatementSchema.fromJson(result, ''))), resultHash)
  }
})

test('votes have the digests and signatures of the vectors', () => {
  for (const vote of read<{ votes: readonly VoteVector[] }>('votes.json').votes) {
    const signer = createSigner(fromHex(vote.privateKey))
    assert.deepEqual([toHex(signer.publicKey), signer.nodeId], [vote.publicKey, vote.node])
    const context = {
      chainId: vote.chainId,
      requestId: fromHex(vote.requestId),
      functionCid: cid().fromJson(vote.functionCid, ''),
      subnetCid: cid().fromJson(vote.subnetCid, ''),
      epoch: vote.epoch,
    }
    const words = {
      resultHash: fromHex(vote.resultHash),
      fuel: vote.fuel,
      transcriptHash: fromHex(vote.transcriptHash),
    }
    const digest = voteDigest(context, words)
    assert.equal(toHex(digest), vote.digest)
    assert.equal(toHex(signer.sign(digest)), vote.signature)
    assert.equal(verifySignature(vote.node, digest, fromHex(vote.signature)), true)
  }
})

test('draws have the orders of the vectors', () => {
  const { draws, subnet } = read<DrawVectors>('draw.json')
  for (const { seed, candidates, order } of draws) {
    assert.deepEqual(drawOrder({ seed: fromHex(seed), candidates, count: candidates.length }), order)
  }
  const record = subnetSchema.fromJson(subnet.record, '')
  assert.equal(
    toHex(
      drawSeedOf({ beacon: record.beacon, functionCid: record.functionCid, epoch: record.epoch, size: record.size }),
    ),
    subnet.seed,
  )
  assert.equal(record.order.length, orderCountOf(record.size, record.candidates.length))
  assert.equal(verifySubnet(record).ok, true)
  assert.equal(subnetCidOf(record).toString(), subnet.cid)
})

test('the receipt has the bytes and the CID of the vectors, and passes every check', () => {
  const vectors = read<ReceiptVectors>('receipt.json')
  const receipt = receiptFromJson(vectors.receipt)
  assert.equal(toHex(encodeReceipt(receipt)), vectors.bytes)
  assert.equal(receiptCidOf(receipt).toString(), vectors.cid)
  assert.deepEqual(receiptToJson(decodeReceipt(fromHex(vectors.bytes))), vectors.receipt)
  const verdict = verify(fromHex(vectors.bytes), {
    functionCid: receipt.request.functionCid,
    input: executionInputSchema.fromJson(vectors.input, ''),
    output: fromHex(vectors.output),
    subnet: subnetSchema.fromJson(vectors.subnet, ''),
    network: networkSchema.fromJson(vectors.network, ''),
  })
  assert.deepEqual(
    verdict.checks.filter(({ status }) => status !== 'passed'),
    [],
  )
})

test('the generator still makes the vectors', () => {
  const made = makeVectors()
  assert.deepEqual(
    Object.keys(made).toSorted(),
    readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .toSorted(),
  )
  for (const [name, vectors] of Object.entries(made)) assert.deepEqual(JSON.parse(JSON.stringify(vectors)), read(name))
})
