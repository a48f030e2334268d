import { instrument } from '@blockless/wasm'
import { effectivePages } from '../../module/effective-pages.ts'
import { readModule, translated } from '../../module/read-module.ts'
import { FailureError } from '../failure.ts'
import type { PrepareAnswer, PrepareTask } from './messages.ts'

/** Reads, rewrites and compiles a module; what is wrong with it is part of the answer. */
export function prepareModule({ id, wasm: bytes, memoryPagesMax, precise }: PrepareTask): PrepareAnswer {
  try {
    const wasm = new Uint8Array(bytes)
    const info = readModule(wasm)
    const memoryPages = effectivePages(memoryPagesMax, info)
    const rewritten = translated(() => instrument(wasm, { memoryPagesMax: memoryPages, precise }))
    const module = compile(rewritten.bytes)
    return { kind: 'prepared', id, module, memoryPages, info }
  } catch (error) {
    if (error instanceof FailureError) return { kind: 'failed', id, failure: error.failure }
    throw error
  }
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
