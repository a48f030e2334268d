import type { HostFamily, HostRun, HostSession } from '../../host-call/host-family.ts'
import { createConnectionPlaces } from '../shared/connections.ts'
import type { Places } from '../shared/places.ts'
import { LlmSession } from './llm-session.ts'

/** Configures an {@link LlmFamily}. */
export interface LlmInit {
  /** Base of an OpenAI-compatible API, such as `http://127.0.0.1:8080/v1`. */
  readonly endpoint: URL
  /** Sent as bearer token; see `readSecret` for where to get it. */
  readonly apiKey?: string
  /** The endpoint's name of each model that guests may name; the one under `*` serves all other names. */
  readonly models: Readonly<Record<string, string>>
}

/** Host calls `llm.*`: chats with models that the operator serves or pays for. Nothing is downloaded or started. */
export class LlmFamily implements HostFamily {
  readonly name = 'llm'
  readonly #init: LlmInit
  readonly #models: ReadonlyMap<string, string>
  readonly #connections: Places

  /**
   * @param components - `connections` of the whole node; its own if absent
   * @throws {RangeError} if the endpoint is not HTTP
   */
  constructor(init: LlmInit, components: { readonly connections?: Places } = {}) {
    if (!/^https?:$/.test(init.endpoint.protocol)) {
      throw new RangeError(`Cannot use model endpoint "${init.endpoint.protocol}": http or https is needed`)
    }
    this.#init = init
    this.#models = new Map(Object.entries(init.models))
    this.#connections = components.connections ?? createConnectionPlaces()
  }

  /** @see HostFamily */
  open(run: HostRun): HostSession {
    const { endpoint, apiKey } = this.#init
    return new LlmSession(run, {
      endpoint: { url: endpoint, apiKey },
      models: this.#models,
      connections: this.#connections,
    })
  }
}
