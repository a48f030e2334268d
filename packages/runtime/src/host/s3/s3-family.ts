import type { HostFamily, HostRun, HostSession } from '../../host-call/host-family.ts'
import { createConnectionPlaces } from '../shared/connections.ts'
import type { Places } from '../shared/places.ts'
import { S3Session } from './s3-session.ts'

/** Host calls `s3.*`: buckets of any server that speaks S3, with the credentials that the guest brings. */
export class S3Family implements HostFamily {
  readonly name = 's3'
  readonly #connections: Places

  /** @param components - `connections` of the whole node; its own if absent */
  constructor(components: { readonly connections?: Places } = {}) {
    this.#connections = components.connections ?? createConnectionPlaces()
  }

  /** @see HostFamily */
  open(run: HostRun): HostSession {
    return new S3Session(run, this.#connections)
  }
}
