import { existsSync, globSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { instrument, ModuleError } from '@blockless/wasm'
import type { Dice } from '../support/dice.ts'
import type { FuzzTarget, Subject, Verdict } from '../support/target.ts'
import { mutate } from './mutate.ts'
import { seedModules } from './seeds.ts'

// Mutated modules are validated and rewritten. Nothing may crash or take long, our verdict must be the engine's, and the
// engine must take what was rewritten.

/** Real modules inside packages that the repository installs anyway. */
const INSTALLED: readonly string[] = [
  '@chainsafe/as-sha256/build/optimized.simd.wasm',
  '@chainsafe/as-sha256/build/optimized.wasm',
  '@chainsafe/as-chacha20poly1305/build/optimized.wasm',
  'rabin-wasm/dist/rabin.wasm',
]
/** Larger modules cost more time than they find. */
const SEED_SIZE_MAX = 20_000
/** Most inputs start from a module of ours, which is small and has something of everything. */
const OWN_PROBABILITY = 0.8
/**
 * Where the engine takes what the specification does not: long forms of one-byte types, 65,537 types of a `select` for one,
 * elements that are no references, the label 2^32 - 1 of a catch clause, and any type for a reference out of nothing.
 */
const STRICTER_THAN_ENGINE =
  /in one byte|one select type|a reference type is needed|unknown label 4294967295|\(ref bot\)|br_on_non_null needs a label/
const MEMORY_PAGES_MAX = 65_536

class WasmSubject implements Subject {
  readonly #own: readonly Uint8Array[]
  readonly #others: readonly Uint8Array[]

  constructor(own: readonly Uint8Array[], others: readonly Uint8Array[]) {
    this.#own = own
    this.#others = others
  }

  generate(dice: Dice): Uint8Array {
    const seeds = this.#others.length === 0 || dice.chance(OWN_PROBABILITY) ? this.#own : this.#others
    return mutate(dice.pick(seeds), dice.pick(this.#own), dice)
  }

  check(input: Uint8Array): Verdict {
    const bytes = input as Uint8Array<ArrayBuffer>
    const isValid = WebAssembly.validate(bytes)
    // Options follow from the input alone, so that its file replays the failure.
    const bits = bytes.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 0) >>> 8
    const options = {
      memoryPagesMax: (bits & 6) === 0 ? 2 : MEMORY_PAGES_MAX,
      precise: (bits & 1) === 1,
      threads: (bits & 8) === 0,
      canonicalNan: (bits & 48) !== 0,
    }
    try {
      const rewritten = instrument(bytes, options)
      if (!isValid) return { name: 'accepted', failure: 'accepted, and the engine refuses it' }
      if (WebAssembly.validate(rewritten.bytes)) return { name: 'accepted' }
      return { name: 'accepted', failure: 'the engine refuses the rewriting' }
    } catch (error) {
      if (!(error instanceof ModuleError)) throw error
      const name = error.code.replace('ERR_MODULE_', 'refused: ').toLowerCase()
      const isInvalid = error.code === 'ERR_MODULE_MALFORMED' || error.code === 'ERR_MODULE_INVALID'
      if (!isValid || !isInvalid) return { name }
      if (STRICTER_THAN_ENGINE.test(error.message)) return { name: 'refused: as specified, the engine takes it' }
      return { name, failure: `refused, and the engine takes it: ${error.message}` }
    }
  }
}

/** Validation and rewriting of WebAssembly modules. */
export const target: FuzzTarget = {
  runs: 100_000,
  slowMs: 1_000,
  extension: '.wasm',
  async create(corpus) {
    const given = corpus === undefined ? [] : globSync('**/*.wasm', { cwd: corpus }).map((file) => join(corpus, file))
    const files = [...installedModules(), ...given.sort()].filter((file) => statSync(file).size <= SEED_SIZE_MAX)
    const modules = await seedModules(files)
    const own = modules.slice(0, modules.length - files.length)
    const others = modules.slice(own.length).filter((bytes) => WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>))
    return new WasmSubject(own, others)
  },
}

function installedModules(): string[] {
  const places = createRequire(import.meta.url).resolve.paths('any') ?? []
  return INSTALLED.flatMap((path) =>
    places
      .map((place) => join(place, path))
      .filter((file) => existsSync(file))
      .slice(0, 1),
  )
}
