import type { HostFamily } from '../../host-call/host-family.ts'
import { Places } from '../shared/places.ts'
import { HttpSession } from './http-session.ts'
import { type Resolver, systemResolver } from './resolver.ts'

/** Collaborators of {@link createHttpFamily}; the machine's own if absent. */
export interface HttpComponents {
  readonly resolver?: Resolver
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
  const { resolver = systemResolver } = components
  const places = new Places(init.responsesMax ?? RESPONSES_MAX)
  return { name: 'http', open: (run) => new HttpSession(run, { resolver, places }) }
}
