import type { Guest } from '../guest/guest.ts'
import { Suspending } from '../guest/jspi.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { preview1Functions } from '../wasi/preview1.ts'
import { assemblyScriptFunctions } from './assembly-script.ts'
import { blessFunctions } from './bless-rpc.ts'
import { blocklessCgiFunctions } from './blockless-cgi.ts'
import { blocklessDriversFunctions } from './blockless-drivers.ts'
import { blocklessHttpFunctions } from './blockless-http.ts'
import { blocklessIpfsFunctions } from './blockless-ipfs.ts'
import { blocklessLinkingFunctions } from './blockless-linking.ts'
import { blocklessLlmFunctions } from './blockless-llm.ts'
import { blocklessMemoryFunctions } from './blockless-memory.ts'
import { blocklessS3Functions } from './blockless-s3.ts'
import { blocklessSocketFunctions } from './blockless-socket.ts'
import { profiledFunctions } from './profiled-functions.ts'
import { WAITING_MODULES } from './waiting-modules.ts'

/** WASI's functions wait where a descriptor leads out of the sandbox, calls between modules where the called one does. */
const SOMETIMES_WAITING: readonly string[] = ['wasi_snapshot_preview1', 'wasi_unstable', 'blockless']

/**
 * Everything a guest may import, bound to one guest state.
 *
 * @param waits - whether functions may wait; the guest's exports must then be called through `WebAssembly.promising`
 * @param isProfiled - whether functions tell the guest's profile when they begin and end
 */
export function createGuestImports(guest: Guest, waits: boolean, isProfiled = false): WebAssembly.Imports {
  const imports = createFunctions(guest)
  const entries = Object.entries(imports).map(([module, all]) => {
    const functions = isProfiled ? profiledFunctions(guest, module, all) : all
    const maySuspend = waits && (WAITING_MODULES.has(module) || SOMETIMES_WAITING.includes(module))
    return [module, maySuspend ? suspending(functions) : functions]
  })
  return Object.fromEntries(entries)
}

function suspending(functions: HostFunctions): WebAssembly.ModuleImports {
  const entries = Object.entries(functions).map(([name, call]) => [name, new Suspending(call)])
  return Object.fromEntries(entries)
}

/** Each import module's functions. */
function createFunctions(guest: Guest): Record<string, HostFunctions> {
  return {
    wasi_snapshot_preview1: preview1Functions(guest, 'snapshot'),
    wasi_unstable: preview1Functions(guest, 'unstable'),
    blockless: blocklessLinkingFunctions(guest),
    blockless_ipfs: blocklessIpfsFunctions(guest),
    blockless_llm: blocklessLlmFunctions(guest),
    blockless_s3: blocklessS3Functions(guest),
    blockless_cgi: blocklessCgiFunctions(guest),
    blockless_drivers: blocklessDriversFunctions(guest),
    bless: blessFunctions(guest),
    blockless_http: blocklessHttpFunctions(guest),
    blockless_memory: blocklessMemoryFunctions(guest),
    blockless_socket: blocklessSocketFunctions(guest),
    env: assemblyScriptFunctions(guest),
  }
}
