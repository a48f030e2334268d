import type { Clock, ExecutionRequest, FunctionSettings, Logger } from '@blockless/core'
import {
  createGate,
  createPolicy,
  type Gate,
  type HostCallLimits,
  type HostFamily,
  type OperatorCaps,
  RunHost,
} from '@blockless/runtime'

/** Gates kept: a function has one, and one more for each set of permissions that requests narrow it to. */
const GATES_COUNT_MAX = 256

/** Collaborators of {@link RunWorlds}. */
export interface RunWorldsComponents {
  /** Host calls that this node serves. */
  readonly families: readonly HostFamily[]
  readonly clock: Clock
  readonly log: Logger
}

/** Bounds that the operator sets. */
export interface RunWorldsInit {
  readonly operator: OperatorCaps
  /** Of each run; what is left out has defaults. */
  readonly hostCallLimits: Partial<HostCallLimits>
}

/** Gives each run the world outside, as its function's manifest, its request and this node's operator allow it. */
export class RunWorlds {
  readonly #components: RunWorldsComponents
  readonly #init: RunWorldsInit
  readonly #gates = new Map<string, Gate>()

  constructor(components: RunWorldsComponents, init: RunWorldsInit) {
    this.#components = components
    this.#init = init
  }

  /** The world of one run; whoever asked for it closes it. */
  open(request: ExecutionRequest, settings: FunctionSettings): RunHost {
    const { hostCallLimits: limits } = this.#init
    const gate = this.#gateOf(settings.permissions, request.permissions)
    return new RunHost(this.#components, { functionCid: request.functionCid.toString(), gate, limits })
  }

  /** Reading rules takes longer than a small run, so gates are kept. */
  #gateOf(manifest: readonly string[], request: readonly string[]): Gate {
    const key = JSON.stringify([manifest, request])
    const gate = this.#gates.get(key) ?? createGate(createPolicy({ manifest, request, operator: this.#init.operator }))
    this.#gates.delete(key)
    this.#gates.set(key, gate)
    const [oldest] = this.#gates.keys()
    if (this.#gates.size > GATES_COUNT_MAX && oldest !== undefined) this.#gates.delete(oldest)
    return gate
  }
}
