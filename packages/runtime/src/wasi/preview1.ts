import type { Guest } from '../guest/guest.ts'
import { argumentFunctions } from './arguments.ts'
import { clockRandomFunctions } from './clock-random.ts'
import { descriptorFunctions, type Snapshot } from './descriptors.ts'
import type { HostFunctions } from './host-function.ts'
import { pathFunctions } from './paths.ts'
import { pollFunctions } from './poll.ts'
import { processFunctions } from './process.ts'
import { streamFunctions } from './streams.ts'

/**
 * WASI preview 1 over a guest's state: standard streams, arguments, environment, a clock of fuel, seeded randomness.
 *
 * Nothing here reads the machine, so the same guest with the same request sees the same answers everywhere. A pointer
 * outside the guest's memory answers `EFAULT`, never an exception of the host.
 */
export function preview1Functions(guest: Guest, snapshot: Snapshot): HostFunctions {
  return {
    ...argumentFunctions(guest),
    ...clockRandomFunctions(guest),
    ...descriptorFunctions(guest, snapshot),
    ...pathFunctions(guest),
    ...pollFunctions(guest, snapshot),
    ...processFunctions(guest),
    ...streamFunctions(guest),
  }
}
