import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Real modules inside packages that the repository installs anyway. */
const PATHS: readonly string[] = [
  'oxc-parser/parser.wasm32-wasip1.wasm',
  'tiny-secp256k1/lib/secp256k1.wasm',
  '@chainsafe/as-sha256/build/optimized.simd.wasm',
  '@chainsafe/as-sha256/build/optimized.wasm',
  '@chainsafe/as-chacha20poly1305/build/optimized.wasm',
  'rabin-wasm/dist/rabin.wasm',
]

/** Paths of those that are there, largest first; looked up where Node would look for a package. */
export function installedModules(): string[] {
  const places = createRequire(import.meta.url).resolve.paths('any') ?? []
  return PATHS.flatMap((path) =>
    places
      .map((place) => join(place, path))
      .filter((file) => existsSync(file))
      .slice(0, 1),
  ).sort((left, right) => statSync(right).size - statSync(left).size)
}
