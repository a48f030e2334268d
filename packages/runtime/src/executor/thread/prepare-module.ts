import { instrument } from '@blockless/wasm'
import { effectivePages } from '../../module/effective-pages.ts'
import { type CompiledProgram, type Program, programParts } from '../../module/program.ts'
import { translated } from '../../module/read-module.ts'
import { type ReadProgram, readProgram, sharePages } from '../../module/read-program.ts'
import { FailureError } from '../failure.ts'
import type { PrepareAnswer, PrepareTask, Variant } from './messages.ts'

/** Reads, rewrites and compiles a program; what is wrong with it is part of the answer. */
export function prepareModule({ id, program, memoryPagesMax, variant }: PrepareTask): PrepareAnswer {
  try {
    const read = readProgram(program)
    const memoryPages = effectivePages(memoryPagesMax, read.info)
    const compiled = compileProgram(program, read, { memoryPages, variant })
    return { kind: 'prepared', id, program: compiled, memoryPages, info: read.info }
  } catch (error) {
    if (error instanceof FailureError) return { kind: 'failed', id, failure: error.failure }
    throw error
  }
}

function compileProgram(
  program: Program,
  { parts, unknownImports }: ReadProgram,
  { memoryPages, variant }: { readonly memoryPages: number; readonly variant: Variant },
): CompiledProgram {
  const pages = sharePages(memoryPages, parts)
  const options = { precise: variant !== 'fast', profile: variant === 'profile', threads: program.threads === true }
  const compiled = programParts(program).map((wasm, index) =>
    compile(translated(() => instrument(wasm, { memoryPagesMax: pages[index] ?? 1, ...options })).bytes),
  )
  const modules = program.modules.map(({ name }, index) => ({ name, module: compiled[index] as WebAssembly.Module }))
  return { entry: compiled.at(-1) as WebAssembly.Module, modules, unknownImports }
}

/** `instrument()` validates what it is given, so a refusal here is a fault of ours; it is said, not thrown at the host. */
function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error
    const why = `the engine refuses it: ${error.message}`
    throw new FailureError({ code: 'ERR_MODULE_INVALID', looksLike: 'a WebAssembly module', why })
  }
}
