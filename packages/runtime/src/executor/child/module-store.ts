import type { Prepared, Preparer } from './preparer.ts'

/** Compilations kept of one module; a function has one memory limit, so more means somebody is trying limits out. */
const VARIANTS_MAX = 4

interface Entry {
  readonly wasm: Uint8Array
  /** By key, least recently used first. */
  readonly variants: Map<string, Promise<Prepared>>
}

/** The modules an executor holds, by the number the host gave them; the host decides which go. */
export class ModuleStore {
  readonly #preparer: Preparer
  readonly #onForgotten: (keys: readonly string[]) => void
  readonly #entries = new Map<number, Entry>()

  /** @param onForgotten - called with the keys of modules that are gone, so that threads drop them */
  constructor(preparer: Preparer, onForgotten: (keys: readonly string[]) => void) {
    this.#preparer = preparer
    this.#onForgotten = onForgotten
  }

  /** Key of a module as rewritten with these limits. */
  keyOf(id: number, memoryPages: number, precise: boolean): string {
    return `${id}:${memoryPages}:${precise ? 'precise' : 'fast'}`
  }

  /**
   * Adds a module and compiles it for `memoryPages`, or for as many as it can use.
   *
   * @throws {FailureError} if it cannot be run; it is then not kept
   */
  async add(id: number, wasm: Uint8Array, memoryPages: number): Promise<Prepared> {
    const prepared = await this.#preparer.prepare(wasm, memoryPages, false)
    const key = this.keyOf(id, prepared.memoryPages, false)
    this.#entries.set(id, { wasm, variants: new Map([[key, Promise.resolve(prepared)]]) })
    return prepared
  }

  /** The module as rewritten with these limits, compiled now if it was not. @throws {FailureError} */
  async get(id: number, memoryPages: number, precise: boolean): Promise<Prepared> {
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new Error('The host named a module that it did not give')
    const key = this.keyOf(id, memoryPages, precise)
    const variant = entry.variants.get(key) ?? this.#preparer.prepare(entry.wasm, memoryPages, precise)
    entry.variants.delete(key)
    entry.variants.set(key, variant)
    const [oldest] = entry.variants.keys()
    if (entry.variants.size > VARIANTS_MAX && oldest !== undefined) {
      entry.variants.delete(oldest)
      this.#onForgotten([oldest])
    }
    try {
      return await variant
    } catch (error) {
      entry.variants.delete(key)
      throw error
    }
  }

  /** Drops a module. */
  evict(id: number): void {
    const keys = [...(this.#entries.get(id)?.variants.keys() ?? [])]
    this.#entries.delete(id)
    this.#onForgotten(keys)
  }
}
