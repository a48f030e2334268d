import { ModuleError } from '@blockless/wasm'
import type { ModuleSource } from './parse-script.ts'
import { formatValue, type Value } from './value.ts'

/** How a command ended. */
export type Outcome =
  /** an action of a module returned; `fuel` is what it used, 0 in a plain module */
  | {
      readonly kind: 'values'
      readonly values: readonly Value[]
      readonly fuel: bigint
      readonly source: ModuleSource | undefined
    }
  /** `fuel` is undefined where the rewriting leaves it to the precise one */
  | { readonly kind: 'trap'; readonly message: string; readonly fuel: bigint | undefined }
  | { readonly kind: 'exhaustion'; readonly fuel: bigint }
  | { readonly kind: 'exception'; readonly fuel: bigint }
  /** there is an instance now */
  | { readonly kind: 'instance' }
  | { readonly kind: 'unlinkable'; readonly message: string }
  /** `byEngine` if it was accepted by the rewriting, and refused by the engine after that */
  | { readonly kind: 'refused'; readonly message: string; readonly byEngine: boolean }
  | { readonly kind: 'skipped'; readonly reason: string }

/** Ends a command that cannot be run, for a reason that is not a failure. */
export class Skip extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

/** What became of a module that was not to be prepared or compiled. */
export function refusal(error: unknown): Outcome {
  if (error instanceof Skip) return { kind: 'skipped', reason: error.reason }
  if (error instanceof WebAssembly.CompileError) return { kind: 'refused', message: error.message, byEngine: true }
  if (!(error instanceof ModuleError)) throw error
  const { details } = error
  if (details.code === 'ERR_MODULE_FEATURE') return { kind: 'skipped', reason: `refused by name: ${details.feature}` }
  return { kind: 'refused', message: error.message, byEngine: false }
}

/** What became of an instance or a call that threw; `fuel` as far as it is known. */
export function ending(error: unknown, fuel: bigint): Outcome {
  if (error instanceof Skip) return { kind: 'skipped', reason: error.reason }
  if (error instanceof WebAssembly.LinkError) return { kind: 'unlinkable', message: error.message }
  if (error instanceof WebAssembly.Exception) return { kind: 'exception', fuel }
  if (error instanceof WebAssembly.RuntimeError) {
    return { kind: 'trap', message: error.message, fuel: undefined }
  }
  if (error instanceof RangeError && error.message.includes('call stack')) return { kind: 'exhaustion', fuel }
  if (error instanceof RangeError) return { kind: 'skipped', reason: `the machine is too small: ${error.message}` }
  if (error instanceof TypeError && error.message.includes('Import #')) {
    return { kind: 'unlinkable', message: error.message }
  }
  if (error instanceof TypeError && error.message.includes('type incompatibility')) {
    return { kind: 'skipped', reason: 'JavaScript cannot hold a value of this type' }
  }
  throw error
}

/** An outcome in words. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'values':
      return `(${outcome.values.map(formatValue).join(' ')})`
    case 'trap':
      return `a trap, "${outcome.message}"`
    case 'exhaustion':
      return 'an exhausted call stack'
    case 'exception':
      return 'an exception'
    case 'instance':
      return 'an instance'
    case 'unlinkable':
      return `a link error, "${outcome.message}"`
    case 'refused':
      return `a refusal ${outcome.byEngine ? 'by the engine' : 'by the rewriting'}, "${outcome.message}"`
    case 'skipped':
      return `nothing, ${outcome.reason}`
  }
}
