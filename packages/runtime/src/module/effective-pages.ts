import type { ModuleFacts } from '../executor/thread/messages.ts'

/**
 * The memory cap to compile a module with, in pages: what is asked for, but not beyond what the module itself can use,
 * so that different limits share a compilation, and not below what it starts with.
 */
export function effectivePages(
  pagesMax: number,
  module: Pick<ModuleFacts, 'memoryPagesMin' | 'memoryPagesMax'>,
): number {
  return Math.max(1, module.memoryPagesMin, Math.min(pagesMax, module.memoryPagesMax))
}
