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
    // instrument() answers a fresh array of its own
    const module = new WebAssembly.Module(rewritten.bytes as Uint8Array<ArrayBuffer>)
    return { kind: 'prepared', id, module, memoryPages, info }
  } catch (error) {
    if (error instanceof FailureError) return { kind: 'failed', id, failure: error.failure }
    throw error
  }
}
