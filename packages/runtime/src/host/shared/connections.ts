import { Places } from './places.ts'

/** As many as a process usually may have files open: the node raises that limit at its start, and has others of its own. */
const CONNECTIONS_MAX = 1024

/**
 * Places for the connections that all runs of a node have open, also those that are kept for a next request: each is a
 * file of the node's process, whichever family opened it.
 */
export function createConnectionPlaces(countMax: number = CONNECTIONS_MAX): Places {
  return new Places(countMax)
}
