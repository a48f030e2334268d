// Prints the golden vectors, or writes them: `node tests/conformance/make-vectors.ts --write`. They change only with
// the protocol's version: a difference in an existing vector breaks every other implementation.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawOrder, formSubnet } from '@blockless/consensus'
import {
  type Candidate,
  candidacyDigest,
  cidOfCanonical,
  createSigner,
  drawSeedOf,
  type ExecutionInput,
  type ExecutionRequest,
  encodeReceipt,
  executionInputSchema,
  executionRequestSchema,
  inputHashOf,
  type Network,
  networkSchema,
  type Receipt,
  type ResultStatement,
  randomSeedOf,
  receiptCidOf,
  receiptToJson,
  requestIdOf,
  resultHashOf,
  resultStatementSchema,
  type Signer,
  type Subnet,
  sha256,
  signReceipt,
  signVote,
  sortVotes,
  subnetCidOf,
  subnetSchema,
  toHex,
  toUtf8,
  type Vote,
  type VoteContext,
  voteDigest,
} from '@blockless/core'

const NETWORK_EPOCH = 12_345

/** Private key number `index` of the vectors: public, so it must never hold anything. */
function privateKeyOf(index: number): Uint8Array {
  return sha256(toUtf8(`blockless conformance key ${index}`))
}

const signerOf = (index: number): Signer => createSigner(privateKeyOf(index))
const head = signerOf(0)
const workers = Array.from({ length: 10 }, (_, index) => signerOf(index + 1))

const network: Network = {
  version: 1,
  chainId: 'blockless-vectors-1',
  genesisTimeMs: 1_767_225_600_000,
  epochMs: 600_000,
  heads: [head.nodeId],
  workers: workers.map(({ nodeId }) => nodeId),
}
const functionCid = cidOfCanonical(toUtf8('conformance'))
const beacon = sha256(toUtf8('blockless conformance beacon'))
const output = toUtf8('42\n')

const inputs: readonly ExecutionInput[] = [
  { args: [], env: {}, stdin: new Uint8Array() },
  { args: ['--times', '3', ''], env: { LANG: 'C', A: '', ZZ: 'ä😀' }, stdin: Uint8Array.of(0, 255, 10) },
]

const requests: readonly ExecutionRequest[] = inputs.map((input, index) => ({
  version: 1,
  chainId: network.chainId,
  functionCid,
  entry: '_start',
  inputHash: inputHashOf(input),
  limits: { fuel: 10_000_000 + index, memoryBytes: 4_294_967_296, outputBytes: 65_536, deadlineMs: 10_000 },
  permissions: index === 0 ? [] : ['https://example.com/'],
  agreement: index === 0 ? { kind: 'aggregate', nodes: 4, threshold: 3 } : { kind: 'direct', nodes: 1, threshold: 1 },
  timestampMs: network.genesisTimeMs + NETWORK_EPOCH * network.epochMs + 1_234,
  nonce: sha256(toUtf8(`nonce ${index}`)).slice(0, 16),
}))

const results: readonly ResultStatement[] = [
  {
    exit: { kind: 'exit', code: 0 },
    outputHash: sha256(output),
    stderrHash: sha256(new Uint8Array()),
    fuel: 123_456_789_012,
  },
  { exit: { kind: 'exit', code: 4_294_967_295 }, outputHash: sha256(output), stderrHash: sha256(toUtf8('oops')) },
  {
    exit: { kind: 'memory-out-of-bounds', code: 0 },
    outputHash: sha256(new Uint8Array()),
    stderrHash: sha256(new Uint8Array()),
    fuel: 0,
  },
]

const subnet: Subnet = formSubnet({
  chainId: network.chainId,
  functionCid,
  epoch: NETWORK_EPOCH,
  beacon,
  size: 4,
  candidates: workers.map((signer, index) => candidateOf(signer, index + 1)),
})

function candidateOf(signer: Signer, weight: number): Candidate {
  const digest = candidacyDigest({ chainId: network.chainId, functionCid, epoch: NETWORK_EPOCH, weight })
  return { node: signer.nodeId, weight, signature: signer.sign(digest) }
}

/** Every file of vectors by its name, as JSON. */
export function makeVectors(): Readonly<Record<string, unknown>> {
  return {
    'hashes.json': hashVectors(),
    'votes.json': voteVectors(),
    'draw.json': drawVectors(),
    'receipt.json': receiptVectors(),
  }
}

function hashVectors(): unknown {
  return {
    inputs: inputs.map((input) => ({
      input: executionInputSchema.toJson(input),
      inputHash: toHex(inputHashOf(input)),
    })),
    requests: requests.map((request) => ({
      request: executionRequestSchema.toJson(request),
      requestId: toHex(requestIdOf(request)),
      randomSeed: toHex(randomSeedOf(requestIdOf(request))),
    })),
    results: results.map((result) => ({
      result: resultStatementSchema.toJson(result),
      resultHash: toHex(resultHashOf(result)),
    })),
  }
}

function voteVectors(): unknown {
  const contexts: VoteContext[] = [0, 1, NETWORK_EPOCH, Number.MAX_SAFE_INTEGER].map((epoch, index) => ({
    chainId: network.chainId,
    requestId: requestIdOf(requests[index % 2] ?? firstRequest()),
    functionCid,
    subnetCid: subnetCidOf(subnet),
    epoch,
  }))
  return {
    votes: contexts.map((context, index) => {
      const words = {
        resultHash: resultHashOf(results[index % 3] ?? firstResult()),
        fuel: 2 ** (13 * index),
        transcriptHash: sha256(toUtf8(`${index}`)),
      }
      const { signature, node } = signVote(signerOf(index), context, words)
      return {
        privateKey: toHex(privateKeyOf(index)),
        publicKey: toHex(signerOf(index).publicKey),
        node,
        chainId: context.chainId,
        requestId: toHex(context.requestId),
        functionCid: context.functionCid.toString(),
        subnetCid: context.subnetCid.toString(),
        epoch: context.epoch,
        resultHash: toHex(words.resultHash),
        fuel: words.fuel,
        transcriptHash: toHex(words.transcriptHash),
        digest: toHex(voteDigest(context, words)),
        signature: toHex(signature),
      }
    }),
  }
}

function drawVectors(): unknown {
  const weights = [1, 1, 2, 3, 5, 8, 1_000, 65_536, 16_777_216, 4_294_967_295]
  const candidates = weights.map((weight, index) => ({ node: `node-${index}`, weight }))
  const draws = [0, 1, 2, 3].map((number) => {
    const seed = sha256(Uint8Array.of(number))
    return { seed: toHex(seed), candidates, order: drawOrder({ seed, candidates, count: candidates.length }) }
  })
  const equal = Array.from({ length: 20 }, (_, index) => ({ node: `n${index}`, weight: 100 }))
  const zero = new Uint8Array(32)
  const seed = drawSeedOf({ beacon, functionCid, epoch: NETWORK_EPOCH, size: 4 })
  return {
    draws: [
      ...draws,
      { seed: toHex(zero), candidates: equal, order: drawOrder({ seed: zero, candidates: equal, count: 20 }) },
    ],
    subnet: { seed: toHex(seed), record: subnetSchema.toJson(subnet), cid: subnetCidOf(subnet).toString() },
  }
}

function receiptVectors(): unknown {
  const receipt = makeReceipt()
  return {
    network: networkSchema.toJson(network),
    subnet: subnetSchema.toJson(subnet),
    input: executionInputSchema.toJson(inputs[0] ?? { args: [], env: {}, stdin: new Uint8Array() }),
    output: toHex(output),
    receipt: receiptToJson(receipt),
    bytes: toHex(encodeReceipt(receipt)),
    cid: receiptCidOf(receipt).toString(),
  }
}

/** Third member replaced by the first spare, fourth outvoted. */
function makeReceipt(): Receipt {
  const request = firstRequest()
  const requestId = requestIdOf(request)
  const result = { ...firstResult(), fuel: 4_321 }
  const members = subnet.order.slice(0, 5)
  const context = {
    chainId: network.chainId,
    requestId,
    functionCid,
    subnetCid: subnetCidOf(subnet),
    epoch: NETWORK_EPOCH,
  }
  const votes = members.flatMap((node, index): Vote[] => {
    const signer = workers.find(({ nodeId }) => nodeId === node)
    if (signer === undefined || index === 2) return []
    const statement = index === 3 ? { ...result, fuel: 4_322 } : result
    const words = { resultHash: resultHashOf(statement), fuel: statement.fuel, transcriptHash: new Uint8Array(32) }
    return [signVote(signer, context, words)]
  })
  return signReceipt(head, {
    version: 1,
    requestId,
    request,
    result,
    fuelUsed: 4_321,
    epoch: NETWORK_EPOCH,
    subnet: { cid: subnetCidOf(subnet), members },
    votes: sortVotes(votes),
    replaced: [{ node: members[2] ?? '', reason: 'ERR_ANSWER_TIMEOUT' }],
  })
}

function firstRequest(): ExecutionRequest {
  const [request] = requests
  if (request === undefined) throw new RangeError('Cannot make vectors: there is no request')
  return request
}

function firstResult(): ResultStatement {
  const [result] = results
  if (result === undefined) throw new RangeError('Cannot make vectors: there is no result')
  return result
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, vectors] of Object.entries(makeVectors())) {
    const text = `${JSON.stringify(vectors, undefined, 2)}\n`
    if (process.argv.includes('--write')) writeFileSync(join(import.meta.dirname, 'vectors', name), text)
    else console.log(`${name}\n${text}`)
  }
}
