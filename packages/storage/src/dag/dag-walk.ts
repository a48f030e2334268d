import type { CID } from 'multiformats/cid'
import { DAG_COUNT_MAX, DAG_DEPTH_MAX, DAG_SIZE_MAX } from '../defaults.ts'
import type { AbortOptions, BlockStorage } from '../store/block-storage.ts'
import { DagError } from './dag-error.ts'
import { linksOf } from './dag-links.ts'

/** Bounds of a walk; what exceeds one ends it with an error. */
export interface DagLimits {
  /** Distinct blocks. Default: 65,536. */
  readonly countMax?: number
  /** Bytes of distinct blocks. Default: 1 GiB. */
  readonly sizeMax?: number
  /** Levels below the root. Default: 64. */
  readonly depthMax?: number
}

/** What a store needs to have for reading. */
export type BlockReader = Pick<BlockStorage, 'getBytes'>

/** All blocks of a DAG. */
export interface DagContents {
  /** Each block once, parents before children, depth first. */
  readonly cids: CID[]
  /** Bytes of these blocks. */
  readonly size: number
}

/** One step of a walk: a block still to visit. */
export interface DagStep {
  readonly cid: CID
  readonly depth: number
}

/**
 * The bounded book-keeping of a walk over distinct blocks; the owner loads the bytes.
 *
 * Each block is entered once, however many links lead to it, so a DAG whose repeated links unfold to 174^64 paths
 * costs no more than its blocks. Links count when they are seen, so a huge directory is refused before its children
 * are loaded.
 */
export class DagWalk {
  readonly #root: CID
  readonly #limits: Required<DagLimits>
  readonly #seen = new Set<string>()
  #size = 0

  constructor(root: CID, limits: DagLimits = {}) {
    this.#root = root
    this.#limits = { countMax: DAG_COUNT_MAX, sizeMax: DAG_SIZE_MAX, depthMax: DAG_DEPTH_MAX, ...limits }
    this.#seen.add(root.toString())
  }

  /** Bytes of the blocks visited. */
  get size(): number {
    return this.#size
  }

  /** Distinct blocks seen, visited or not. */
  get count(): number {
    return this.#seen.size
  }

  /**
   * Takes a block's verified bytes and names the blocks that were not seen before, in order.
   *
   * @throws {DagError} if a bound is exceeded or the bytes do not decode
   */
  visit(step: DagStep, bytes: Uint8Array): DagStep[] {
    const { sizeMax, countMax, depthMax } = this.#limits
    const root = this.#root.toString()
    this.#size += bytes.length
    if (this.#size > sizeMax) {
      throw new DagError({ code: 'ERR_DAG_TOO_LARGE', root, cid: step.cid.toString(), sizeMax })
    }
    const steps: DagStep[] = []
    for (const cid of linksOf(this.#root, step.cid, bytes)) {
      const name = cid.toString()
      if (this.#seen.has(name)) continue
      if (step.depth >= depthMax) throw new DagError({ code: 'ERR_DAG_TOO_DEEP', root, cid: name, depthMax })
      if (this.#seen.size >= countMax) throw new DagError({ code: 'ERR_DAG_TOO_MANY', root, cid: name, countMax })
      this.#seen.add(name)
      steps.push({ cid, depth: step.depth + 1 })
    }
    return steps
  }
}

/**
 * Visits each block of a DAG once, parents before children, depth first.
 *
 * @throws {DagError} if a bound is exceeded or a block does not decode
 * @throws {BlockError} `ERR_BLOCK_MISSING` if a block is not stored
 */
export async function* walkDag(
  store: BlockReader,
  root: CID,
  options: DagLimits & AbortOptions = {},
): AsyncGenerator<{ readonly cid: CID; readonly bytes: Uint8Array }> {
  const walk = new DagWalk(root, limitsOf(options))
  const pending: DagStep[] = [{ cid: root, depth: 0 }]
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const bytes = await store.getBytes(step.cid, options)
    for (const next of walk.visit(step, bytes).reverse()) pending.push(next)
    yield { cid: step.cid, bytes }
  }
}

/**
 * Lists all blocks of a DAG, which must all be stored; for pinning.
 *
 * @throws {DagError} if a bound is exceeded or a block does not decode
 * @throws {BlockError} `ERR_BLOCK_MISSING` if a block is not stored
 */
export async function collectCids(
  store: BlockReader,
  root: CID,
  options: DagLimits & AbortOptions = {},
): Promise<DagContents> {
  const cids: CID[] = []
  let size = 0
  for await (const { cid, bytes } of walkDag(store, root, options)) {
    cids.push(cid)
    size += bytes.length
  }
  return { cids, size }
}

/** Only the bounds, and only those that are given. */
export function limitsOf(options: DagLimits): DagLimits {
  const { countMax, sizeMax, depthMax } = options
  return {
    ...(countMax === undefined ? {} : { countMax }),
    ...(sizeMax === undefined ? {} : { sizeMax }),
    ...(depthMax === undefined ? {} : { depthMax }),
  }
}
