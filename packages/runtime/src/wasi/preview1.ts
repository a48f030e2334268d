import type { Guest } from '../guest/guest.ts'
import { answering } from './answering.ts'
import { argumentFunctions } from './arguments.ts'
import { clockRandomFunctions } from './clock-random.ts'
import { descriptorFunctions } from './descriptor-functions.ts'
import { fileFunctions } from './file-functions.ts'
import type { HostFunctions } from './host-function.ts'
import { openFunction } from './open-function.ts'
import { pathFunctions } from './path-functions.ts'
import { pollFunctions } from './poll.ts'
import { processFunctions } from './process.ts'
import { readDirectoryFunctions } from './read-directory.ts'
import { readWriteFunctions } from './read-write.ts'
import { socketFunctions } from './socket-functions.ts'
import type { Snapshot } from './structures.ts'

/**
 * WASI preview 1 over a guest's state: descriptors, arguments, environment, a clock of fuel, seeded randomness.
 *
 * Nothing here reads the machine, so the same guest with the same request sees the same answers everywhere. A pointer
 * outside the guest's memory answers `EFAULT`, never an exception of the host. A function answers with a promise only
 * where a descriptor leads out of the sandbox.
 */
export function preview1Functions(guest: Guest, snapshot: Snapshot): HostFunctions {
  return answering({
    ...argumentFunctions(guest),
    ...clockRandomFunctions(guest),
    ...descriptorFunctions(guest, snapshot),
    ...fileFunctions(guest, snapshot),
    ...openFunction(guest),
    ...pathFunctions(guest, snapshot),
    ...pollFunctions(guest, snapshot),
    ...processFunctions(guest),
    ...readDirectoryFunctions(guest),
    ...readWriteFunctions(guest),
    ...socketFunctions(guest),
  })
}
