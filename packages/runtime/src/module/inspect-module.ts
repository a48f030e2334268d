import { protocolLimits } from '@blockless/core'
import { instrument } from '@blockless/wasm'
import { FailureError } from '../executor/failure.ts'
import type { ModuleFacts } from '../executor/thread/messages.ts'
import { RuntimeError } from '../runtime-error.ts'
import { effectivePages } from './effective-pages.ts'
import { type Program, programOf, programParts } from './program.ts'
import { translated } from './read-module.ts'
import { readProgram, sharePages } from './read-program.ts'

/** What is known of a module before it runs. */
export interface ModuleInfo extends ModuleFacts {}

/** What to check beside the module itself. */
export interface InspectOptions {
  /** Function that runs will call; not checked if absent. */
  readonly entry?: string
  /** Memory that runs will have, in bytes; not checked if absent. */
  readonly memoryBytes?: number
}

/**
 * Makes the checks of {@link Executor.prepare} in this process, for tools that build and deploy functions of their own
 * user; bytes of strangers belong into an executor.
 *
 * @throws {RuntimeError} `ERR_MODULE_INVALID`, `_IMPORT`, `_ENTRY` or `_MEMORY`, the message saying what to do
 * @example
 * ```ts
 * import { inspectModule } from '@blockless/runtime'
 * const text = new TextEncoder().encode('(module)')
 * assert.throws(() => inspectModule(text), /it is WebAssembly text; compile it with wat2wasm/)
 * ```
 */
export function inspectModule(source: Uint8Array | Program, options: InspectOptions = {}): ModuleInfo {
  try {
    const program = programOf(source)
    const { info, parts } = readProgram(program)
    const pages = sharePages(effectivePages(info.memoryPagesMax, info), parts)
    for (const [index, wasm] of programParts(program).entries()) {
      translated(() => instrument(wasm, { memoryPagesMax: pages[index] ?? 1, threads: program.threads === true }))
    }
    checkEntry(info, options.entry)
    checkMemory(info, options.memoryBytes)
    return info
  } catch (error) {
    if (error instanceof FailureError) throw new RuntimeError(error.failure)
    throw error
  }
}

/** @throws {RuntimeError} `ERR_MODULE_ENTRY` if the module has no such function */
export function checkEntry({ entries }: ModuleInfo, entry: string | undefined): void {
  if (entry === undefined || entries.includes(entry)) return
  throw new RuntimeError({ code: 'ERR_MODULE_ENTRY', entry, entries })
}

function checkMemory({ memoryPagesMin: pagesMin }: ModuleInfo, memoryBytes: number | undefined): void {
  const pagesMax = Math.floor((memoryBytes ?? protocolLimits.MEMORY_SIZE_MAX) / protocolLimits.PAGE_SIZE)
  if (pagesMin > pagesMax) throw new RuntimeError({ code: 'ERR_MODULE_MEMORY', pagesMin, pagesMax })
}
