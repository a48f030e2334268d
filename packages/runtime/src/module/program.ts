import type { Failure } from '../executor/failure.ts'
import { PROGRAM_SIZE_MAX } from '../limits.ts'

/** A module that others of its program import by name. */
export interface LinkedModule {
  /** The import module's name under which its functions are offered. */
  readonly name: string
  readonly wasm: Uint8Array
}

/** What a function runs: the module with its entry, and modules linked to it. */
export interface Program {
  readonly entry: Uint8Array
  /** In the order in which they are instantiated, before the entry's; each may import from those before it. */
  readonly modules: readonly LinkedModule[]
  /** Whether functions that nobody provides may be imported: calling one is a trap. They are refused if left out. */
  readonly trapsUnknownImports?: boolean
  /** Whether its modules may have shared memories and atomic instructions; there is one thread all the same. */
  readonly threads?: boolean
}

/** An import by its two names. */
export interface ImportName {
  readonly module: string
  readonly name: string
}

/** A program of one module, or one as it is. */
export function programOf(source: Uint8Array | Program): Program {
  return source instanceof Uint8Array ? { entry: source, modules: [] } : source
}

/** What is wrong with a program's size, if anything: one that is too large never gets as far as the sandbox. */
export function findSizeFailure(program: Program): Failure | undefined {
  const size = programParts(program).reduce((sum, part) => sum + part.length, 0)
  if (size <= PROGRAM_SIZE_MAX) return undefined
  const why = `it has ${size} bytes, at most ${PROGRAM_SIZE_MAX} are allowed`
  return { code: 'ERR_MODULE_INVALID', looksLike: 'larger than functions can be', why }
}

/** A program's bytes in order, the entry's last. */
export function programParts(program: Program): readonly Uint8Array[] {
  return [...program.modules.map(({ wasm }) => wasm), program.entry]
}

/** What a program's head says, as JSON. */
interface ProgramHead {
  readonly modules: readonly { readonly name: string; readonly size: number }[]
  readonly trapsUnknownImports: boolean
  readonly threads: boolean
}

/** Names and sizes of the linked modules, as JSON before the bytes of {@link programParts}. */
export function encodeProgramHead(program: Program): Uint8Array {
  const modules = program.modules.map(({ name, wasm }) => ({ name, size: wasm.length }))
  const { trapsUnknownImports = false, threads = false } = program
  const text: ProgramHead = { modules, trapsUnknownImports, threads }
  return new TextEncoder().encode(JSON.stringify(text))
}

/** The program of a head and the bytes behind it, which are copied. */
export function decodeProgram(head: Uint8Array, bytes: Uint8Array): Program {
  const { modules, trapsUnknownImports, threads }: ProgramHead = JSON.parse(new TextDecoder().decode(head))
  let at = 0
  const linked = modules.map(({ name, size }) => {
    const wasm = bytes.slice(at, at + size)
    at += size
    return { name, wasm }
  })
  return { entry: bytes.slice(at), modules: linked, trapsUnknownImports, threads }
}

/** A compiled program, its modules in the order in which they are instantiated. */
export interface CompiledProgram {
  readonly entry: WebAssembly.Module
  readonly modules: readonly { readonly name: string; readonly module: WebAssembly.Module }[]
  /** Functions that it imports and nobody provides. */
  readonly unknownImports: readonly ImportName[]
}
