import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import {
  type CID,
  DEFAULT_LIMITS,
  encodeCanonical,
  type Manifest,
  type Network,
  sha256,
  silentLogger,
  systemClock,
  systemRandom,
  toUtf8,
} from '@blockless/core'
import { FunctionRegistry, Functions, Gateway } from '@blockless/gateway'
import {
  createHost,
  Head,
  type Host,
  type Identity,
  identityOf,
  Journal,
  Worker,
  type WorkerComponents,
} from '@blockless/node'
import { DEFAULT_CAPS } from '@blockless/runtime'
import { createExchange, type Exchange, exportCar, MemoryBlockStore, packFunction } from '@blockless/storage'
import { fixture, RecordingLogger } from '@blockless/testing'
import type { FastifyInstance } from 'fastify'
import { createApp } from '../../src/gateway.ts'

type Executor = WorkerComponents['executor']
/** What a run is given, and what it gives. */
export type RunRequest = Parameters<Executor['run']>[0]
/** @see RunRequest */
export type RunReport = Awaited<ReturnType<Executor['run']>>

const WORKERS_COUNT = 4
const LISTEN = ['/ip4/127.0.0.1/tcp/0']

interface Node {
  readonly host: Host
  readonly store: MemoryBlockStore
  readonly exchange: Exchange
  readonly signer: Identity['signer']
}

/** What the application answers. */
export type Answer = Awaited<ReturnType<FastifyInstance['inject']>>

/** A report of a run that wrote `stdout` and ended normally. */
export function report(stdout: string | Uint8Array, overrides: Partial<RunReport> = {}): RunReport {
  return {
    exit: { kind: 'exit', code: 0 },
    stdout: typeof stdout === 'string' ? toUtf8(stdout) : stdout,
    stderr: new Uint8Array(0),
    fuelUsed: 10,
    isPure: true,
    transcriptHash: new Uint8Array(32),
    transcript: [],
    memoryPeakBytes: 65_536,
    timings: { queueMs: 0, instantiateMs: 0, runMs: 0, totalMs: 0 },
    ...overrides,
  }
}

/** A gateway before a head with four workers in this process; runs give what the test says. */
export class TestGateway implements AsyncDisposable {
  /** What each run gives; `worker` counts from 0. */
  behave: (request: RunRequest, worker: number, signal: AbortSignal | undefined) => Promise<RunReport> | RunReport =
    () => report('hello\n')
  readonly log: RecordingLogger = new RecordingLogger()
  readonly registry: FunctionRegistry = new FunctionRegistry({ path: ':memory:' })
  readonly journal: Journal = new Journal({ log: silentLogger }, { path: ':memory:', requestsCountMax: 1_000 })
  readonly network: Network
  readonly head: Head
  readonly functions: Functions
  readonly store: MemoryBlockStore
  readonly app: FastifyInstance
  readonly #stack = new AsyncDisposableStack()
  readonly #node: Node

  private constructor(node: Node, network: Network) {
    this.#node = node
    this.network = network
    this.store = node.store
    const { journal, registry, log } = this
    journal.start()
    registry.start()
    const parts = { clock: systemClock, random: systemRandom, log: silentLogger }
    this.head = new Head({ ...node, ...parts, journal }, { network })
    const head = this.head
    this.functions = new Functions({ ...node, head, registry, clock: systemClock, log })
    this.app = createApp({ ...this.#context(), urlOf: (name) => `http://${name}.localhost/` }, { domain: 'localhost' })
  }

  static async start(): Promise<TestGateway> {
    const identities = Array.from({ length: WORKERS_COUNT + 1 }, (_, index) =>
      identityOf(sha256(toUtf8(`blockless gateway test key ${index}`))),
    )
    const ids = identities.map(({ signer }) => signer.nodeId)
    const [head = '', ...workers] = ids
    const network: Network = {
      version: 1,
      chainId: 'gateway-test',
      genesisTimeMs: Date.now() - 1_000,
      epochMs: 3_600_000,
      heads: [head],
      workers,
    }
    const nodes = await Promise.all(identities.map(async (identity) => await createNode(identity)))
    const [first, ...others] = nodes
    if (first === undefined) throw new Error('there is a head')
    const gateway = new TestGateway(first, network)
    await gateway.#run(nodes, others)
    return gateway
  }

  /** The CAR of a package, and its CID. */
  async pack(manifest: Partial<Manifest> = {}, wasm?: Uint8Array): Promise<{ cid: CID; car: Buffer }> {
    const store = new MemoryBlockStore({ sizeMax: 10_000_000 })
    const name = manifest.name ?? 'hello'
    const modules = [{ file: `${name}.wasm`, name, type: 'entry' as const }]
    const whole: Manifest = { version: 1, name, modules, ...manifest }
    const { cid } = await packFunction(store, { manifest: whole, wasm: wasm ?? (await fixture('hello')) })
    return { cid, car: await carOf(store, cid) }
  }

  /** Deploys a function through the API. */
  async deploy(manifest: Partial<Manifest> = {}, wasm?: Uint8Array): Promise<{ cid: CID }> {
    const { cid, car } = await this.pack(manifest, wasm)
    const answer = await this.post('/api/v1/functions', car, 'application/vnd.ipld.car')
    if (answer.statusCode !== 201) throw new Error(answer.body)
    return { cid }
  }

  async get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
    return await this.app.inject({ url, headers: { host: 'localhost', ...headers } })
  }

  async post(
    url: string,
    payload: unknown,
    type = 'application/json',
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const body = Buffer.isBuffer(payload) || typeof payload === 'string' ? payload : JSON.stringify(payload)
    return await this.app.inject({
      method: 'POST',
      url,
      payload: body,
      headers: { host: 'localhost', 'content-type': type, ...headers },
    })
  }

  /** A gateway that listens; stopped by its caller. */
  createListening(port = 0): Gateway {
    return new Gateway(this.#context(), { host: '127.0.0.1', port, domain: 'localhost' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close()
    await this.#stack.disposeAsync()
    this.journal.stop()
    this.registry.stop()
  }

  #context(): ConstructorParameters<typeof Gateway>[0] {
    const { head, journal, functions, registry, network, log } = this
    return { head, journal, functions, registry, network, clock: systemClock, log, version: '0.0.0-test' }
  }

  async #run(nodes: readonly Node[], workers: readonly Node[]): Promise<void> {
    for (const { host, exchange } of nodes) {
      this.#stack.defer(async () => await host.stop())
      this.#stack.defer(async () => await exchange.stop())
    }
    await this.head.start()
    const heads = this.#node.host.getMultiaddrs().map(String)
    for (const [index, node] of workers.entries()) {
      const parts = { clock: systemClock, random: systemRandom, log: silentLogger, executor: this.#executor(index) }
      const worker = new Worker(
        { ...node, ...parts, families: [] },
        { network: this.network, heads, caps: { ...DEFAULT_LIMITS }, operator: DEFAULT_CAPS },
      )
      worker.start()
      this.#stack.defer(async () => await worker.stop())
    }
    this.#stack.defer(async () => await this.head.stop())
    await this.head.waitForWorkers(workers.length, AbortSignal.timeout(10_000))
  }

  #executor(worker: number): Executor {
    return {
      prepare: async () => ({ entries: ['_start'], imports: [], memoryPagesMin: 1, memoryPagesMax: 1, size: 8 }),
      has: () => true,
      run: async (request, signal) => await this.behave(request, worker, signal),
    }
  }
}

/** The CAR of one root. */
export async function carOf(store: MemoryBlockStore, root: CID): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of exportCar(store, root)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The same blocks under a header with other roots. */
export function withRoots(car: Buffer, roots: readonly CID[]): Buffer {
  const header = encodeCanonical({ version: 1, roots })
  const oldSize = 1 + (car[0] ?? 0) // headers of one root are shorter than 128 bytes
  const size = header.length < 0x80 ? [header.length] : [(header.length & 0x7f) | 0x80, header.length >> 7]
  return Buffer.concat([Uint8Array.from(size), header, car.subarray(oldSize)])
}

/** One request over a real connection, with a Host header of the caller's choice. */
export async function fetchRaw(
  port: number,
  path: string,
  options: { readonly host?: string; readonly method?: string; readonly signal?: AbortSignal } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const { host = 'localhost', method = 'GET', signal } = options
  const sent = httpRequest({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers: { host },
    ...(signal === undefined ? {} : { signal }),
  })
  sent.end()
  const [response] = await once(sent, 'response')
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return { status: response.statusCode, headers: response.headers, body }
}

async function createNode({ signer, privateKey }: Identity): Promise<Node> {
  const host = await createHost({ privateKey, listen: LISTEN })
  const store = new MemoryBlockStore({ sizeMax: 20_000_000 })
  const exchange = createExchange({ libp2p: host, store })
  await exchange.start()
  return { host, store, exchange, signer }
}
