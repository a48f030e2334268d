import type { Clock, Logger, Network } from '@blockless/core'
import type { Head, Journal } from '@blockless/node'
import type { FunctionRegistry } from '../functions/function-registry.ts'
import type { Functions } from '../functions/functions.ts'

/** What all routes have in common. */
export interface RouteContext {
  readonly head: Head
  readonly journal: Journal
  readonly functions: Functions
  readonly registry: FunctionRegistry
  readonly network: Network
  readonly clock: Clock
  readonly log: Logger
  readonly version: string
  /** The URL under which a function answers. */
  readonly urlOf: (name: string) => string
}
