import { isCodedError } from '@blockless/core'
import type { CID } from 'multiformats/cid'
import { DagError } from '../dag/dag-error.ts'
import { type DagLimits, type DagStep, DagWalk } from '../dag/dag-walk.ts'
import { FETCH_WINDOW } from '../defaults.ts'
import type { BlockHold, BlockStorage } from '../store/block-storage.ts'
import { FetchError } from './fetch-error.ts'

/** What a fetch brought. */
export interface FetchedDag {
  readonly cid: CID
  /** The DAG's distinct blocks, in the order of their text. */
  readonly cids: CID[]
  /** Bytes of these blocks. */
  readonly size: number
  /** How many of them were not stored before. */
  readonly fetchedCount: number
}

/** Collaborators of a {@link DagFetch}. */
export interface DagFetchComponents {
  readonly store: BlockStorage
  readonly hold: BlockHold
  /** Brings one verified block, from wherever, or throws. */
  readonly load: (cid: CID) => Promise<Uint8Array>
  /** Aborted when the fetch has failed, so that loads under way end. */
  readonly fail: (error: unknown) => void
}

/** Brings a DAG into a store: distinct blocks only, bounded, some at once. Used for one run. */
export class DagFetch {
  readonly #components: DagFetchComponents
  readonly #root: CID
  readonly #walk: DagWalk
  readonly #pending: DagStep[]
  readonly #cids = new Map<string, CID>()
  #fetchedCount = 0
  #waitingFor: CID

  constructor(components: DagFetchComponents, root: CID, limits: DagLimits) {
    this.#components = components
    this.#root = root
    this.#walk = new DagWalk(root, limits)
    this.#pending = [{ cid: root, depth: 0 }]
    this.#waitingFor = root
  }

  /** A block that is being waited for, for an error's text. */
  get waitingFor(): CID {
    return this.#waitingFor
  }

  /** Fetches until all is there, or until the first error, after which nothing is under way any more. */
  async run(): Promise<FetchedDag> {
    const running = new Set<Promise<void>>()
    try {
      while (this.#pending.length > 0 || running.size > 0) {
        while (running.size < FETCH_WINDOW) {
          const step = this.#pending.pop()
          if (step === undefined) break
          const task: Promise<void> = this.#visit(step).finally(() => running.delete(task))
          running.add(task)
        }
        await Promise.race(running)
      }
    } catch (error) {
      this.#components.fail(error)
      await Promise.allSettled(running)
      throw error
    }
    const cids = [...this.#cids.keys()].sort().flatMap((name) => this.#cids.get(name) ?? [])
    return { cid: this.#root, cids, size: this.#walk.size, fetchedCount: this.#fetchedCount }
  }

  async #visit(step: DagStep): Promise<void> {
    const { store, hold } = this.#components
    hold.add(step.cid)
    const stored = await this.#loadStored(step.cid)
    if (stored === undefined) this.#waitingFor = step.cid
    const bytes = stored ?? (await this.#components.load(step.cid))
    // Bounds come before the disk: what exceeds them is not stored.
    const next = this.#follow(step, bytes)
    if (stored === undefined) {
      await store.put(step.cid, bytes, { trusted: true })
      this.#fetchedCount += 1
    }
    this.#cids.set(step.cid.toString(), step.cid)
    for (const child of next.reverse()) this.#pending.push(child)
  }

  async #loadStored(cid: CID): Promise<Uint8Array | undefined> {
    if (!this.#components.store.has(cid)) return undefined
    return await this.#components.store.getBytes(cid).catch((error: unknown) => {
      // Corrupted on disk is as good as never stored: it is fetched again.
      if (isCodedError(error, 'ERR_BLOCK_MISSING')) return undefined
      throw error
    })
  }

  #follow(step: DagStep, bytes: Uint8Array): DagStep[] {
    try {
      return this.#walk.visit(step, bytes)
    } catch (cause) {
      if (cause instanceof DagError) throw fetchError(cause)
      throw cause
    }
  }
}

function fetchError(cause: DagError): FetchError {
  const { root, cid: missing } = cause.details
  const limit = limitOf(cause)
  if (limit === undefined) return new FetchError({ code: 'ERR_FETCH_INVALID', root, missing }, { cause })
  return new FetchError({ code: 'ERR_FETCH_TOO_LARGE', root, missing, limit }, { cause })
}

function limitOf({ details }: DagError): string | undefined {
  switch (details.code) {
    case 'ERR_DAG_TOO_LARGE':
      return `${details.sizeMax} bytes`
    case 'ERR_DAG_TOO_MANY':
      return `${details.countMax} blocks`
    case 'ERR_DAG_TOO_DEEP':
      return `${details.depthMax} levels`
    case 'ERR_DAG_NODE':
    case 'ERR_DAG_CODEC':
      return undefined
  }
}
