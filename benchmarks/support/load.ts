import { Agent, request } from 'node:http'

/** What a load run saw. */
export interface LoadResult {
  /** One latency per request, in milliseconds. */
  readonly latencies: readonly number[]
  readonly requestsPerSecond: number
}

/** One HTTP request to repeat. */
export interface LoadTarget {
  readonly url: string
  /** Sent as Host, so that function hosts work whatever the resolver does. */
  readonly host?: string
  /** Answers that do not contain this text fail the run. */
  readonly expects: string
}

/**
 * Repeats a request over keep-alive connections, `concurrency` at a time, and measures each from sending to the last
 * byte.
 *
 * @throws {Error} if any answer is not a 200 with the expected text: a benchmark of errors is worth nothing
 */
export async function load(target: LoadTarget, count: number, concurrency: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  const latencies: number[] = []
  let left = count
  const startedMs = performance.now()
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const sentMs = performance.now()
      const { status, body } = await get(target, agent)
      latencies.push(performance.now() - sentMs)
      if (status !== 200 || !body.includes(target.expects)) throw new Error(`answer ${status}: ${body.slice(0, 200)}`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, client))
  const seconds = (performance.now() - startedMs) / 1_000
  agent.destroy()
  return { latencies, requestsPerSecond: count / seconds }
}

async function get({ url, host }: LoadTarget, agent: Agent): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const outgoing = request(url, { agent, headers: host === undefined ? {} : { host } }, (incoming) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
    incoming.on('error', reject)
  })
  outgoing.on('error', reject)
  outgoing.end()
  return await promise
}
