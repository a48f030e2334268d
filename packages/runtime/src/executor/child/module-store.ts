import type { Program } from '../../module/program.ts'
import type { Variant } from '../thread/messages.ts'
import type { Prepared, Preparer } from './preparer.ts'

/** Compilations kept of one module; a function has one memory limit, so more means somebody is trying limits out. */
const VARIANTS_MAX = 4

/** A module with its compilations. Runs hold on to it, so it can be used to their end though the host dropped it. */
export interface StoredModule {
  readonly id: number
  readonly program: Program
  /** By key, least recently used first. */
  readonly variants: Map<string, Promise<Prepared>>
  /** Whether the host has dropped it. */
  isGone: boolean
}

/** Key of a module as rewritten with these limits. */
export function variantKey(module: number, memoryPages: number, variant: Variant): string {
  return `${module}:${memoryPages}:${variant}`
}

/** The modules an executor holds, by the number the host gave them; the host decides which go. */
export class ModuleStore {
  readonly #preparer: Preparer
  readonly #onForgotten: (keys: readonly string[]) => void
  readonly #entries = new Map<number, StoredModule>()

  /** @param onForgotten - called with the keys of modules that are gone, so that threads drop them */
  constructor(preparer: Preparer, onForgotten: (keys: readonly string[]) => void) {
    this.#preparer = preparer
    this.#onForgotten = onForgotten
  }

  /**
   * Adds a module and compiles it for `memoryPages`, or for as many as it can use.
   *
   * @throws {FailureError} if it cannot be run; it is then not kept
   */
  async add(id: number, program: Program, memoryPages: number): Promise<Prepared> {
    const prepared = await this.#preparer.prepare(program, memoryPages, 'fast')
    const variants = new Map([[variantKey(id, prepared.memoryPages, 'fast'), Promise.resolve(prepared)]])
    this.#entries.set(id, { id, program, variants, isGone: false })
    return prepared
  }

  /** A module that the host gave. */
  find(id: number): StoredModule {
    const module = this.#entries.get(id)
    if (module === undefined) throw new Error('The host named a module that it did not give')
    return module
  }

  /** The module as rewritten with these limits, compiled now if it was not. @throws {FailureError} */
  async compile(module: StoredModule, memoryPages: number, variant: Variant): Promise<Prepared> {
    const { id, program, variants } = module
    const key = variantKey(id, memoryPages, variant)
    const compiling = variants.get(key) ?? this.#preparer.prepare(program, memoryPages, variant)
    variants.delete(key)
    variants.set(key, compiling)
    const [oldest] = variants.keys()
    if (variants.size > VARIANTS_MAX && oldest !== undefined) {
      variants.delete(oldest)
      this.#onForgotten([oldest])
    }
    try {
      return await compiling
    } catch (error) {
      variants.delete(key)
      throw error
    }
  }

  /** Drops a module; runs that hold it still end. */
  evict(id: number): void {
    const module = this.find(id)
    module.isGone = true
    this.#entries.delete(id)
    this.#onForgotten([...module.variants.keys()])
  }
}
