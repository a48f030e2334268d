import type { CID } from 'multiformats/cid'
import { DAG_DEPTH_MAX } from '../defaults.ts'
import { UnixfsError } from './unixfs-error.ts'

/** What one call may still visit; shared by all its walks, so that nesting does not multiply the bound. */
export class WalkBudget {
  readonly #root: CID
  readonly #countMax: number
  readonly #depthMax: number
  #count = 0

  constructor(root: CID, countMax: number, depthMax: number = DAG_DEPTH_MAX) {
    this.#root = root
    this.#countMax = countMax
    this.#depthMax = depthMax
  }

  /** Spends `count` visits at a depth. @throws {UnixfsError} `ERR_UNIXFS_TOO_MANY` or `ERR_UNIXFS_TOO_DEEP` */
  spend(count: number, depth: number): void {
    const cid = this.#root.toString()
    this.#count += count
    if (this.#count > this.#countMax) {
      throw new UnixfsError({ code: 'ERR_UNIXFS_TOO_MANY', cid, countMax: this.#countMax })
    }
    if (depth > this.#depthMax) {
      throw new UnixfsError({ code: 'ERR_UNIXFS_TOO_DEEP', cid, depthMax: this.#depthMax })
    }
  }
}
