import type { HostFamily } from '../../host-call/host-family.ts'
import { HttpSession } from './http-session.ts'
import { type Resolver, systemResolver } from './resolver.ts'

/** Collaborators of {@link createHttpFamily}; the machine's own if absent. */
export interface HttpComponents {
  readonly resolver?: Resolver
}

/** The family behind `blockless_http` and `bless.rpc_call`, for an executor's `families`. */
export function createHttpFamily({ resolver = systemResolver }: HttpComponents = {}): HostFamily {
  return { name: 'http', open: (run) => new HttpSession(run, { resolver }) }
}
