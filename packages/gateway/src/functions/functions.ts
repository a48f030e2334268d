import {
  type CID,
  type Clock,
  CodedError,
  DEFAULT_LIMITS,
  type FunctionSettings,
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
/** Functions whose settings are kept in memory. */
const RESOLVED_COUNT_MAX = 4_096
/** How long a function that is not here may take to arrive from another node. */
const FETCH_MS = 30_000

/** Deploys functions, and finds them by name or CID. */
export class Functions {
  readonly #components: FunctionsComponents
  readonly #resolved = new Map<string, ResolvedFunction>()

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
    const resolved = await this.#load(functionCid, signal)
    const subnet = await head.deploy(functionCid, resolved.settings, signal)
    const { name } = resolved.settings
    const { record, isNew } = registry.set(name, functionCid.toString(), clock.now())
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
    if (known !== undefined) return known
    const functionCid = tryParse(key)
    if (functionCid === undefined) {
      const message = `Cannot find function "${nameOrCid}": no such name is deployed; "bls status" lists those that are`
      throw new FunctionError('ERR_FUNCTION_UNKNOWN', message, { wanted: nameOrCid })
    }
    await this.#fetch(functionCid, signal)
    return await this.#load(functionCid, signal)
  }

  async #fetch(functionCid: CID, signal: AbortSignal): Promise<void> {
    const { store, exchange } = this.#components
    if (store.has(functionCid)) return
    try {
      await exchange.fetchDag(functionCid, { signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]) })
    } catch (cause) {
      signal.throwIfAborted()
      const wanted = functionCid.toString()
      const message = `Cannot find function ${wanted}: no connected node has it`
      throw new FunctionError('ERR_FUNCTION_UNKNOWN', message, { wanted }, { cause })
    }
  }

  async #load(functionCid: CID, signal: AbortSignal): Promise<ResolvedFunction> {
    const { store, exchange } = this.#components
    const { manifest, wasm } = await readFunction(store, functionCid, { signal })
    const settings = settingsOf(manifest, DEFAULT_LIMITS)
    inspectModule(wasm, { entry: settings.entry, memoryBytes: settings.limits.memoryBytes })
    await exchange.fetchDag(functionCid, { signal, pin: true }) // all of it is here: this only pins it
    const resolved = { functionCid, settings }
    this.#resolved.set(functionCid.toString(), resolved)
    const oldest = this.#resolved.size > RESOLVED_COUNT_MAX ? this.#resolved.keys().next().value : undefined
    if (oldest !== undefined) this.#resolved.delete(oldest)
    return resolved
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
