import { FUEL_EXPORT, STATUS, STATUS_EXPORT } from '@blockless/wasm'
import { CALL_DEPTH, DEPTH_EXPORT } from './variant.ts'

/** More than any script needs, and far from the edge of 64 bits. */
const FUEL = 1_000_000_000_000_000n

interface Metered {
  readonly exports: WebAssembly.Exports
  readonly importsMemory: boolean
}

/** Fuel, call depth and status of all rewritten instances of a script; each has its own. */
export class Meter {
  readonly #instances: Metered[] = []
  #limits: readonly bigint[] = []

  /** Takes an instance under its control. */
  add(exports: WebAssembly.Exports, importsMemory: boolean): void {
    this.#instances.push({ exports, importsMemory })
  }

  /** Gives every instance what a new run has, and as much fuel as `limits` says, in the order in which they were added. */
  refuel(limits: readonly bigint[] = []): void {
    this.#limits = limits
    for (const [index, { exports }] of this.#instances.entries()) {
      global(exports, FUEL_EXPORT).value = limits[index] ?? FUEL
      global(exports, DEPTH_EXPORT).value = BigInt(CALL_DEPTH)
      global(exports, STATUS_EXPORT).value = 0
    }
  }

  /** What each instance has used since it was refuelled. */
  used(): bigint[] {
    return this.#instances.map(({ exports }, index) => (this.#limits[index] ?? FUEL) - remaining(exports))
  }

  /** Whether an instance needed more than its limit, wherever that was noticed. */
  isExhausted(): boolean {
    return this.#instances.some(({ exports }) => remaining(exports) < 0n)
  }

  /** Why an instance stopped the run, and whether that was one whose memory is another's; undefined if none did. */
  stopped(): { reason: number; importsMemory: boolean } | undefined {
    for (const { exports, importsMemory } of this.#instances) {
      const reason = Number(global(exports, STATUS_EXPORT).value) & STATUS.REASON_MASK
      if (reason !== STATUS.NONE) return { reason, importsMemory }
    }
    return undefined
  }
}

function remaining(exports: WebAssembly.Exports): bigint {
  return global(exports, FUEL_EXPORT).value as bigint
}

function global(exports: WebAssembly.Exports, name: string): WebAssembly.Global {
  return exports[name] as WebAssembly.Global
}
