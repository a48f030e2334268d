import type { Guest } from '../guest/guest.ts'
import type { ImportName } from '../module/program.ts'

/** The imports with functions that nobody provides: calling one says so on stderr and ends the run as `unreachable`. */
export function withUnknownImports(
  imports: WebAssembly.Imports,
  guest: Guest,
  unknown: readonly ImportName[],
): WebAssembly.Imports {
  if (unknown.length === 0) return imports
  const all: Record<string, WebAssembly.ModuleImports> = { ...imports }
  for (const { module, name } of unknown) {
    const trap = (): never => {
      guest.write('stderr', new TextEncoder().encode(`unknown import ${module}.${name} was called\n`))
      return guest.finish({ kind: 'unreachable', code: 0 })
    }
    all[module] = { ...all[module], [name]: trap }
  }
  return all
}
