import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import {
  createSigner,
  decodeReceipt,
  encodeReceipt,
  receiptCidOf,
  receiptFromJson,
  receiptToJson,
  requestIdOf,
  sha256,
  verify,
} from '@blockless/core'
import { Bench } from 'tinybench'
import { ecdsa as wasmEcdsa } from '../src/platform/ecdsa-wasm.ts'

// What a receipt costs: a vote's signature on each platform, encoding, and verification of one with its votes.

const vector = new URL('../../../tests/conformance/vectors/receipt.json', import.meta.url)
const receipt = receiptFromJson(JSON.parse(readFileSync(vector, 'utf8')).receipt)
const encoded = encodeReceipt(receipt)
const signer = createSigner(sha256(Uint8Array.of(1)))
const digest = sha256(Uint8Array.of(2))
const signature = signer.sign(digest)

const bench = new Bench({ name: 'receipt', time: 500 })
bench
  .add('receipt.sign', () => signer.sign(digest))
  .add('receipt.recover.wasm', () => wasmEcdsa.recover(digest, signature))
  .add('receipt.requestId', () => requestIdOf(receipt.request))
  .add('receipt.encode', () => encodeReceipt(receipt))
  .add('receipt.decode', () => decodeReceipt(encoded))
  .add('receipt.toJson', () => receiptToJson(receipt))
  .add('receipt.cid', () => receiptCidOf(receipt))
  .add('receipt.verify', () => verify(receipt))
await bench.run()

const isJson = process.argv.includes('--json')
if (!isJson) {
  const votes = `${receipt.votes.length} votes, ${encoded.length} bytes`
  console.log(`Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores; a receipt of ${votes}`)
}
for (const { name, result } of bench.tasks) {
  if (!('latency' in result)) throw new Error(`${name} was not measured`)
  const { p50, p99 } = result.latency
  if (isJson) {
    console.log(
      JSON.stringify({ bench: 'receipt', name: `${name}.p50`, value: Number(p50.toPrecision(3)), unit: 'ms' }),
    )
  } else console.log(`  ${name.padEnd(22)} p50 ${(p50 * 1000).toFixed(1)} µs  p99 ${(p99 * 1000).toFixed(1)} µs`)
}
