import type { Guest } from '../guest/guest.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { preview1Functions } from '../wasi/preview1.ts'
import { assemblyScriptFunctions } from './assembly-script.ts'
import { blocklessMemoryFunctions } from './blockless-memory.ts'

/** Import modules whose functions may answer with a promise; a guest that imports one of them runs on its own stack. */
export const WAITING_MODULES: ReadonlySet<string> = new Set<string>()

/** Everything a guest may import, bound to one guest state. */
export function createGuestImports(guest: Guest): WebAssembly.Imports {
  const imports: Record<string, HostFunctions> = {
    wasi_snapshot_preview1: preview1Functions(guest, 'snapshot'),
    wasi_unstable: preview1Functions(guest, 'unstable'),
    blockless_memory: blocklessMemoryFunctions(guest),
    env: assemblyScriptFunctions(guest),
  }
  return imports as WebAssembly.Imports
}
