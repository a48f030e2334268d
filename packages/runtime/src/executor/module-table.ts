import type { ModuleInfo } from '../module/inspect-module.ts'

/** A module that the executor holds. */
export interface HeldModule {
  /** Its number in frames. */
  readonly id: number
  readonly info: ModuleInfo
}

/**
 * Which modules the executor holds, by function CID; the one used longest ago goes first when their bytes pass the
 * limit. Compiled code is several times larger than the bytes that are counted.
 */
export class ModuleTable {
  readonly #bytesMax: number
  readonly #modules = new Map<string, HeldModule>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Whether the module is there; does not count as a use. */
  has(functionCid: string): boolean {
    return this.#modules.has(functionCid)
  }

  /** The module, which is now the last one to go. */
  use(functionCid: string): HeldModule | undefined {
    const module = this.#modules.get(functionCid)
    if (module === undefined) return undefined
    this.#modules.delete(functionCid)
    this.#modules.set(functionCid, module)
    return module
  }

  /** Adds a module. @returns the modules that had to go for it; never itself */
  add(functionCid: string, module: HeldModule): HeldModule[] {
    this.#modules.set(functionCid, module)
    this.#bytes += module.info.size
    const gone: HeldModule[] = []
    for (const [cid, other] of this.#modules) {
      if (this.#bytes <= this.#bytesMax || other === module) break
      this.#modules.delete(cid)
      this.#bytes -= other.info.size
      gone.push(other)
    }
    return gone
  }

  /** Forgets everything: the process that held it is gone. */
  clear(): void {
    this.#modules.clear()
    this.#bytes = 0
  }
}
