import type { HostFamily } from '../../host-call/host-family.ts'
import { createConnectionPlaces } from '../shared/connections.ts'
import { Places } from '../shared/places.ts'
import { HttpSession } from './http-session.ts'
import { type Resolver, systemResolver } from './resolver.ts'

/** Collaborators of {@link createHttpFamily}; the machine's own if absent. */
export interface HttpComponents {
  readonly resolver?: Resolver
  /** Connections of the whole node. */
  readonly connections?: Places
}

/** Configures {@link createHttpFamily}. */
export interface HttpInit {
  /** Responses that all runs of the node may have open at once; 512 if absent. */
  readonly responsesMax?: number
}

/** Half of the 1024 files that a process may usually have open, so that functions leave the node its own connections. */
const RESPONSES_MAX = 512

/** The family behind `blockless_http` and `bless.rpc_call`, for an executor's `families`. */
export function createHttpFamily(components: HttpComponents = {}, init: HttpInit = {}): HostFamily {
  const { resolver = systemResolver, connections = createConnectionPlaces() } = components
  const places = new Places(init.responsesMax ?? RESPONSES_MAX)
  return { name: 'http', open: (run) => new HttpSession(run, { resolver, places, connections }) }
}
