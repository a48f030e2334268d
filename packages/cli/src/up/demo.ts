import { request } from 'node:http'
import { join } from 'node:path'
import { createClient, type Deployment, type ReceiptVerdict, verifyReceipt } from '@blockless/client'
import { agreeingVotes, CodedError, type Network, type Receipt } from '@blockless/core'
import { type BuiltFunction, buildFunction } from '../commands/build-function/build-function.ts'
import type { Io } from '../io/io.ts'
import type { Progress } from '../io/progress.ts'

/** What the demonstration showed. */
export interface DemoResult {
  readonly built: BuiltFunction
  readonly deployment: Deployment
  /** The URL that was asked, and its answer. */
  readonly url: string
  readonly answer: string
  readonly latencyMs: number
  readonly receiptCid: string
  readonly requestId: string
  readonly receipt: Receipt
  readonly verdict: ReceiptVerdict
  /** Votes for the agreed result. */
  readonly agreeingCount: number
  /** The function built for it, as it is called in messages. */
  readonly name: string
}

/** The demonstration came out otherwise than it should. */
class DemoError extends CodedError<'ERR_DEMO', { readonly problem: string }> {}

const QUERY = '?name=Blockless'

/**
 * Builds a function, deploys it, asks it over HTTP, and verifies the receipt of the answer.
 *
 * @param folder - of the function, relative to the current folder
 * @throws {DemoError} if the answer carries no receipt, or fails
 */
export async function runDemo(
  io: Io,
  network: { readonly url: string; readonly network: Network },
  folder: string,
  progress: Progress,
): Promise<DemoResult> {
  const { signal } = io
  progress(`building ${folder}`)
  const built = await buildFunction(join(io.cwd, folder), { release: true, signal, env: io.env, onProgress: progress })
  const client = createClient({ url: network.url })
  progress('deploying')
  const deployment = await client.deploy({ manifest: built.manifest, wasm: built.wasm }, { signal })
  progress('asking')
  const url = `${deployment.url}${QUERY}`
  const startedMs = performance.now()
  const reply = await get(network.url, url, signal)
  const latencyMs = performance.now() - startedMs
  const { receiptCid, requestId } = reply
  if (reply.status !== 200 || receiptCid === undefined || requestId === undefined) {
    const problem = `${url} answered ${reply.status}: ${reply.body.slice(0, 500)}`
    throw new DemoError('ERR_DEMO', `Cannot show ${folder}: ${problem}`, { problem })
  }
  progress('verifying the receipt')
  const receipt = await client.receipt(receiptCid, { signal })
  const subnet = await client.subnet(receipt.subnet.cid, { signal })
  const verdict = verifyReceipt(receipt, {
    functionCid: built.functionCid,
    output: new TextEncoder().encode(reply.body),
    network: network.network,
    subnet,
  })
  const agreeingCount = agreeingVotes(receipt).length
  const { name } = built.manifest
  const facts = { url, answer: reply.body, latencyMs, receiptCid, requestId, receipt, verdict, agreeingCount, name }
  return { built, deployment, ...facts }
}

/** Why a demonstration is not as it should be, if it is not. */
export function findFault({ verdict, receipt, agreeingCount }: DemoResult): string | undefined {
  if (!verdict.ok) return 'the receipt does not verify'
  const { nodes } = receipt.request.agreement
  return agreeingCount === nodes ? undefined : `${agreeingCount} of ${nodes} nodes agreed`
}

interface Reply {
  readonly status: number
  readonly body: string
  readonly receiptCid: string | undefined
  readonly requestId: string | undefined
}

/** Asks the gateway for a function's URL; not by its host name, which not every resolver maps to this machine. */
async function get(gateway: string, url: string, signal: AbortSignal): Promise<Reply> {
  const { hostname, port } = new URL(gateway)
  const target = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const options = {
    host: hostname,
    port,
    path: target.pathname + target.search,
    headers: { host: target.host },
    signal,
  }
  const outgoing = request(options, (incoming) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('error', reject)
    incoming.on('end', () => {
      const header = (name: string): string | undefined => incoming.headers[name]?.toString()
      resolve({
        status: incoming.statusCode ?? 0,
        body: Buffer.concat(chunks).toString(),
        receiptCid: header('x-blockless-receipt'),
        requestId: header('x-blockless-request-id'),
      })
    })
  })
  outgoing.on('error', reject)
  outgoing.end()
  return await promise
}
