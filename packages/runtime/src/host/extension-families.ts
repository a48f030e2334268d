import { type Clock, type Random, systemRandom } from '@blockless/core'
import type { HostFamily } from '../host-call/host-family.ts'
import { ExternalDrivers } from './driver/driver-session.ts'
import { CgiSession } from './extension/cgi-session.ts'
import { ExtensionStore } from './extension/extension-store.ts'
import { PROCESS_LIMITS, type ProcessLimits } from './extension/process-limits.ts'
import { type Resolver, systemResolver } from './http/resolver.ts'
import { createConnectionPlaces } from './shared/connections.ts'
import { Places } from './shared/places.ts'
import { NO_DRIVERS, StreamSession } from './stream/stream-session.ts'

/** What an operator configures of sockets, drivers and extensions; what a run may use of it is the gate's to say. */
export interface ExtensionsConfig {
  /** Absolute path of the folder that `bls extension` keeps; without it there are sockets only. */
  readonly folder?: string
  /** Processes of extensions of the whole node; 32 if absent. */
  readonly processesMax?: number
  /** Threads of drivers of the whole node; 16 if absent. */
  readonly driverThreadsMax?: number
  /** What each process of an extension may use. */
  readonly processLimits?: Partial<ProcessLimits>
}

/** Collaborators of {@link createExtensionFamilies}; the machine's own if absent. */
export interface ExtensionComponents {
  readonly clock: Clock
  readonly random?: Random
  readonly resolver?: Resolver
  /** Connections of the whole node. */
  readonly connections?: Places
}

/** Most need a few megabytes, so a machine has room for them. */
const PROCESSES_MAX = 32
/** Each has a heap of its own. */
const DRIVER_THREADS_MAX = 16
/**
 * The families behind `blockless_socket`, `blockless_drivers` and `blockless_cgi`, for an executor's `families`.
 *
 * Where nothing is installed, only TCP is left, and that only where the gate allows it.
 */
export function createExtensionFamilies(config: ExtensionsConfig, components: ExtensionComponents): HostFamily[] {
  const { clock, random = systemRandom, resolver = systemResolver, connections = createConnectionPlaces() } = components
  const { processesMax = PROCESSES_MAX, driverThreadsMax = DRIVER_THREADS_MAX, processLimits } = config
  const processes = new Places(processesMax)
  const threads = new Places(driverThreadsMax)
  const limits = { ...PROCESS_LIMITS, ...processLimits }
  const store = config.folder === undefined ? undefined : new ExtensionStore(config.folder, { clock })
  const openStreams: HostFamily['open'] = (run) => {
    const drivers =
      store === undefined ? NO_DRIVERS : new ExternalDrivers(run, { store, resolver, random, threads, connections })
    return new StreamSession(run, { resolver, drivers, connections })
  }
  const streams: HostFamily = { name: 'stream', open: openStreams }
  if (store === undefined) return [streams]
  return [streams, { name: 'cgi', open: (run) => new CgiSession(run, { store, processes, limits }) }]
}
