import type { HostFamily, HostRun, HostSession } from '../../host-call/host-family.ts'
import { createConnectionPlaces } from '../shared/connections.ts'
import type { Places } from '../shared/places.ts'
import { rootOf } from './ipfs-path.ts'
import { IpfsSession } from './ipfs-session.ts'

/** Configures an {@link IpfsFamily}. */
export interface IpfsInit {
  /** Kubo's RPC API, `http://127.0.0.1:5001` if absent. Whoever reaches it owns the node, so guests never get it whole. */
  readonly endpoint?: URL
  /**
   * Folder of the node's files that guests see as `/`; `{function}` in it is the CID of the function, so that no function
   * reads another's files. `/blockless/{function}` if absent; `/` shares all files among all functions and the node.
   */
  readonly root?: string
  /** Value of the `Authorization` header, where the API asks for one. */
  readonly authorization?: string
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:5001'
const DEFAULT_ROOT = '/blockless/{function}'

/** Host calls `ipfs.*`: files of an IPFS node that the operator runs, over Kubo's RPC API. */
export class IpfsFamily implements HostFamily {
  readonly name = 'ipfs'
  readonly #endpoint: URL
  readonly #root: string
  readonly #authorization: string | undefined
  readonly #connections: Places

  /**
   * @param components - `connections` of the whole node; its own if absent
   * @throws {RangeError} if the root is no absolute path or the endpoint is not HTTP
   */
  constructor(init: IpfsInit = {}, components: { readonly connections?: Places } = {}) {
    const { endpoint = new URL(DEFAULT_ENDPOINT), root = DEFAULT_ROOT, authorization } = init
    if (!/^https?:$/.test(endpoint.protocol)) {
      throw new RangeError(`Cannot use IPFS endpoint "${endpoint.protocol}": http or https is needed`)
    }
    rootOf(root, 'function')
    this.#endpoint = endpoint
    this.#root = root
    this.#authorization = authorization
    this.#connections = components.connections ?? createConnectionPlaces()
  }

  /** @see HostFamily */
  open(run: HostRun): HostSession {
    const root = rootOf(this.#root, run.functionCid)
    return new IpfsSession(run, {
      endpoint: this.#endpoint,
      root,
      authorization: this.#authorization,
      connections: this.#connections,
    })
  }
}
