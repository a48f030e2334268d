import {
  type CID,
  type Clock,
  CodedError,
  DEFAULT_LIMITS,
  type FunctionSettings,
  isCodedError,
  type Logger,
  settingsOf,
} from '@blockless/core'
import type { Head } from '@blockless/node'
import { inspectModule } from '@blockless/runtime'
import { type BlockStorage, type CarSource, type Exchange, importCar, readFunction } from '@blockless/storage'
import { CID as CidParser } from 'multiformats/cid'
import type { FunctionRecord, FunctionRegistry } from './function-registry.ts'

/** Collaborators of {@link Functions}. */
export interface FunctionsComponents {
  readonly head: Head
  /** The head's own: whatever is pinned in it and not a function that is kept is unpinned. */
  readonly store: BlockStorage
  readonly exchange: Pick<Exchange, 'fetchDag'>
  readonly registry: FunctionRegistry
  readonly clock: Clock
  readonly log: Logger
}

/** A function ready to be invoked. */
export interface ResolvedFunction {
  readonly functionCid: CID
  readonly settings: FunctionSettings
}

/** A deployment as its caller sees it. */
export interface Deployment extends ResolvedFunction {
  readonly record: FunctionRecord
  readonly isNew: boolean
  readonly subnet: Awaited<ReturnType<Head['deploy']>>
}

/** A function that nobody has. */
export class FunctionError extends CodedError<
  'ERR_FUNCTION_UNKNOWN' | 'ERR_PACKAGE_ROOTS',
  { readonly wanted: string }
> {}

/** Bytes of one deployment: the largest module, its manifest, and the blocks around them. */
export const PACKAGE_SIZE_MAX = 72_351_744
/** Functions without a name that are kept ready: called by their CID, or a name's former version. */
const NAMELESS_COUNT_MAX = 64
/** How long a function that is not here may take to arrive from another node. */
const FETCH_MS = 30_000

/** Deploys functions, and finds them by name or CID. */
export class Functions {
  readonly #components: FunctionsComponents
  /** Least recently used first; all of them are pinned in the store. */
  readonly #resolved = new Map<string, ResolvedFunction>()
  readonly #loading = new Map<string, Promise<ResolvedFunction>>()

  constructor(components: FunctionsComponents) {
    this.#components = components
  }

  /**
   * Takes a package, checks all of it, has the network make it ready, and only then lets its name mean it.
   *
   * @throws {CodedError} of storage, runtime or selection: what is wrong with the package or why no nodes serve it
   */
  async deploy(car: CarSource, signal: AbortSignal): Promise<Deployment> {
    const { store, head, registry, clock, log } = this.#components
    const { roots } = await importCar(store, car, { sizeMax: PACKAGE_SIZE_MAX, rootsMax: 1, signal })
    const [functionCid] = roots
    if (functionCid === undefined) {
      const message = 'Cannot deploy: the CAR names no root; one function package is needed'
      throw new FunctionError('ERR_PACKAGE_ROOTS', message, { wanted: 'one root' })
    }
    const resolved = await this.#load(functionCid)
    signal.throwIfAborted()
    const subnet = await head.deploy(functionCid, resolved.settings, signal)
    const { name } = resolved.settings
    const { record, isNew } = registry.set(name, functionCid.toString(), clock.now())
    await this.#trim()
    log.info('function deployed', { name, functionCid: functionCid.toString(), version: record.version })
    return { ...resolved, record, isNew, subnet }
  }

  /**
   * Finds a function by the name it was deployed under, or by its CID wherever it is.
   *
   * @throws {FunctionError} ERR_FUNCTION_UNKNOWN if there is no such name, or no node has the CID
   */
  async resolve(nameOrCid: string, signal: AbortSignal): Promise<ResolvedFunction> {
    const record = this.#components.registry.find(nameOrCid)
    const key = record?.functionCid ?? nameOrCid
    const known = this.#resolved.get(key)
    if (known !== undefined) {
      this.#resolved.delete(key) // so that it becomes the most recently used
      this.#resolved.set(key, known)
      return known
    }
    const functionCid = tryParse(key)
    if (functionCid === undefined) {
      const message = `Cannot find function "${nameOrCid}": no such name is deployed; "bls status" lists those that are`
      throw new FunctionError('ERR_FUNCTION_UNKNOWN', message, { wanted: nameOrCid })
    }
    await this.#fetch(functionCid, signal)
    return await this.#load(functionCid)
  }

  /** Takes a name away, and lets go of its function. @returns whether there was such a name */
  async delete(name: string): Promise<boolean> {
    const { registry } = this.#components
    const record = registry.find(name)
    const isDeleted = registry.delete(name)
    if (record !== undefined) this.#resolved.delete(record.functionCid)
    await this.#trim()
    return isDeleted
  }

  /** Brings what is missing; asks nobody if all is here. */
  async #fetch(functionCid: CID, signal: AbortSignal): Promise<void> {
    const { exchange } = this.#components
    try {
      await exchange.fetchDag(functionCid, { signal, timeoutMs: FETCH_MS, sizeMax: PACKAGE_SIZE_MAX })
    } catch (cause) {
      signal.throwIfAborted()
      if (!isCodedError(cause, 'ERR_FETCH_NOT_FOUND') && !isCodedError(cause, 'ERR_FETCH_TIMEOUT')) throw cause
      const wanted = functionCid.toString()
      const message = `Cannot find function ${wanted}: no connected node has it`
      throw new FunctionError('ERR_FUNCTION_UNKNOWN', message, { wanted }, { cause })
    }
  }

  /** Reads and checks a function whose blocks are here; once, however many wait for it. */
  async #load(functionCid: CID): Promise<ResolvedFunction> {
    const key = functionCid.toString()
    const known = this.#loading.get(key)
    if (known !== undefined) return await known
    const loading = this.#read(functionCid).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    try {
      return await loading
    } finally {
      await this.#trim()
    }
  }

  async #read(functionCid: CID): Promise<ResolvedFunction> {
    const { store, exchange } = this.#components
    // All of it is here: this only pins it, before anything of it can be evicted.
    await exchange.fetchDag(functionCid, { pin: true, sizeMax: PACKAGE_SIZE_MAX })
    const { manifest, wasm, modules } = await readFunction(store, functionCid)
    const settings = settingsOf(manifest, DEFAULT_LIMITS)
    const { entry, limits, features } = settings
    const program = { entry: wasm, modules, threads: features.includes('threads') }
    inspectModule(program, { entry, memoryBytes: limits.memoryBytes })
    const resolved = { functionCid, settings }
    this.#resolved.set(functionCid.toString(), resolved)
    return resolved
  }

  /** Forgets functions without a name beyond the bound, and gives back the blocks of all that are not kept. */
  async #trim(): Promise<void> {
    const { store, registry, log } = this.#components
    const named = new Set(registry.list().map(({ functionCid }) => functionCid))
    const nameless = [...this.#resolved.keys()].filter((key) => !named.has(key))
    for (const key of nameless.slice(0, Math.max(0, nameless.length - NAMELESS_COUNT_MAX))) this.#resolved.delete(key)
    for (const root of store.pinnedRoots()) {
      const key = root.toString()
      if (named.has(key) || this.#resolved.has(key) || this.#loading.has(key)) continue
      await store.unpin(root)
      log.debug('function let go', { functionCid: key })
    }
  }
}

function tryParse(text: string): CID | undefined {
  try {
    const cid = CidParser.parse(text)
    return cid.version === 1 ? cid : undefined
  } catch {
    return undefined
  }
}
