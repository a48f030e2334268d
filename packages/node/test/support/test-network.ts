import {
  type CID,
  type Clock,
  DEFAULT_LIMITS,
  type ExecutionInput,
  type FunctionSettings,
  type Manifest,
  type Network,
  type Signer,
  settingsOf,
  sha256,
  systemClock,
  systemRandom,
  toUtf8,
} from '@blockless/core'
import { createHost, Head, type Host, type Identity, identityOf, Journal, Worker } from '@blockless/node'
import { DEFAULT_CAPS } from '@blockless/runtime'
import { createExchange, type Exchange, MemoryBlockStore, packFunction } from '@blockless/storage'
import { RecordingLogger } from '@blockless/testing'
import { FakeExecutor } from './fake-executor.ts'

/** What a head and a worker have in common. */
export interface TestNode {
  readonly host: Host
  readonly store: MemoryBlockStore
  readonly exchange: Exchange
  readonly signer: Signer
  readonly log: RecordingLogger
  stop(): Promise<void>
}

/** A worker of the test network. */
export interface TestWorker extends TestNode {
  readonly worker: Worker
  readonly executor: FakeExecutor
}

/** A function that is in the head's store. */
export interface TestFunction {
  readonly functionCid: CID
  readonly settings: FunctionSettings
}

const STORE_SIZE_MAX = 10_000_000
const LISTEN = ['/ip4/127.0.0.1/tcp/0']

/** The identity number `index` of every test; 0 is the head. */
export function testIdentity(index: number): Identity {
  return identityOf(sha256(toUtf8(`blockless node test key ${index}`)))
}

/** A head and workers in one process: real libp2p on loopback, stores in memory, executors that do as they are told. */
export class TestNetwork implements AsyncDisposable {
  readonly network: Network
  readonly clock: Clock
  readonly workers: TestWorker[] = []
  readonly #stack: TestNode[] = []
  #head: { head: Head; node: TestNode; journal: Journal } | undefined

  private constructor(clock: Clock, network: Network) {
    this.clock = clock
    this.network = network
  }

  /** Starts the head and `workersCount` workers, and waits until all are linked; `membersCount` may be more. */
  static async start(init: {
    readonly workersCount: number
    readonly membersCount?: number
    readonly clock?: Clock
    readonly epochMs?: number
  }): Promise<TestNetwork> {
    const clock = init.clock ?? systemClock
    const { workersCount, membersCount = workersCount, epochMs = 3_600_000 } = init
    const workers = Array.from({ length: membersCount }, (_, index) => testIdentity(index + 1).signer.nodeId)
    const started = new TestNetwork(clock, {
      version: 1,
      chainId: 'node-test',
      genesisTimeMs: clock.now() - 1_000,
      epochMs,
      heads: [testIdentity(0).signer.nodeId],
      workers,
    })
    await started.startHead()
    for (let index = 1; index <= workersCount; index++) await started.startWorker(index)
    await started.head.waitForWorkers(workersCount, AbortSignal.timeout(10_000))
    return started
  }

  get head(): Head {
    return this.#running.head
  }

  get journal(): Journal {
    return this.#running.journal
  }

  get headNode(): TestNode {
    return this.#running.node
  }

  get #running(): { head: Head; node: TestNode; journal: Journal } {
    if (this.#head === undefined) throw new Error('the head is not started')
    return this.#head
  }

  /** Starts a head; listens where the last one did if `listen` says so. */
  async startHead(listen: readonly string[] = LISTEN): Promise<void> {
    const node = await this.#createNode(0, listen)
    const journal = new Journal({ log: node.log }, { path: ':memory:', requestsCountMax: 1_000 })
    journal.start()
    const head = new Head({ ...node, journal, clock: this.clock, random: systemRandom }, { network: this.network })
    await head.start()
    this.#head = { head, node, journal }
  }

  /** Stops the head with all that belongs to it. */
  async stopHead(): Promise<void> {
    const { head, node, journal } = this.#running
    await head.stop()
    await node.stop()
    journal.stop()
  }

  async startWorker(index: number, executor: FakeExecutor = new FakeExecutor()): Promise<TestWorker> {
    const node = await this.#createNode(index, LISTEN)
    const heads = this.headNode.host.getMultiaddrs().map(String)
    const { clock, network } = this
    const worker = new Worker(
      { ...node, executor, families: [], clock, random: systemRandom },
      { network, heads, caps: { ...DEFAULT_LIMITS, deadlineMs: 60_000 }, operator: DEFAULT_CAPS },
    )
    worker.start()
    const started: TestWorker = {
      ...node,
      worker,
      executor,
      stop: async () => {
        await worker.stop()
        await node.stop()
      },
    }
    this.workers.push(started)
    return started
  }

  /** A host of the test identity `index`, stopped with the network. */
  async createNode(index: number): Promise<TestNode> {
    const node = await this.#createNode(index, LISTEN)
    this.#stack.push(node)
    return node
  }

  /** Puts a function into the head's store; each name is another function. */
  async pack(name: string, manifest: Partial<Manifest> = {}): Promise<TestFunction> {
    const modules = [{ file: `${name}.wasm`, name, type: 'entry' as const }]
    const whole: Manifest = { version: 1, name, modules, ...manifest }
    const { cid } = await packFunction(this.headNode.store, { manifest: whole, wasm: toUtf8(`module of ${name}`) })
    return { functionCid: cid, settings: settingsOf(whole, DEFAULT_LIMITS) }
  }

  /** The worker of a node id. */
  workerOf(node: string): TestWorker {
    const found = this.workers.findLast(({ signer }) => signer.nodeId === node)
    if (found === undefined) throw new Error(`no worker ${node}`)
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.workers, ...this.#stack].map(async (node) => await node.stop()))
    await this.stopHead()
  }

  async #createNode(index: number, listen: readonly string[]): Promise<TestNode> {
    const { signer, privateKey } = testIdentity(index)
    const host = await createHost({ privateKey, listen })
    const store = new MemoryBlockStore({ sizeMax: STORE_SIZE_MAX })
    const exchange = createExchange({ libp2p: host, store })
    await exchange.start()
    const log = new RecordingLogger()
    const stop = async (): Promise<void> => {
      await exchange.stop()
      await host.stop()
    }
    return { host, store, exchange, signer, log, stop }
  }
}

/** An empty input. */
export const NO_INPUT: ExecutionInput = { args: [], env: {}, stdin: new Uint8Array(0) }
/** A signal that never aborts. */
export const NO_ABORT: AbortSignal = new AbortController().signal
