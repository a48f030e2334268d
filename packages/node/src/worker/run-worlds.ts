import type { Clock, ExecutionRequest, FunctionSettings, Logger } from '@blockless/core'
import { createGate, createPolicy, type Gate, type HostFamily, type OperatorCaps, RunHost } from '@blockless/runtime'

/** Gates kept: a function has one, and one more for each set of permissions that requests narrow it to. */
const GATES_COUNT_MAX = 256

/** Collaborators of {@link RunWorlds}. */
export interface RunWorldsComponents {
  /** Host calls that this node serves. */
  readonly families: readonly HostFamily[]
  readonly clock: Clock
  readonly log: Logger
}

/** Gives each run the world outside, as its function's manifest, its request and this node's operator allow it. */
export class RunWorlds {
  readonly #components: RunWorldsComponents
  readonly #operator: OperatorCaps
  readonly #gates = new Map<string, Gate>()

  constructor(components: RunWorldsComponents, init: { readonly operator: OperatorCaps }) {
    this.#components = components
    this.#operator = init.operator
  }

  /** The world of one run; whoever asked for it closes it. */
  open(request: ExecutionRequest, settings: FunctionSettings): RunHost {
    const gate = this.#gateOf(settings.permissions, request.permissions)
    return new RunHost(this.#components, { functionCid: request.functionCid.toString(), gate })
  }

  /** Reading rules takes longer than a small run, so gates are kept. */
  #gateOf(manifest: readonly string[], request: readonly string[]): Gate {
    const key = JSON.stringify([manifest, request])
    const gate = this.#gates.get(key) ?? createGate(createPolicy({ manifest, request, operator: this.#operator }))
    this.#gates.delete(key)
    this.#gates.set(key, gate)
    const [oldest] = this.#gates.keys()
    if (this.#gates.size > GATES_COUNT_MAX && oldest !== undefined) this.#gates.delete(oldest)
    return gate
  }
}
